/**
 * Where a read was answered from: the owner's memory, a near copy in this process, another peer, the source, or a
 * copy past its expiry.
 */
export type ServedFrom = 'OWNER' | 'NEAR' | 'PEER' | 'SOURCE' | 'STALE'

/** Which peers have confirmed that they dropped older copies. Both lists hold `peerId`s. */
export interface Confirmation {
  readonly confirmedBy: readonly string[]
  /** Peers that did not answer in time. They serve nothing from memory until they have caught up. */
  readonly unconfirmed: readonly string[]
}

/** What this peer thinks of a peer. */
export type PeerState = 'JOINING' | 'ALIVE' | 'SUSPECT' | 'LEAVING' | 'DEAD'

/** A peer as this peer sees it. */
export interface PeerInfo {
  readonly id: string
  readonly incarnation: string
  readonly state: PeerState
  /** Where its GraphQL API is reached; `null` where it did not say. */
  readonly url: string | null
  /** How many of the 4,096 slots it owns in this peer's view. */
  readonly slots: number
  /** Hash of its configuration: peers with another are configured differently. */
  readonly config: string
}

/** The cluster as this peer sees it. */
export interface ClusterInfo {
  readonly name: string
  /** Hash of the peers believed alive; peers with the same hash agree who owns what. */
  readonly view: string
  /** Whether all peers report the same view. */
  readonly settled: boolean
  /** Whether this peer is cut off and serves what it may without the others. */
  readonly degraded: boolean
  readonly self: PeerInfo
  readonly peers: readonly PeerInfo[]
}

/** A peer came, went or changed its state. */
export interface ClusterEvent {
  readonly at: Date
  readonly peer: PeerInfo
  readonly state: PeerState
  readonly reason: string
}

/** A change that every peer must hear of, whatever it owns: older copies go, flights are unhooked. */
export type Invalidation =
  | { readonly kind: 'KEYS'; readonly keyspace: string; readonly changes: readonly KeyChange[] }
  | { readonly kind: 'TAGS'; readonly keyspace: string; readonly tags: readonly string[]; readonly version: number }
  | { readonly kind: 'CLEAR'; readonly keyspace: string; readonly version: number }

/** What happened to one key. */
export interface KeyChange {
  readonly key: string
  readonly kind: 'PUT' | 'DELETED'
  readonly version: number
}

/** An entry on its way between peers. Times are relative, because peers share no monotonic clock. */
export interface EntryTransfer {
  readonly key: string
  /** `null`: the source has none. */
  readonly encoded: string | null
  readonly version: number
  readonly ageMs: number
  /** Remaining lifetime; `Infinity` where it does not expire. */
  readonly ttlMs: number
  readonly tags: readonly string[]
}

/**
 * What one peer asks another for: as the owner, as the deputy of a silent owner, or for what it still has of a slot
 * that moved. In the last case `NO_SOURCE` says that it has nothing, `ELSEWHERE` that it cannot tell.
 */
export type AskedAs = 'OWNER' | 'DEPUTY' | 'PREVIOUS'

/**
 * The answer of a peer for one key. `ELSEWHERE`: it was not the one to ask. `NO_SOURCE`: it cannot load the key; the
 * asker may.
 */
export type PeerAnswer =
  | { readonly kind: 'ENTRY'; readonly entry: EntryTransfer; readonly servedFrom: ServedFrom }
  | { readonly kind: 'ERROR'; readonly error: Error }
  | { readonly kind: 'ELSEWHERE' }
  | { readonly kind: 'NO_SOURCE' }

/** A put or delete on its way to the owner of its key. */
export type WriteTransfer =
  | {
      readonly kind: 'PUT'
      readonly key: string
      readonly encoded: string
      /** How long the entry may be kept in memory. */
      readonly ttlMs: number
      /** When the entry is to end, on the monotonic clock of this process; where that was given. It does not travel. */
      readonly expiresAtMs?: number | undefined
      /** Whether the put itself said so; otherwise its keyspace did, which speaks of copies and not of what a source has. */
      readonly isTtlGiven: boolean
      readonly tags: readonly string[]
    }
  | { readonly kind: 'DELETE'; readonly key: string }

/** What became of a write at its owner. `ELSEWHERE`: it did not apply it and never will. */
export type WriteAnswer =
  | { readonly kind: 'WRITTEN'; readonly entry: EntryTransfer | undefined }
  | { readonly kind: 'ERROR'; readonly error: Error }
  | { readonly kind: 'ELSEWHERE' }

/** What became of a group of writes at their owner. */
export interface WriteAnswers {
  readonly answers: readonly WriteAnswer[]
  readonly confirmation: Confirmation
}

/** How a key that is not in memory is brought there. */
export type Route =
  | {
      readonly kind: 'LOAD'
      /** Only a near copy may be kept: this peer is not the owner. */
      readonly near: boolean
      /** The peer that owned the slot until a moment ago and may still have the entry. */
      readonly previous: string | undefined
    }
  | { readonly kind: 'ASK'; readonly peer: string; readonly as: 'OWNER' | 'DEPUTY' }

/** A put that lives in this process's memory only, and belongs to another peer. */
export interface HomelessPut {
  readonly keyspace: string
  readonly put: EntryTransfer
}

/** What peers do with an engine: the cluster calls it, on behalf of other peers. */
export interface PeerHost {
  readFor(as: AskedAs, keyspace: string, keys: readonly string[], timeoutMs: number): Promise<readonly PeerAnswer[]>
  writeFor(keyspace: string, writes: readonly WriteTransfer[]): Promise<WriteAnswers>
  /** Applies a change that was announced by another peer. */
  applyInvalidation(invalidation: Invalidation): void
  /**
   * Drops all that may be outdated after changes were missed; what exists nowhere else stays.
   *
   * @param hasTags whether tags may have been invalidated among them: what has tags goes then, too.
   */
  distrustAll(hasTags: boolean): void
  /**
   * Puts that live in this process's memory only and whose slots `mine` says are not its own. `undefined` in between:
   * many entries were looked at, and whoever asks should let others have their turn.
   */
  homelessPuts(mine: (slot: number) => boolean): Iterable<HomelessPut | undefined>
  /** Keeps puts that another peer hands over; answers per put whether this peer has it, or a newer one, now. */
  takePuts(keyspace: string, puts: readonly EntryTransfer[]): readonly boolean[]
  /** Forgets a put that another peer has taken, unless it has changed since. */
  releasePut(keyspace: string, key: string, version: number): void
  /** Resolves when the writes that are being applied now have ended. */
  writesEnded(): Promise<void>
  /** Highest version given or seen here. */
  readonly lastVersion: number
  /** Makes later versions higher than one seen at another peer; false where it is too far ahead. */
  observeVersion(version: number): boolean
  /** Keyspaces changed while running, for peers that join later. */
  catalogue(): readonly CatalogueRecord[]
  /** Adopts changes of keyspaces that are newer than what is known here. */
  adopt(records: readonly CatalogueRecord[]): Promise<void>
}

/** The newest change of one keyspace that was made while running, and the version of its last clear. */
export interface CatalogueRecord {
  readonly name: string
  readonly version: number
  /** `null`: the keyspace was deleted. */
  readonly settings: Readonly<Record<string, unknown>> | null
  readonly clearedAt: number
}

/** How many slots the key space is cut into. Part of the protocol: every peer of a cluster has the same number. */
export const slotCount = 4096

/** The cluster as the engine sees it. The engine never asks whether there is one. */
export interface Peers {
  /** `peerId` of this process. */
  readonly selfId: string
  /** After this long a change that was announced by any peer has been confirmed by each, or the peer counts as lost. */
  readonly spreadMs: number
  /** Gives a function that tells the slot of each key of a keyspace. */
  slotter(keyspace: string): (key: string) => number
  /** Whether the view names this peer as owner of the slot. */
  owns(slot: number): boolean
  /** The owner of the slot by the view; `null` where none is known. */
  ownerOf(slot: number): string | null
  /**
   * Whether this peer may answer from its memory now.
   *
   * @param nowMs the time of the monotonic clock, from whoever has just read it.
   */
  mayServe(nowMs?: number): boolean
  /** Resolves when it may; false after `timeoutMs`. */
  whenMayServe(timeoutMs: number): Promise<boolean>
  /**
   * How a key of the slot is brought into memory at this moment.
   *
   * @param nowMs the time of the monotonic clock, which is not read for every key of many.
   */
  route(slot: number, nowMs: number): Route
  /**
   * Peers that may still hold puts of slots that are this peer's now: they have not told that they handed over all that
   * is not theirs.
   */
  holders(): readonly string[]
  /** Whether it is clear that the other peers cannot be reached. */
  isIsolated(): boolean
  /** Asks a peer for keys; one answer per key, in order. Never rejects. */
  ask(
    peer: string,
    as: AskedAs,
    keyspace: string,
    keys: readonly string[],
    timeoutMs: number,
  ): Promise<readonly PeerAnswer[]>
  /** Resolves when another route may be worth trying: the view changed, or a moment has passed. */
  routeChange(): Promise<void>
  /**
   * Resolves when the peers agree who owns what and this peer may take part in writes.
   *
   * @throws a FedcacheError `UNAVAILABLE`, outcome `NONE`, after `timeoutMs` or when cut off.
   */
  whenWritable(timeoutMs: number): Promise<void>
  /** Sends writes to the owner of their keys. Never rejects. */
  write(peer: string, keyspace: string, writes: readonly WriteTransfer[], timeoutMs: number): Promise<WriteAnswers>
  /** Tells every peer of a change that was applied here, and waits until they confirmed or went suspect. */
  announce(invalidation: Invalidation): Promise<Confirmation>
  /** Tells every peer that the catalogue changed, and waits likewise. */
  announceCatalogue(records: readonly CatalogueRecord[]): Promise<Confirmation>
  info(): ClusterInfo
  /** Calls `listener` for every change in the cluster; returns a function that stops it. */
  onEvent(listener: (event: ClusterEvent) => void): () => void
  /** Joins the cluster; resolves when joined, or when it is clear that the cluster cannot be reached. */
  join(host: PeerHost): Promise<void>
  /** Hands over what only this peer has, then awaits `finish`, which ends what may still need other peers, and leaves. */
  leave(finish: () => Promise<void>): Promise<void>
}
