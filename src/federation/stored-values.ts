import type { Entry } from '../engine/entry.ts'
import { FedcacheError } from '../errors.ts'
import { type FieldPath, renderedFrom } from './key-template.ts'
import { parsedValue } from './parsed-value.ts'
import type { TypedKey } from './typed-schema.ts'

/** An object of JSON. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Whether a value is an object of JSON, and no list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What lies at a path; a list of what lies there in each element where a list is on the way. */
export function valueAt(value: unknown, path: FieldPath): unknown {
  const [name, ...rest] = path
  if (name === undefined) return value
  if (Array.isArray(value)) return value.map((element: unknown) => valueAt(element, path))
  return isJsonObject(value) && Object.hasOwn(value, name) ? valueAt(value[name], rest) : undefined
}

/** An object with these values at these paths. */
export function objectOf(paths: readonly FieldPath[], values: readonly unknown[]): JsonObject {
  const object: Record<string, unknown> = {}
  paths.forEach((path, index) => {
    let parent = object
    for (const name of path.slice(0, -1)) parent = (parent[name] ??= {}) as Record<string, unknown>
    parent[path.at(-1) ?? ''] = values[index]
  })
  return object
}

function storedObject(entry: Entry): JsonObject {
  const value = parsedValue(entry)
  if (isJsonObject(value)) return value
  throw new FedcacheError(
    'INVALID_VALUE',
    `The value of ${JSON.stringify(entry.key)} in the keyspace "${entry.keyspace}" is no object, so it has no fields.`,
  )
}

/**
 * The fields of an entity: those of the stored value, and those of its key where the value does not have them.
 *
 * @param sent what a gateway sent of fields that other subgraphs have.
 */
export function entityOf(entry: Entry, key: TypedKey, sent: JsonObject = {}): JsonObject {
  return { ...fieldsOfKey(key, entry.key), ...storedObject(entry), ...sent }
}

function fieldsOfKey({ fields, template }: TypedKey, text: string): JsonObject {
  const [only] = fields
  const isPlain = template === undefined && only !== undefined
  const found = isPlain ? [text] : template && renderedFrom(template, text)
  const paths = isPlain ? [only.path] : (template?.paths ?? [])
  return found === undefined ? {} : objectOf(paths, found)
}
