/**
 * The keyspaces under fire: over a writable table, over a bucket on the cluster's own NATS, without a source, and over a
 * source that changes by itself.
 */
export type FireKeyspace = 'ledger' | 'sessions' | 'notes' | 'feed'

/** One reading of one key. Times are milliseconds since the epoch, by the clock of the process that fires. */
export interface Read {
  readonly kind: 'READ'
  /** The peer that was asked. */
  readonly via: string
  readonly invokedMs: number
  readonly completedMs: number
  /** `null`: not found. `undefined`: it failed with `code`. */
  readonly value: number | null | undefined
  readonly code: string | undefined
  readonly servedFrom: string | undefined
}

/** One attempt to change one key. */
export interface Write {
  readonly kind: 'PUT' | 'DELETE' | 'INVALIDATE'
  readonly via: string
  readonly invokedMs: number
  /** When the answer came, whatever it said. */
  readonly completedMs: number
  /** What is read once it has happened: a number that no other write has, or `null` after a delete. */
  readonly value: number | null
  readonly outcome: 'OK' | 'NONE' | 'UNKNOWN'
  readonly code: string | undefined
  /** Peers that did not confirm, where it was acknowledged. */
  readonly unconfirmed: readonly string[]
}

/** A time in which a peer was cut off from the others. */
export interface Outage {
  readonly peer: string
  readonly fromMs: number
  /** When it was seen to agree with the others again; `Infinity` until then. */
  untilMs: number
}

/** What was done to one key, in the order of the answers. */
export interface KeyHistory {
  readonly keyspace: FireKeyspace
  readonly key: string
  readonly reads: Read[]
  readonly writes: Write[]
}

/** Everything that was done, by key, and when which peer was cut off. */
export class History {
  readonly outages: Outage[] = []
  readonly #keys = new Map<string, KeyHistory>()

  /** The history of a key. */
  of(keyspace: FireKeyspace, key: string): KeyHistory {
    const name = `${keyspace} ${key}`
    let history = this.#keys.get(name)
    if (history === undefined) this.#keys.set(name, (history = { keyspace, key, reads: [], writes: [] }))
    return history
  }

  /** All keys that anything was done to. */
  keys(): Iterable<KeyHistory> {
    return this.#keys.values()
  }

  /** Notes that peers are being cut off; returns a function to call when they are seen to be back. */
  cutOff(peers: readonly string[]): () => void {
    const outages = peers.map((peer): Outage => ({ peer, fromMs: nowMs(), untilMs: Infinity }))
    this.outages.push(...outages)
    return () => {
      for (const outage of outages) outage.untilMs = nowMs()
    }
  }
}

/** Milliseconds since the epoch, with fractions, that never go back. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now()
}
