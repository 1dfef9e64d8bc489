import type { FieldPath } from './key-template.ts'

/** An object of JSON. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Fields that are read when they are asked for. */
export abstract class Fields {
  /** `undefined` where there is none of that name. */
  abstract get(name: string): unknown
}

/** The field of an object; `undefined` where the value has none of that name, or is no object. */
export function fieldOf(value: unknown, name: string): unknown {
  if (value instanceof Fields) return value.get(name)
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

/** Whether a value is an object of JSON, and no list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What lies at a path; a list of what lies there in each element where a list is on the way. */
export function valueAt(value: unknown, path: FieldPath): unknown {
  const [name, ...rest] = path
  if (name === undefined) return value
  if (Array.isArray(value)) return value.map((element: unknown) => valueAt(element, path))
  return valueAt(fieldOf(value, name), rest)
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
