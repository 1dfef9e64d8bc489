import type { Clock, EntryTransfer, Logger, PeerHost } from '../ports/index.ts'
import type { Asker } from './asker.ts'

/** What handing over needs. */
export interface HandOverContext {
  readonly clock: Clock
  readonly logger: Logger
  readonly host: PeerHost
  readonly asker: Asker
  /** Whether this peer owns the slot. */
  readonly owns: (slot: number) => boolean
  /** The peer that should have a key. */
  readonly ownerOfKey: (keyspace: string, key: string) => string | undefined
  readonly selfId: string
  /** Hash of the view by which keys are placed. */
  readonly view: () => string
  /** Called when everything is in its place by a view. */
  readonly onDone: () => void
}

const putsPerRound = 256
const requestTimeoutMs = 2_000
const retryMs = 100
const maxRetryMs = 2_000

/**
 * Brings puts that exist nowhere but in this process to the peers that own them now. Each is forgotten here only when
 * its new owner has confirmed that it has it, or something newer.
 */
export class HandOver {
  readonly #context: HandOverContext
  #running: Promise<void> | undefined
  #again = false
  #stopped = false
  #doneFor = ''

  constructor(context: HandOverContext) {
    this.#context = context
  }

  /** Hash of the last view by which everything was in its place. */
  get doneFor(): string {
    return this.#doneFor
  }

  /** Hands over whatever is out of place; resolves when nothing is left that anybody takes. */
  run(): Promise<void> {
    this.#again = true
    // Under another view other puts are out of place, also where it is one that was there before.
    if (this.#context.view() !== this.#doneFor) this.#doneFor = ''
    this.#running ??= this.#untilDone().finally(() => (this.#running = undefined))
    return this.#running
  }

  stop(): void {
    this.#stopped = true
  }

  async #untilDone(): Promise<void> {
    const { clock, view, onDone } = this.#context
    let delayMs = 0
    while (this.#again && !this.#stopped) {
      // Writes that were let through by the view before are in the store when this turn of the event loop has ended.
      await new Promise<void>((resolve) => void clock.setTimer(resolve, delayMs))
      this.#again = false
      const by = view()
      const left = await this.#round()
      // Asked to run anew it looks again at once; what nobody takes it offers more and more seldom.
      delayMs = left === 0 || this.#again ? 0 : Math.min(maxRetryMs, Math.max(retryMs, 2 * delayMs))
      if (left > 0) this.#again = true
      if (this.#again || by !== view() || by === this.#doneFor) continue
      this.#doneFor = by
      onDone()
    }
  }

  /** @returns how many puts could not be handed over. */
  async #round(): Promise<number> {
    const { clock, host, owns, logger } = this.#context
    let taken = 0
    let left = 0
    let batch: { keyspace: string; put: EntryTransfer }[] = []
    const flush = async (): Promise<void> => {
      const result = await this.#send(batch)
      taken += result
      left += batch.length - result
      batch = []
    }
    for (const homeless of host.homelessPuts(owns)) {
      if (homeless === undefined) {
        await new Promise<void>((resolve) => void clock.setTimer(resolve, 0))
        continue
      }
      batch.push(homeless)
      if (batch.length >= putsPerRound) await flush()
    }
    if (batch.length > 0) await flush()
    if (taken > 0) logger.info({ taken, left }, 'handed over')
    else if (left > 0) logger.debug({ left }, 'nobody has taken what is to be handed over')
    return left
  }

  async #send(batch: readonly { keyspace: string; put: EntryTransfer }[]): Promise<number> {
    const { host, asker, ownerOfKey, selfId } = this.#context
    const groups = Map.groupBy(batch, ({ keyspace, put }) => `${ownerOfKey(keyspace, put.key) ?? selfId} ${keyspace}`)
    let taken = 0
    for (const [name, group] of groups) {
      const [peer, keyspace] = name.split(' ', 2) as [string, string]
      if (peer === selfId) continue
      const puts = group.map(({ put }) => put)
      const marks = await asker.handOver(peer, keyspace, puts, requestTimeoutMs)
      puts.forEach((put, index) => {
        if (marks[index] !== true) return
        taken++
        host.releasePut(keyspace, put.key, put.version)
      })
    }
    return taken
  }
}
