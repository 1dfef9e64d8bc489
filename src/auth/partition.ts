import type { Entry, ServedFrom } from '../engine/entry.ts'
import type { EntryChange } from '../engine/events.ts'
import type { ValueFormat } from '../engine/policy.ts'
import type { PutInput } from '../engine/results.ts'
import type { StoredEntry } from '../engine/stored-entry.ts'
import { FedcacheError } from '../errors.ts'

/** Keys and tags of one caller in one keyspace, as the caller and as the engine name them. */
export interface Partition {
  /** The caller's name for a key or tag, made that of the engine. */
  readonly inner: (name: string) => string
  /** A put, with its key and tags made those of the engine. */
  readonly innerPut: (input: PutInput) => PutInput
  /** An entry of the engine, as the caller named it. */
  readonly outerEntry: (entry: Entry) => Entry
  /** A change, as the caller names its key; `undefined` for a key of somebody else. */
  readonly outerChange: (change: EntryChange) => EntryChange | undefined
}

/** Of keyspaces that all callers share: everything has one name. */
export const shared: Partition = {
  inner: (name) => name,
  innerPut: (input) => input,
  outerEntry: (entry) => entry,
  outerChange: (change) => change,
}

/**
 * The part of a keyspace that belongs to `name`. Keys become `<name, percent-encoded>/<key>`: the first slash ends the
 * name, so that no name and key together can make the key of another name.
 *
 * @throws FedcacheError `FORBIDDEN` for a name that is not a text, is empty or cannot be encoded.
 */
export function partitionNamed(name: unknown): Partition {
  const prefix = `${encoded(name)}/`
  const outer = (text: string): string => (text.startsWith(prefix) ? text.slice(prefix.length) : text)
  return {
    inner: (text) => prefix + text,
    innerPut: (input) => ({
      ...input,
      key: prefix + input.key,
      ...(input.tags === undefined || input.tags === null ? {} : { tags: input.tags.map((tag) => prefix + tag) }),
    }),
    outerEntry: (entry) => new PartitionedEntry(entry, outer),
    outerChange: (change) => {
      if (change.key === null) return change
      return change.key.startsWith(prefix) ? { ...change, key: outer(change.key) } : undefined
    },
  }
}

/** A key or tag of the engine as its owner names it, whoever that is. */
export function nameInPartition(inner: string): string {
  return inner.slice(inner.indexOf('/') + 1)
}

function encoded(name: unknown): string {
  try {
    if (typeof name === 'string' && name !== '') return encodeURIComponent(name)
  } catch {
    // Half a character, which no URL can hold.
  }
  throw new FedcacheError('FORBIDDEN', 'Who sends the request has no part in this keyspace.')
}

class PartitionedEntry implements Entry {
  readonly #entry: Entry
  readonly #outer: (text: string) => string

  constructor(entry: Entry, outer: (text: string) => string) {
    this.#entry = entry
    this.#outer = outer
  }

  get key(): string {
    return this.#outer(this.#entry.key)
  }

  get tags(): readonly string[] {
    return this.#entry.tags.map(this.#outer)
  }

  get keyspace(): string {
    return this.#entry.keyspace
  }

  get format(): ValueFormat {
    return this.#entry.format
  }

  get encoded(): string {
    return this.#entry.encoded
  }

  get value(): unknown {
    return this.#entry.value
  }

  get text(): string | undefined {
    return this.#entry.text
  }

  get bytes(): Uint8Array {
    return this.#entry.bytes
  }

  get size(): number {
    return this.#entry.size
  }

  get version(): string {
    return this.#entry.version
  }

  get createdAt(): Date {
    return this.#entry.createdAt
  }

  get expiresAt(): Date | null {
    return this.#entry.expiresAt
  }

  get ttlMs(): number | null {
    return this.#entry.ttlMs
  }

  get ageMs(): number {
    return this.#entry.ageMs
  }

  get stale(): boolean {
    return this.#entry.stale
  }

  get servedFrom(): ServedFrom {
    return this.#entry.servedFrom
  }

  get owner(): string | null {
    return this.#entry.owner
  }

  /** With the engine's name of the key. */
  get stored(): StoredEntry {
    return this.#entry.stored
  }
}
