import type DataLoader from 'dataloader'
import { FedcacheError } from '../errors.ts'
import type { Clock, Logger, Source, SourceContext, StoreRequest, WriteResult } from '../ports/index.ts'
import { receiptsInOrder, requireRevision } from './answers.ts'
import { underDeadline } from './deadline.ts'
import { gather } from './gather.ts'
import { quote } from './input-limits.ts'
import type { Keyspace } from './keyspace.ts'

/** A write that the source has acknowledged. */
export interface SourceWritten {
  readonly revision: number | undefined
}

/** One write on its way to the source. */
interface SourceWrite<Request> {
  readonly key: string
  readonly request: Request
  readonly onLateEnd: () => void
}

/** Takes writes to a writable source in bulk. A key must not be written again before its last write has ended. */
export class SourceWriter {
  readonly #keyspace: Keyspace
  readonly #source: Source
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #stores: DataLoader<SourceWrite<StoreRequest>, SourceWritten>
  readonly #deletes: DataLoader<SourceWrite<string>, SourceWritten>

  constructor(keyspace: Keyspace, source: Source, clock: Clock, logger: Logger) {
    this.#keyspace = keyspace
    this.#source = source
    this.#clock = clock
    this.#logger = logger
    const options = { maxBatchSize: keyspace.policy.maxBatchSize, windowMs: keyspace.policy.batchWindowMs, clock }
    this.#stores = gather<SourceWrite<StoreRequest>, SourceWritten>(
      (writes) => this.#write('stored', writes, source.storeMany?.bind(source)),
      options,
    )
    this.#deletes = gather<SourceWrite<string>, SourceWritten>(
      (writes) => this.#write('deleted', writes, source.deleteMany?.bind(source)),
      options,
    )
  }

  /**
   * Stores one value with the next batch.
   *
   * @param onLateEnd called when the source ends the write after its deadline: whatever was read since may be old.
   * @throws FedcacheError `SOURCE_FAILED` or `SOURCE_TIMEOUT`, with `outcome`.
   */
  store(request: StoreRequest, onLateEnd: () => void): Promise<SourceWritten> {
    return this.#stores.load({ key: request.key, request, onLateEnd })
  }

  /** Deletes one key with the next batch; otherwise like `store`. */
  delete(key: string, onLateEnd: () => void): Promise<SourceWritten> {
    return this.#deletes.load({ key, request: key, onLateEnd })
  }

  async #write<Request>(
    verb: 'stored' | 'deleted',
    writes: readonly SourceWrite<Request>[],
    call: ((requests: readonly Request[], context: SourceContext) => Promise<readonly WriteResult[]>) | undefined,
  ): Promise<readonly (SourceWritten | FedcacheError)[]> {
    const { name, policy } = this.#keyspace
    const requests = writes.map((write) => write.request)
    const startedAtMs = this.#clock.monotonic()
    const ending = await underDeadline(
      this.#clock,
      policy.writeTimeoutMs,
      async (signal) =>
        receiptsInOrder(this.#source.name, requests.length, await call?.(requests, { keyspace: name, signal })),
      () => writes.forEach((write) => write.onLateEnd()),
    )
    const fields = {
      keyspace: name,
      source: this.#source.name,
      keys: writes.length,
      durationMs: Math.round(this.#clock.monotonic() - startedAtMs),
    }
    if (ending.kind === 'RETURNED') {
      const results = writes.map((write, index) => this.#resultOf(write.key, ending.result[index]))
      this.#logger.info(fields, verb)
      return results
    }
    const cause = ending.kind === 'FAILED' ? ending.cause : undefined
    this.#logger.warn({ ...fields, error: cause }, ending.kind === 'FAILED' ? 'write failed' : 'write timed out')
    return writes.map((write) =>
      ending.kind === 'FAILED' ? this.#failed(write.key, ending.cause) : this.#timedOut(write.key),
    )
  }

  #resultOf(key: string, result: WriteResult): SourceWritten | FedcacheError {
    if (result instanceof Error) {
      this.#logger.warn({ keyspace: this.#keyspace.name, source: this.#source.name, error: result }, 'key failed')
      return this.#failed(key, result)
    }
    try {
      return { revision: requireRevision(this.#source.name, key, result) }
    } catch (error) {
      return this.#failed(key, error)
    }
  }

  #failed(key: string, cause: unknown): FedcacheError {
    const outcome = isHarmless(cause) ? 'NONE' : 'UNKNOWN'
    if (cause instanceof FedcacheError) return new FedcacheError(cause.code, cause.message, { outcome, cause })
    const message = `The source of "${this.#keyspace.name}" failed to write ${quote(key)}; its error is in this peer's log.`
    return new FedcacheError('SOURCE_FAILED', message, { outcome, cause })
  }

  #timedOut(key: string): FedcacheError {
    const { name, policy } = this.#keyspace
    const message = `The source of "${name}" did not confirm the write of ${quote(key)} within ${policy.writeTimeoutMs} ms; it may still happen, so retry.`
    return new FedcacheError('SOURCE_TIMEOUT', message, { outcome: 'UNKNOWN' })
  }
}

function isHarmless(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'outcome' in cause && cause.outcome === 'NONE'
}
