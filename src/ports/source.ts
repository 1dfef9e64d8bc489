/** What fedcache tells a source about one bulk call. */
export interface SourceContext {
  /** The keyspace the call is for. */
  readonly keyspace: string
  /** Aborted when the deadline of the call has passed. A load goes on when its readers have left. */
  readonly signal: AbortSignal
}

/** What fedcache tells a source about one bulk load. */
export interface LoadContext extends SourceContext {
  /**
   * The fields that are wanted; absent: the whole value. It is always absent as yet, because an entry is shared by all who
   * read it, whichever fields they ask for.
   */
  readonly fields?: readonly string[]
}

/** What a source may say about a value beside the value itself. */
export interface SourceEntryOptions {
  /** Lifetime in milliseconds from now; overrides the keyspace's `ttl`. Must be positive and finite. */
  readonly ttlMs?: number
  /** Tags for `invalidateTags`; added to those of the keyspace's `tags` function. */
  readonly tags?: readonly string[]
  /**
   * The source's own revision of the value: a non-negative safe integer that grows with every write. It becomes the
   * entry's version. A source gives a revision for all of its values or for none.
   */
  readonly revision?: number
}

/** A value together with what its source says about it. Make one with {@link sourceEntry}. */
export class SourceEntry {
  readonly value: unknown
  readonly options: SourceEntryOptions

  constructor(value: unknown, options: SourceEntryOptions) {
    this.value = value
    this.options = options
  }
}

/**
 * Wraps a value so that a source can say how long it lives, which tags it has or which revision it is.
 *
 * @param value what would have been returned without the wrapper; `null` still means not found, and an `Error` still
 * fails the key. Where it is a wrapper itself, `options` are added to those inside and go before them.
 */
export function sourceEntry(value: unknown, options: SourceEntryOptions): SourceEntry {
  return new SourceEntry(value, options)
}

/**
 * The answer for one key: a value, a {@link SourceEntry}, `null` or `undefined` for not found, or an `Error` that
 * fails this key only.
 */
export type LoadResult = unknown

/** One value on its way to a writable source. */
export interface StoreRequest {
  readonly key: string
  /** A JSON value, a string or a `Uint8Array`, by the keyspace's `format`. */
  readonly value: unknown
  /**
   * The lifetime that the put was given, in milliseconds; `undefined` where it was given none. How long copies live is
   * the keyspace's, and is not told: what a source has must not end with them.
   */
  readonly ttlMs: number | undefined
  readonly tags: readonly string[]
}

/** The answer for one written or deleted key. */
export interface WriteReceipt {
  /** The revision that this write made, where the source has revisions. */
  readonly revision?: number
}

/** `undefined`: done. A receipt: done, with a revision. An `Error`: this key failed. */
export type WriteResult = WriteReceipt | Error | undefined

/** A change that somebody else made in the source. */
export interface SourceChange {
  readonly key: string
  /** The revision that the change made, where the source has revisions. */
  readonly revision?: number
}

/**
 * Where values come from. Only `loadMany` is required; a source with `storeMany` and `deleteMany` is writable, and
 * then fedcache acknowledges a put or delete only after the source has it.
 *
 * A method that throws or rejects fails every key of its call. Set `outcome: 'NONE'` on a write's error to say that
 * nothing was changed; without it fedcache assumes that the write may have happened.
 */
export interface Source {
  /** How the source is named in logs and in `Keyspace.source`. */
  readonly name: string
  /**
   * Loads values in bulk.
   *
   * @returns one answer per key, in the order of `keys`; or a `Map` from key to answer, where a missing key means not
   * found. Any other length, or a key that was not asked for, fails the call.
   */
  loadMany(
    keys: readonly string[],
    context: LoadContext,
  ): Promise<readonly LoadResult[] | ReadonlyMap<string, LoadResult>>
  /** Stores values in bulk: one result per request, in order. */
  storeMany?(requests: readonly StoreRequest[], context: SourceContext): Promise<readonly WriteResult[]>
  /** Deletes keys in bulk: one result per key, in order. Deleting what does not exist succeeds. */
  deleteMany?(keys: readonly string[], context: SourceContext): Promise<readonly WriteResult[]>
  /** Tells of changes made by others, so that cached copies can be dropped. Returns a function that stops it. */
  watch?(onChange: (change: SourceChange) => void, onGap: () => void): Promise<() => Promise<void>>
  /** Opens what the source needs. Called before the first load, and again only when it has failed or after `close`. */
  start?(): Promise<void>
  /**
   * Closes what `start` opened. Called once for each time that it did, after the last load has ended, or at once when
   * another source could not be opened.
   */
  close?(): Promise<void>
}
