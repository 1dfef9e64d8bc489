import type { Clock, Logger, Source } from '../ports/index.ts'
import type { Entry } from './entry.ts'
import type { ClusterEvent, EntryChange } from './events.ts'
import type { KeyspaceDefinition } from './policy.ts'
import type {
  ClusterInfo,
  Confirmation,
  CreateKeyspaceInput,
  DeleteManyResult,
  KeyspaceInfo,
  KeyspaceSettings,
  KeyspaceStats,
  PutInput,
  PutManyResult,
  PutResult,
  ReadOptions,
  ReadResult,
  WarmResult,
} from './results.ts'

/** What an engine is made of. */
export interface EngineOptions {
  readonly keyspaces: readonly KeyspaceDefinition[]
  /** Sources that keyspaces made at run time may name. */
  readonly sources: ReadonlyMap<string, Source>
  /** Bytes that all keyspaces together may hold. */
  readonly memoryLimit: number
  readonly maxKeysPerCall: number
  readonly maxKeyBytes: number
  readonly clock: Clock
  readonly logger: Logger
  // readonly peers?: Peers
}

export declare class Engine {
  constructor(options: EngineOptions)
  /** Rejects with FedcacheError KEYSPACE_NOT_FOUND / BAD_USER_INPUT / SOURCE_… */
  get(keyspace: string, key: string, options?: ReadOptions): Promise<Entry | null>
  getMany(keyspace: string, keys: readonly string[], options?: ReadOptions): Promise<readonly ReadResult[]>
  /** The same as getMany without a promise when every key is answered from this process's memory. Throws FedcacheError for an unknown keyspace or too many keys. */
  read(keyspace: string, keys: readonly string[], options?: ReadOptions): readonly ReadResult[] | Promise<readonly ReadResult[]>
  put(keyspace: string, input: PutInput): Promise<PutResult>
  putMany(keyspace: string, inputs: readonly PutInput[]): Promise<PutManyResult>
  delete(keyspace: string, key: string): Promise<Confirmation>
  deleteMany(keyspace: string, keys: readonly string[]): Promise<DeleteManyResult>
  invalidateTags(keyspace: string, tags: readonly string[]): Promise<Confirmation>
  clear(keyspace: string): Promise<Confirmation>
  keyspace(name: string): KeyspaceInfo | undefined
  keyspaces(): readonly KeyspaceInfo[]
  createKeyspace(input: CreateKeyspaceInput): Promise<KeyspaceInfo>
  updateKeyspace(name: string, settings: KeyspaceSettings): Promise<KeyspaceInfo>
  deleteKeyspace(name: string): Promise<Confirmation>
  deleteKeyspaces(names: readonly string[]): Promise<Confirmation>
  warm(keyspace: string, keys?: readonly string[]): Promise<WarmResult>
  stats(keyspace: string): KeyspaceStats
  cluster(): ClusterInfo
  entryChanges(keyspace: string, keys?: readonly string[]): AsyncIterableIterator<EntryChange>
  clusterEvents(): AsyncIterableIterator<ClusterEvent>
  /** Opens the sources and starts warming. */
  start(): Promise<void>
  /** Refuses new calls, waits for loads and writes under way, closes the sources. */
  stop(): Promise<void>
}
