import { FedcacheError } from '../../src/errors.ts'
import {
  type KeyspaceName,
  SimulatedCluster,
  type SimulatedClusterOptions,
  type SimulatedProcess,
} from './simulated-cluster.ts'

/** What a read gave: a value, `null`, or the code of an error. */
export type Given = number | null | string

/** A simulated cluster in which a test says what happens. Nothing is left to chance. */
export class SmallWorld {
  readonly cluster: SimulatedCluster
  /** What must never happen, and did. */
  readonly faults: string[] = []
  /** Everything that was logged, as `process: message`, or `process: peer STATE`. */
  readonly logged: string[] = []
  sourceMs = 5
  #value = 0

  constructor(options: Partial<SimulatedClusterOptions> = {}) {
    this.cluster = new SimulatedCluster({
      seed: 1,
      maxDelayMs: 0,
      maxSkewMs: 0,
      revisions: false,
      policy: { readTimeoutMs: 4_000, writeTimeoutMs: 2_000, ttlMs: 600_000 },
      fate: () => ({ thereMs: this.sourceMs, backMs: this.sourceMs, ending: 'DONE' }),
      onFault: (what) => this.faults.push(what),
      onLog: ({ name }, message, { peer, state }) => {
        this.logged.push(
          message === 'peer changed' ? `${name}: ${String(peer)} ${String(state)}` : `${name}: ${message}`,
        )
      },
      ...options,
    })
  }

  async pass(ms: number): Promise<void> {
    await this.cluster.time.runUntil(this.cluster.time.nowMs + ms)
  }

  /** Starts processes and waits until they agree. */
  async start(...ids: readonly string[]): Promise<SimulatedProcess[]> {
    const started = ids.map((id) => this.cluster.start(id))
    await this.untilWell()
    return started
  }

  async untilWell(limitMs = 20_000): Promise<void> {
    const endMs = this.cluster.time.nowMs + limitMs
    while (!this.cluster.isClean) {
      if (this.cluster.time.nowMs > endMs) throw new Error(`not well within ${limitMs} ms`)
      await this.pass(50)
    }
  }

  /** A key whose owner is a process, in its own view; the `n`th of those. */
  key(owner: SimulatedProcess, keyspace: KeyspaceName, n = 0): string {
    const slotOf = owner.cluster.slotter(keyspace)
    for (let index = 0, left = n; ; index++) {
      const key = `key${index}`
      if (owner.cluster.ownerOf(slotOf(key)) === owner.id && left-- === 0) return key
    }
  }

  /** Sends a read and does not wait. */
  reading(process: SimulatedProcess, keyspace: KeyspaceName, key: string): Promise<Given> {
    return process.engine.getMany(keyspace, [key]).then(([result]) => {
      if (result instanceof FedcacheError) return result.code
      return result === null ? null : (result!.value as { n: number }).n
    })
  }

  async read(process: SimulatedProcess, keyspace: KeyspaceName, key: string, withinMs = 5_000): Promise<Given> {
    return this.ended(this.reading(process, keyspace, key), withinMs)
  }

  /** Reads until the process has a near copy. */
  async warm(process: SimulatedProcess, keyspace: KeyspaceName, key: string): Promise<void> {
    for (let times = 0; times < 3; times++) await this.read(process, keyspace, key)
  }

  /** Sends a put of the next value and does not wait. Gives the value and how it ended. */
  putting(
    process: SimulatedProcess,
    keyspace: KeyspaceName,
    key: string,
  ): { readonly value: number; readonly done: Promise<string> } {
    const value = ++this.#value
    const done = process.engine
      .put(keyspace, { key, value: { n: value, key } })
      .then(({ unconfirmed }) => unconfirmed.join(), outcomeOf)
    return { value, done }
  }

  /** Puts the next value and gives it. */
  async put(process: SimulatedProcess, keyspace: KeyspaceName, key: string): Promise<number> {
    const { value, done } = this.putting(process, keyspace, key)
    const unconfirmed = await this.ended(done)
    if (unconfirmed !== '') throw new Error(`the put ended with ${unconfirmed}`)
    return value
  }

  /** Deletes, and gives who has not confirmed, or the error. */
  async delete(process: SimulatedProcess, keyspace: KeyspaceName, key: string): Promise<string> {
    return this.ended(process.engine.delete(keyspace, key).then(({ unconfirmed }) => unconfirmed.join(), outcomeOf))
  }

  async clear(process: SimulatedProcess, keyspace: KeyspaceName): Promise<string> {
    return this.ended(process.engine.clear(keyspace).then(({ unconfirmed }) => unconfirmed.join(), outcomeOf))
  }

  /** Lets time pass until a promise has ended. */
  async ended<Result>(promise: Promise<Result>, withinMs = 10_000): Promise<Result> {
    let outcome: { readonly result: Result } | { readonly error: unknown } | undefined
    promise.then(
      (result) => (outcome = { result }),
      (error: unknown) => (outcome = { error }),
    )
    const endMs = this.cluster.time.nowMs + withinMs
    await this.pass(0)
    while (outcome === undefined) {
      if (this.cluster.time.nowMs >= endMs) throw new Error(`not ended within ${withinMs} ms`)
      await this.pass(1)
    }
    if ('error' in outcome) throw outcome.error
    return outcome.result
  }
}

function outcomeOf(error: unknown): string {
  if (error instanceof FedcacheError) return `${error.code} ${error.outcome}`
  throw error
}
