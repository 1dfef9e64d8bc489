/** How long the parts of the protocol wait, in milliseconds. All peers of a cluster must have the same. */
export interface Timings {
  /** Between two heartbeats. */
  readonly heartbeatMs: number
  /** Between two looks at the clock: for silence, for a pause of this process, for the lease. */
  readonly tickMs: number
  /**
   * A look that comes this late means that the process was paused, and says nothing about others. Shorter than
   * `confirmTimeoutMs` by more than messages take: a writer that gave up waiting may count on the lease having ended.
   */
  readonly pausedAfterMs: number
  /** Silence after which a peer is suspect: two heartbeats and some. */
  readonly suspectAfterMs: number
  /** Silence after which a peer is dead. */
  readonly deadAfterMs: number
  /** How long an echoed heartbeat lets a peer serve, from the moment it was sent. */
  readonly leaseMs: number
  /** Silence of the whole bus, once the lease is lost, after which a peer counts itself as isolated. */
  readonly isolatedAfterMs: number
  /** How long changes of the view are gathered. */
  readonly coalesceMs: number
  /** How long a newcomer listens for others before it takes slots. */
  readonly listenMs: number
  /** How long a new owner asks the previous one before the source. */
  readonly previousMs: number
  /** How long a writer waits for confirmations before it takes the silent for suspect. */
  readonly confirmTimeoutMs: number
  /** How long a request that cannot be sent anywhere waits before it looks again. */
  readonly rerouteMs: number
  /** How long a leaving peer waits for the others to agree without it. */
  readonly leaveMs: number
}

/** The timings of protocol version 1. */
export const defaultTimings: Timings = {
  heartbeatMs: 1_000,
  tickMs: 250,
  pausedAfterMs: 750,
  suspectAfterMs: 2_200,
  deadAfterMs: 5_000,
  leaseMs: 3_000,
  isolatedAfterMs: 2_000,
  coalesceMs: 250,
  listenMs: 300,
  previousMs: 10_000,
  confirmTimeoutMs: 1_000,
  rerouteMs: 100,
  leaveMs: 5_000,
}
