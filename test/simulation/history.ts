import type { KeyspaceName, SimulatedProcess } from './simulated-cluster.ts'
import type { SharedSource, SourceState } from './shared-source.ts'

/** Moments are numbers that order everything that happened; times are for bounds and messages. */
export interface Moment {
  readonly order: number
  readonly atMs: number
}

/** One key that was read. */
export interface ReadRecord {
  readonly process: SimulatedProcess
  readonly keyspace: KeyspaceName
  readonly key: string
  readonly sent: Moment
  /** Whether the cluster was well and its source without fault from the sending to the end. */
  clean: boolean
  /** Whether at most one other process was paused or dead meanwhile, and nothing else was wrong. */
  calm: boolean
  end?: Moment
  /** The value; `null` for not found. */
  value?: number | null
  servedFrom?: string
  error?: string
}

/** One put, delete, clear or tag invalidation. */
export interface ChangeRecord {
  readonly process: SimulatedProcess
  readonly keyspace: KeyspaceName
  readonly kind: 'put' | 'delete' | 'clear' | 'tags'
  /** Of a put or delete. */
  readonly key?: string
  /** Of a put. */
  readonly value?: number
  readonly tag?: string
  readonly sent: Moment
  clean: boolean
  end?: Moment
  outcome?: 'DONE' | 'NONE' | 'UNKNOWN'
  error?: string
  unconfirmed?: readonly string[]
  /** Whether every process that was alive had confirmed it, those that were paused too. */
  isHeardByAll?: boolean
  /** Processes that had not confirmed it when it was acknowledged. */
  uncovered?: readonly SimulatedProcess[]
  /** From when on no process may serve what the change made old. */
  strong?: Moment
}

/** The tags of a value; some have none. */
export function tagsOf(value: number): readonly string[] {
  if (value % 3 === 0) return []
  return [value % 2 === 0 ? 'even' : 'odd']
}

/** What happened in one run, and whether it may have happened. */
export class History {
  readonly reads: ReadRecord[] = []
  readonly changes: ChangeRecord[] = []
  /** Moments at which puts that live in memory only may have been lost. */
  readonly losses: Moment[] = []
  /**
   * From when to when puts that carry tags may have been lost: whoever missed a change does not know whether it was of
   * their tags.
   */
  readonly taggedLosses: { readonly fromMs: number; readonly toMs: number }[] = []
  readonly #sources: Readonly<Record<'stored' | 'loaded', SharedSource>>
  readonly #boundMs: number
  readonly #skewMs: number

  /**
   * @param boundMs how long after a value was replaced it may be served at all.
   * @param skewMs by how much the clocks of two processes may differ.
   */
  constructor(sources: Readonly<Record<'stored' | 'loaded', SharedSource>>, boundMs: number, skewMs: number) {
    this.#sources = sources
    this.#boundMs = boundMs
    this.#skewMs = skewMs
  }

  /** Everything that must not have happened, in words. */
  problems(): string[] {
    const problems: string[] = []
    for (const change of this.changes) this.#checkChange(change, problems)
    for (const read of this.reads) this.#checkRead(read, problems)
    return problems
  }

  #checkChange(change: ChangeRecord, problems: string[]): void {
    const { keyspace, kind, key, value, outcome, clean, error } = change
    if (clean && outcome !== undefined && outcome !== 'DONE')
      problems.push(`failed in a cluster that was well: ${words(change)}: ${error}`)
    if (keyspace !== 'stored' || key === undefined) return
    const states = this.#sources.stored.states(key)
    if (kind === 'put' && outcome === 'DONE' && !states.some((state) => state.value === value)) {
      problems.push(`acknowledged and not in the source: ${words(change)}`)
    }
    if (kind === 'put' && outcome === 'NONE' && states.some((state) => state.value === value)) {
      problems.push(`in the source in spite of outcome NONE: ${words(change)}: ${error}`)
    }
  }

  #checkRead(read: ReadRecord, problems: string[]): void {
    if (read.value === undefined) {
      if (read.calm && read.error !== undefined && read.keyspace !== 'kept') {
        problems.push(`failed though all but one were well: ${readWords(read)}: ${read.error}`)
      }
      if (read.clean && read.error !== undefined)
        problems.push(`failed in a cluster that was well: ${readWords(read)}: ${read.error}`)
      return
    }
    const problem =
      read.keyspace === 'kept' ? this.#checkKept(read) : this.#checkSourced(read, this.#sources[read.keyspace])
    if (problem !== undefined) problems.push(`${problem}: ${readWords(read)}`)
  }

  #checkSourced(read: ReadRecord, source: SharedSource): string | undefined {
    const states = source.states(read.key)
    const at = states.findLastIndex((state) => state.value === read.value && state.order <= read.end!.order)
    if (at < 0) return 'never in the source'
    const next = states[at + 1]
    if (next === undefined || next.order > read.sent.order) return undefined
    if (read.sent.atMs - next.atMs > this.#boundMs) return `older than ${this.#boundMs} ms`
    for (const change of this.changes) {
      if (change.strong === undefined || change.strong.order > read.sent.order || !affects(change, read)) continue
      const madeOld = this.#newestBy(change, states)
      if (next.order <= madeOld) return `older than what was acknowledged (${words(change)})`
    }
    return undefined
  }

  /** Whatever was replaced at the source before this moment is old once the change is acknowledged. */
  #newestBy(change: ChangeRecord, states: readonly SourceState[]): number {
    if (change.keyspace === 'stored' && change.kind === 'put') {
      return states.findLast((state) => state.value === change.value)?.order ?? -1
    }
    // Of a delete it is not known which of several it made. The first since it was sent is safe to assume.
    const deleted = change.kind === 'delete' && change.keyspace === 'stored'
    return deleted
      ? (states.find((state) => state.value === null && state.order > change.sent.order)?.order ?? -1)
      : change.sent.order
  }

  #checkKept(read: ReadRecord): string | undefined {
    const { key, value, sent, end } = read
    const ofKey = this.changes.filter((change) => change.keyspace === 'kept' && (change.key ?? key) === key)
    if (value === null) return this.#checkAbsent(read, ofKey)
    const put = ofKey.find((change) => change.kind === 'put' && change.value === value)
    if (put === undefined || put.sent.order > end!.order) return 'never put'
    if (put.outcome === 'NONE') return `put with outcome NONE (${words(put)})`
    if (put.end === undefined || put.outcome !== 'DONE') return undefined
    const after = ofKey.find(
      (change) =>
        change !== put &&
        change.sent.order > put.end!.order &&
        change.strong !== undefined &&
        change.strong.order <= sent.order &&
        affects(change, read) &&
        !this.#areConcurrent(put, change) &&
        // Who was paused brings back what it has when the put that replaced it died with the only peer that had it.
        (change.kind !== 'put' || change.isHeardByAll === true || !this.#mayBeLost(change, end!)),
    )
    return after === undefined ? undefined : `older than what was acknowledged (${words(after)}), was ${words(put)}`
  }

  /** Of two changes on either side of a partition the version decides, and that is as good as the clocks are. */
  #areConcurrent(put: ChangeRecord, later: ChangeRecord): boolean {
    const isHeard = put.strong !== undefined && put.strong.order <= later.sent.order
    return !isHeard && later.sent.atMs - put.end!.atMs <= this.#skewMs
  }

  /** Whether the value of a put, which lives in memory only, may have been lost until a moment. */
  #mayBeLost({ sent, value }: ChangeRecord, until: Moment): boolean {
    if (this.losses.some(({ order }) => order >= sent.order && order <= until.order)) return true
    if (tagsOf(value!).length === 0) return false
    return this.taggedLosses.some(({ fromMs, toMs }) => fromMs <= until.atMs && toMs >= sent.atMs)
  }

  #checkAbsent({ sent, end }: ReadRecord, ofKey: readonly ChangeRecord[]): string | undefined {
    const put = ofKey.findLast(
      (change) =>
        change.kind === 'put' &&
        change.outcome === 'DONE' &&
        change.strong !== undefined &&
        change.strong.order < sent.order,
    )
    if (put === undefined) return undefined
    const removed = ofKey.some(
      (change) =>
        change.kind !== 'put' &&
        change.outcome !== 'NONE' &&
        change.sent.order < end!.order &&
        (change.end === undefined || change.outcome !== 'DONE' || change.end.order > put.sent.order),
    )
    // What replaced it may have been lost in its place, also where its put came to no acknowledgement.
    const mayHaveReplaced = ofKey.filter(
      (change) =>
        change.kind === 'put' &&
        change.outcome !== 'NONE' &&
        change.sent.order < end!.order &&
        (change.end === undefined || change.end.order > put.sent.order),
    )
    const lost = [put, ...mayHaveReplaced].some((change) => this.#mayBeLost(change, end!))
    return removed || lost ? undefined : `lost although nothing removed it (${words(put)})`
  }
}

function affects(change: ChangeRecord, read: ReadRecord): boolean {
  if (change.keyspace !== read.keyspace) return false
  if (change.key !== undefined) return change.key === read.key
  return change.kind === 'clear' || (typeof read.value === 'number' && tagsOf(read.value).includes(change.tag!))
}

export function words({
  process,
  keyspace,
  kind,
  key,
  value,
  tag,
  sent,
  end,
  outcome,
  unconfirmed,
  strong,
}: ChangeRecord): string {
  const what = `${kind} ${keyspace}/${key ?? tag ?? ''}${value === undefined ? '' : `=${value}`}`
  const unsure = unconfirmed?.length ? ` unconfirmed ${unconfirmed.join()}` : ''
  return `${what} at ${process.name} ${sent.atMs}..${end?.atMs ?? '?'} ms ${outcome ?? ''}${unsure}${strong === undefined ? ' weak' : ` strong ${strong.atMs}`}`
}

function readWords({ process, keyspace, key, value, servedFrom, sent, end }: ReadRecord): string {
  return `read of ${keyspace}/${key} at ${process.name} ${sent.atMs}..${end?.atMs ?? '?'} ms gave ${value} from ${servedFrom}`
}
