import { FedcacheError, type FedcacheErrorOptions } from '../errors.ts'
import type { Clock, Logger, Peers, Source } from '../ports/index.ts'
import { quote } from './input-limits.ts'
import { KeyQueue } from './key-queue.ts'
import { Keyspace } from './keyspace.ts'
import type { MemoryBudget } from './memory.ts'
import type { KeyspaceDefinition } from './policy.ts'
import type { KeyspaceInfo } from './results.ts'
import { SourceLoader } from './source-loader.ts'
import { SourceWriter } from './source-writer.ts'
import type { VersionClock } from './version-clock.ts'

/** A keyspace with what moves values between it and its source. */
export interface ServedKeyspace {
  readonly keyspace: Keyspace
  readonly loader: SourceLoader | undefined
  readonly writer: SourceWriter | undefined
  readonly queue: KeyQueue
}

/** What the registry needs to make keyspaces. */
export interface KeyspacesContext {
  readonly clock: Clock
  readonly logger: Logger
  readonly versions: VersionClock
  readonly budget: MemoryBudget
  /** Gives a function that tells the slot of each key of a keyspace. */
  readonly slotter: (keyspace: string) => (key: string) => number
  readonly spreadMs: Peers['spreadMs']
}

/** The keyspaces of this process by name. */
export class Keyspaces {
  readonly #context: KeyspacesContext
  readonly #served = new Map<string, ServedKeyspace>()

  constructor(context: KeyspacesContext) {
    this.#context = context
  }

  /** @throws FedcacheError `KEYSPACE_NOT_FOUND` */
  require(name: string, options?: FedcacheErrorOptions): ServedKeyspace {
    const served = this.#served.get(name)
    if (served === undefined) {
      throw new FedcacheError(
        'KEYSPACE_NOT_FOUND',
        `There is no keyspace ${quote(name)}; the query "keyspaces { name }" lists those there are.`,
        options,
      )
    }
    return served
  }

  find(name: string): ServedKeyspace | undefined {
    return this.#served.get(name)
  }

  all(): IterableIterator<ServedKeyspace> {
    return this.#served.values()
  }

  /** @throws FedcacheError `KEYSPACE_EXISTS` */
  create(definition: KeyspaceDefinition): ServedKeyspace {
    if (this.#served.has(definition.name)) {
      throw new FedcacheError(
        'KEYSPACE_EXISTS',
        `There is a keyspace "${definition.name}" already; change it with updateKeyspace or choose another name.`,
        { outcome: 'NONE' },
      )
    }
    const keyspace = new Keyspace(definition, {
      clock: this.#context.clock,
      budget: this.#context.budget,
      slotOf: this.#context.slotter(definition.name),
      spreadMs: this.#context.spreadMs,
    })
    return this.#serve(keyspace, new KeyQueue())
  }

  update(served: ServedKeyspace, definition: KeyspaceDefinition): ServedKeyspace {
    served.keyspace.update(definition)
    return this.#serve(served.keyspace, served.queue)
  }

  delete(served: ServedKeyspace): void {
    this.#served.delete(served.keyspace.name)
    served.keyspace.close()
  }

  #serve(keyspace: Keyspace, queue: KeyQueue): ServedKeyspace {
    const { source } = keyspace.definition
    const { clock, logger } = this.#context
    const served: ServedKeyspace = {
      keyspace,
      queue,
      loader: source === undefined ? undefined : new SourceLoader(keyspace, source, this.#context),
      writer: isWritable(source) ? new SourceWriter(keyspace, source, clock, logger) : undefined,
    }
    this.#served.set(keyspace.name, served)
    return served
  }
}

/** Whether fedcache writes through to a source: it must take both puts and deletes. */
function isWritable(source: Source | undefined): source is Source {
  return source?.storeMany !== undefined && source.deleteMany !== undefined
}

/** A keyspace as clients see it. */
export function keyspaceInfo({ definition, policy, stats }: Keyspace): KeyspaceInfo {
  const orNull = (value: number): number | null => (value === Infinity ? null : value)
  const { ttlMs, maxEntries, format, cacheScope, maxBytes, maxValueBytes, maxBatchSize, batchWindowMs } = policy
  const { negativeTtlMs, staleWhileRevalidateMs, staleIfErrorMs, nearTtlMs, readTimeoutMs, writeTimeoutMs } = policy
  return {
    name: definition.name,
    origin: definition.origin,
    source: definition.sourceName ?? null,
    writable: isWritable(definition.source),
    format,
    ttlMs: orNull(ttlMs),
    negativeTtlMs,
    staleWhileRevalidateMs,
    staleIfErrorMs,
    nearTtlMs,
    readTimeoutMs,
    writeTimeoutMs,
    maxBytes,
    maxEntries: orNull(maxEntries),
    maxValueBytes: Math.min(maxValueBytes, maxBytes),
    maxBatchSize,
    batchWindowMs,
    cacheScope,
    stats,
  }
}
