import type { CatalogueRecord, Logger, Peers, Source } from '../ports/index.ts'
import type { Changes } from './changes.ts'
import { badInput, quote, requireKeyspaceName } from './input-limits.ts'
import { type KeyspaceSetting, requireSettings, settingNames, withSettings } from './keyspace-settings.ts'
import { type Keyspaces, type ServedKeyspace } from './keyspaces.ts'
import type { KeyspaceDefinition, KeyspacePolicy, ValueFormat } from './policy.ts'
import type { Confirmation, CreateKeyspaceInput, KeyspaceSettings } from './results.ts'
import type { VersionClock } from './version-clock.ts'

/** What the catalogue needs. */
export interface CatalogueContext {
  readonly keyspaces: Keyspaces
  readonly changes: Changes
  readonly peers: Peers
  readonly versions: VersionClock
  readonly logger: Logger
  /** Sources that keyspaces made while running may name. */
  readonly sources: ReadonlyMap<string, Source>
  /** The rules of keyspaces made while running, before their own settings. */
  readonly defaultPolicy: KeyspacePolicy
  readonly memoryLimit: number
  /** Called for a keyspace that was made, before it serves. */
  readonly onCreated: (served: ServedKeyspace) => Promise<void>
  /** Called for a keyspace that was removed. */
  readonly onRemoved: (served: ServedKeyspace) => void
}

/** What a keyspace made while running consists of; functions do not cross the wire. */
interface RuntimeDefinition extends KeyspaceSettings {
  readonly source?: string | null
  readonly format?: ValueFormat | null
}

/**
 * Changes of keyspaces while the process runs. The configuration is the base; a change overrides it on every peer for
 * as long as any peer lives. Of two changes of one keyspace the newer wins, by version.
 */
export class KeyspaceCatalogue {
  readonly #context: CatalogueContext
  readonly #records = new Map<string, CatalogueRecord>()

  constructor(context: CatalogueContext) {
    this.#context = context
  }

  /** @throws FedcacheError `KEYSPACE_EXISTS`, `BAD_USER_INPUT` */
  async create(input: CreateKeyspaceInput): Promise<ServedKeyspace> {
    requireSettings(input, ['name', 'source', 'format'])
    const name = requireKeyspaceName(input.name)
    const { source, format } = input
    const definition: RuntimeDefinition = { ...onlySettings(input), source, format }
    const served = this.#context.keyspaces.create(this.#definition(name, definition))
    await this.#context.onCreated(served)
    await this.#record(name, definition)
    return served
  }

  /** @throws FedcacheError `BAD_USER_INPUT` */
  async update(served: ServedKeyspace, settings: KeyspaceSettings): Promise<ServedKeyspace> {
    requireSettings(settings)
    const { name, definition } = served.keyspace
    const policy = withSettings(definition.policy, settings, this.#context.memoryLimit)
    const updated = this.#context.keyspaces.update(served, { ...definition, policy })
    const { source, format, ...known } = this.#known(name)
    await this.#record(name, { ...known, ...onlySettings(settings), source, format })
    return updated
  }

  async delete(served: readonly ServedKeyspace[]): Promise<Confirmation> {
    const records = served.map(({ keyspace }) => this.#remember(keyspace.name, null))
    for (const one of served) this.#remove(one)
    const confirmation = await this.#context.peers.announceCatalogue(records)
    for (const { name, version } of records) this.#context.changes.changed({ kind: 'CLEAR', keyspace: name, version })
    return confirmation
  }

  /** All changes so far, and the clears, for peers that may not have heard of them. */
  records(): readonly CatalogueRecord[] {
    for (const { keyspace } of this.#context.keyspaces.all()) {
      const record = this.#records.get(keyspace.name)
      if (keyspace.clearedAt <= (record?.clearedAt ?? 0)) continue
      const known = record ?? { name: keyspace.name, version: 0, settings: {} }
      this.#records.set(keyspace.name, { ...known, clearedAt: keyspace.clearedAt })
    }
    return [...this.#records.values()]
  }

  /** Adopts what is newer than what is known here. A record that cannot be applied is logged and left out. */
  async adopt(records: readonly CatalogueRecord[]): Promise<void> {
    for (const record of records) {
      try {
        await this.#adopt(record)
      } catch (error) {
        this.#context.logger.warn({ keyspace: record.name, error }, 'a change of a keyspace could not be adopted')
      }
    }
  }

  async #adopt(record: CatalogueRecord): Promise<void> {
    const { keyspaces, changes } = this.#context
    const known = this.#records.get(record.name)
    const served = keyspaces.find(record.name)
    if (served !== undefined && record.clearedAt > served.keyspace.clearedAt) {
      served.keyspace.clear(record.clearedAt)
      changes.cleared(served.keyspace, record.clearedAt)
    }
    if (record.version <= (known?.version ?? 0)) return
    this.#records.set(record.name, record)
    if (record.settings === null) {
      if (served !== undefined) this.#remove(served)
    } else if (served === undefined) {
      await this.#context.onCreated(
        keyspaces.create(this.#definition(requireKeyspaceName(record.name), record.settings)),
      )
    } else {
      const { definition } = served.keyspace
      const policy = withSettings(definition.policy, onlySettings(record.settings), this.#context.memoryLimit)
      keyspaces.update(served, { ...definition, policy })
    }
  }

  #definition(name: string, definition: RuntimeDefinition): KeyspaceDefinition {
    const { sources, defaultPolicy, memoryLimit } = this.#context
    const sourceName = definition.source ?? undefined
    const source = sourceName === undefined ? undefined : sources.get(sourceName)
    if (sourceName !== undefined && source === undefined) {
      const known = sources.size === 0 ? 'it has none' : `it has ${[...sources.keys()].map(quote).join(', ')}`
      throw badInput(`A source is one of the configuration's "sources" (${known}); received ${quote(sourceName)}.`, {
        outcome: 'NONE',
      })
    }
    const policy = withSettings(defaultPolicy, definition, memoryLimit)
    return { name, origin: 'RUNTIME', sourceName, source, policy }
  }

  #known(name: string): RuntimeDefinition {
    return this.#records.get(name)?.settings ?? {}
  }

  #remove(served: ServedKeyspace): void {
    this.#context.keyspaces.delete(served)
    this.#context.onRemoved(served)
    this.#context.changes.cleared(served.keyspace, this.#context.versions.next())
  }

  async #record(name: string, settings: RuntimeDefinition): Promise<void> {
    await this.#context.peers.announceCatalogue([this.#remember(name, { ...settings })])
  }

  #remember(name: string, settings: Readonly<Record<string, unknown>> | null): CatalogueRecord {
    const clearedAt = this.#context.keyspaces.find(name)?.keyspace.clearedAt ?? 0
    const record = { name, version: this.#context.versions.next(), settings, clearedAt }
    this.#records.set(name, record)
    return record
  }
}

function onlySettings(given: Readonly<Record<string, unknown>> | KeyspaceSettings): KeyspaceSettings {
  const entries = Object.entries(given).filter(
    ([name, value]) => settingNames.has(name as KeyspaceSetting) && value !== undefined && value !== null,
  )
  return Object.fromEntries(entries)
}
