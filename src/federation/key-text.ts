import { GraphQLID, GraphQLString } from 'graphql'
import { AlikeObjects, objectsOf } from '../engine/alike-objects.ts'
import { FedcacheError, eachOrError, orError } from '../errors.ts'
import type { References } from './entities.ts'
import { type FieldPath, type KeyTemplate, rendered } from './key-template.ts'
import { isJsonObject, valueAt } from './stored-values.ts'
import type { KeyField, TypedKey } from './typed-schema.ts'

/** A scalar of a key as text; `undefined` for what cannot be part of a key. */
function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? value : undefined
  if (typeof value === 'boolean') return String(value)
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined
}

/**
 * The key of the entry that a reference means.
 *
 * @throws FedcacheError `BAD_USER_INPUT` where a field of the key is missing or of another type.
 */
export function keyText(typeName: string, { fields, template }: TypedKey, reference: unknown): string {
  const [only] = fields
  if (template === undefined) return only === undefined ? '' : leafText(typeName, only, valueAt(reference, only.path))
  const texts = new Map(
    fields.map((field) => [nameOf(field.path), leafText(typeName, field, valueAt(reference, field.path))]),
  )
  return rendered(
    template,
    template.paths.map((path) => texts.get(nameOf(path)) ?? ''),
  )
}

/**
 * The same for a key of one field, by the value of that.
 *
 * @throws FedcacheError `BAD_USER_INPUT`
 */
export function singleKeyText(typeName: string, { fields, template }: TypedKey, value: unknown): string {
  const text = leafText(typeName, fields[0]!, value)
  return template === undefined
    ? text
    : rendered(
        template,
        template.paths.map(() => text),
      )
}

/** The key that each reference means, or the error of that. */
export function keyTexts(typeName: string, key: TypedKey, references: References): readonly (string | Error)[] {
  if (references instanceof AlikeObjects && isOnlyField(key, references.name)) {
    return eachOrError(references.texts, (text) => singleKeyText(typeName, key, text))
  }
  return eachOrError(objectsOf(references), (reference) => keyText(typeName, key, reference))
}

function isOnlyField({ fields }: TypedKey, name: string): boolean {
  const path = fields[0]?.path
  return fields.length === 1 && path?.length === 1 && path[0] === name
}

/** Whether a reference has all fields of a key. */
export function hasKey({ fields }: TypedKey, reference: unknown): boolean {
  return fields.every(({ path }) => (valueAt(reference, path) ?? undefined) !== undefined)
}

/** Of a reference its types take what they take as arguments, so that both name the same entry. */
function leafText(typeName: string, { path, type, leaf }: KeyField, value: unknown): string {
  if (typeof value === 'string' && (leaf === GraphQLID || leaf === GraphQLString) && value.isWellFormed()) return value
  const text = parsedText(leaf, value)
  if (text !== undefined) return text
  const received = JSON.stringify(value)?.slice(0, 100) ?? 'nothing'
  throw new FedcacheError(
    'BAD_USER_INPUT',
    `A reference to ${typeName} has its ${nameOf(path)}, of type ${type}; received ${received}.`,
  )
}

function parsedText(leaf: KeyField['leaf'], value: unknown): string | undefined {
  return scalarText(orError(() => leaf.parseValue(value)))
}

/** What a stored value holds at a place: one, or one for each element of a list. */
export interface Held<Item> {
  readonly isList: boolean
  /** `null` where there is nothing; an error where there is something else. */
  readonly items: readonly (Item | null | FedcacheError)[]
}

/** The keys that a stored value holds at a place. */
export function storedKeys(from: FieldPath | KeyTemplate, parent: unknown): Held<string> {
  return held(from, parent, (texts) => ('paths' in from ? rendered(from, texts) : (texts[0] ?? '')))
}

/**
 * The fields of a key in another subgraph that a stored value holds: those of a template in their order, or one field
 * as it is, or what a template makes of several where the key has one.
 */
export function storedParts(from: FieldPath | KeyTemplate, parent: unknown, count: number): Held<readonly string[]> {
  return held(from, parent, (texts) => {
    if (count > 1 || !('paths' in from)) return texts
    return [from.literals.map((literal, index) => literal + (texts[index] ?? '')).join('')]
  })
}

/** Lists among the values make a list: of the first element of each, the second of each; others are repeated. */
function held<Item>(
  from: FieldPath | KeyTemplate,
  parent: unknown,
  make: (texts: readonly string[]) => Item,
): Held<Item> {
  const paths = 'paths' in from ? from.paths : [from]
  const values = paths.map((path) => valueAt(parent, path))
  const made = (parts: readonly unknown[]): Item | null | FedcacheError => {
    const texts = parts.map((part, index) => storedText(part, paths[index] ?? []))
    const error = texts.find((text) => text instanceof FedcacheError)
    if (error !== undefined) return error
    return texts.includes(null) ? null : make(texts as readonly string[])
  }
  const lists = values.filter((value): value is readonly unknown[] => Array.isArray(value))
  if (lists.length === 0) return { isList: false, items: [made(values)] }
  const length = Math.max(...lists.map((list) => list.length))
  const element = (value: unknown, index: number): unknown => (Array.isArray(value) ? value[index] : value)
  const items = Array.from({ length }, (_, index) => made(values.map((value) => element(value, index))))
  return { isList: true, items }
}

function storedText(value: unknown, path: FieldPath): string | null | FedcacheError {
  if (value === null || value === undefined) return null
  const text = scalarText(value)
  if (text !== undefined) return text
  const what = isJsonObject(value) ? 'an object' : (JSON.stringify(value)?.slice(0, 100) ?? typeof value)
  return new FedcacheError('INVALID_VALUE', `The stored ${nameOf(path)} is no key; it is ${what}.`)
}

function nameOf(path: FieldPath): string {
  return path.join('.')
}
