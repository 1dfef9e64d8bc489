import type { History, KeyHistory, Outage, Read, Write } from './history.ts'

/** A promise that was broken. */
export interface Violation {
  readonly history: KeyHistory
  readonly read: Read
  /** The acknowledged write that the reading should have shown, or something later. */
  readonly overlooked: Write | undefined
  readonly reason: string
}

/** What the history of a run shows. */
export interface Verdict {
  readonly violations: readonly Violation[]
  /** Readings that were older than an acknowledged write, at a peer that had not confirmed it or was cut off. */
  readonly excused: number
  readonly checkedReads: number
}

/** What the promises of this run are. */
export interface Rules {
  /** For how long after an acknowledgement a peer that was cut off may still serve older copies. */
  readonly excusedForMs: number
}

/**
 * Checks every reading of every key. A reading may show any write that was under way or acknowledged when it ended,
 * unless another write began after that one was acknowledged and was itself acknowledged before the reading was sent.
 * Writes of unknown outcome may have happened at any time after they began, or never; those that are said to have
 * changed nothing must never be seen.
 */
export function checkHistory(history: History, rules: Rules): Verdict {
  const violations: Violation[] = []
  let excused = 0
  let checkedReads = 0
  for (const keyHistory of history.keys()) {
    for (const read of keyHistory.reads) {
      if (read.value === undefined) continue
      checkedReads++
      const problem = keyHistory.keyspace === 'feed' ? feedProblem(keyHistory, read) : registerProblem(keyHistory, read)
      if (problem === undefined) continue
      const { overlooked } = problem
      if (overlooked !== undefined && overlooked.every((write) => isExcused(history.outages, read, write, rules))) {
        excused++
        continue
      }
      const blamed = overlooked?.find((write) => !isExcused(history.outages, read, write, rules))
      violations.push({ history: keyHistory, read, overlooked: blamed, reason: problem.reason })
    }
  }
  return { violations, excused, checkedReads }
}

interface Problem {
  readonly reason: string
  /** The acknowledged writes that should have been seen; `undefined` where nothing can excuse what was read. */
  readonly overlooked: readonly Write[] | undefined
}

const initial: Write = {
  kind: 'DELETE',
  via: '',
  invokedMs: -Infinity,
  completedMs: -Infinity,
  value: null,
  outcome: 'OK',
  code: undefined,
  unconfirmed: [],
}

/** A key that holds what was written last. */
function registerProblem({ keyspace, writes }: KeyHistory, read: Read): Problem | undefined {
  // What lives in memory only may be lost in a crash.
  if (keyspace === 'notes' && read.value === null) return undefined
  const candidates = [initial, ...writes].filter(
    ({ value, invokedMs }) => value === read.value && invokedMs < read.completedMs,
  )
  if (candidates.length === 0) return { reason: 'nobody had written this value yet', overlooked: undefined }
  const possible = candidates.filter(({ outcome }) => outcome !== 'NONE')
  if (possible.length === 0) return { reason: 'this write was said to have changed nothing', overlooked: undefined }
  let overlooked: readonly Write[] = []
  for (const candidate of possible) {
    if (candidate.outcome === 'UNKNOWN') return undefined
    overlooked = writes.filter(
      (write) =>
        write.outcome === 'OK' && write.invokedMs > candidate.completedMs && write.completedMs < read.invokedMs,
    )
    if (overlooked.length === 0) return undefined
  }
  return { reason: 'older than an acknowledged write', overlooked }
}

/** A key whose source counts up by itself and is then invalidated. */
function feedProblem({ writes }: KeyHistory, read: Read): Problem | undefined {
  const overlooked = writes.filter(
    ({ outcome, completedMs, value }) => outcome === 'OK' && completedMs < read.invokedMs && value! > (read.value ?? 0),
  )
  return overlooked.length === 0 ? undefined : { reason: 'older than an acknowledged invalidation', overlooked }
}

function isExcused(outages: readonly Outage[], read: Read, write: Write, { excusedForMs }: Rules): boolean {
  if (read.invokedMs > write.completedMs + excusedForMs) return false
  const isCutOff = outages.some(
    ({ peer, fromMs, untilMs }) => peer === read.via && fromMs <= write.completedMs && read.invokedMs < untilMs,
  )
  if (isCutOff) return true
  // Unconfirmed for another reason than a fault of ours: it was too slow. It has until its lease ends.
  return write.unconfirmed.includes(read.via) && read.invokedMs < write.completedMs + leaseMs
}

const leaseMs = 3_000
