import type { BusStatus } from '../../ports/index.ts'
import { busError } from './bus-error.ts'
import type { HandlerRunner } from './handler-runner.ts'

/** Tells listeners, and those who wait for a connection, what happened to it. */
export class StatusListeners {
  readonly #handlers: HandlerRunner
  readonly #listeners = new Set<(status: BusStatus) => void>()
  #connected = false
  #closed = false

  constructor(handlers: HandlerRunner) {
    this.#handlers = handlers
  }

  on(listener: (status: BusStatus) => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** Calls every listener now. Never throws. */
  emit(status: BusStatus): void {
    if (status.type === 'connected' || status.type === 'reconnected') this.#connected = true
    if (status.type === 'disconnected' || status.type === 'closed') this.#connected = false
    if (status.type === 'closed') this.#closed = true
    for (const listener of this.#listeners) this.#handlers.call(() => listener(status))
  }

  /** Resolves while connected, or as soon as that is so; rejects with `CLOSED`. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        if (this.#connected) resolve()
        else if (this.#closed) reject(busError('CLOSED'))
        return this.#connected || this.#closed
      }
      if (settle()) return
      const stop = this.on(() => {
        if (settle()) stop()
      })
    })
  }
}
