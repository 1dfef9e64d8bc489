import {
  type GraphQLAbstractType,
  GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLOutputType,
  defaultTypeResolver,
  isLeafType,
  isNonNullType,
} from 'graphql'
import type { Copied } from '../../engine/encoded-json.ts'
import { nodesAt } from './field-nodes.ts'
import type { LeafWriter } from './leaf-writer.ts'
import { type Path, type Run, type SelectedField, FieldInfo, failed, fieldPath } from './run.ts'

type MaybePromise<Value> = Value | Promise<Value>

/** Writes a selection of one object. Rejects or throws where the object as a whole must be null. */
export type SelectionWriter = (run: Run, source: unknown, path: Path | undefined) => MaybePromise<string>

/** Writes a value; `null` stands for GraphQL's null, so that the type around it can refuse it. */
export type ValueWriter = (run: Run, field: SelectedField, path: Path, value: unknown) => MaybePromise<string | null>

/** Writes what a field of `source` is. */
export type FieldWriter = (run: Run, source: unknown, parent: Path | undefined) => MaybePromise<string>

/** Writes the fields of one object, each behind its name in `heads`. */
export function writeSelection(
  run: Run,
  source: unknown,
  path: Path | undefined,
  heads: readonly string[],
  fields: readonly FieldWriter[],
): MaybePromise<string> {
  let text = ''
  // Once a field is a promise: all that was written, in pieces.
  let pieces: MaybePromise<string>[] | undefined
  try {
    for (let index = 0; index < fields.length; index++) {
      const written = fields[index]!(run, source, path)
      text += heads[index]!
      if (typeof written === 'string') {
        text += written
      } else {
        pieces ??= []
        pieces.push(text, written)
        text = ''
      }
    }
  } catch (error) {
    if (pieces === undefined) throw error
    // The others go on, and may fail as well.
    const rethrow = (): never => {
      throw error
    }
    return joined(pieces).then(rethrow, rethrow)
  }
  if (pieces === undefined) return fields.length === 0 ? '{}' : `${text}}`
  pieces.push(`${text}}`)
  return joined(pieces)
}

async function joined(pieces: readonly MaybePromise<string>[]): Promise<string> {
  const parts: readonly string[] = await Promise.all(pieces as readonly Promise<string>[])
  return parts.join('')
}

/** What a field without a resolver is: the property of its name. */
export const propertyOf: GraphQLFieldResolver<unknown, unknown> = (source, args, context, info) => {
  if (typeof source !== 'object' || source === null) return undefined
  const property = (source as Record<string, unknown>)[info.fieldName]
  return typeof property === 'function' ? property.call(source, args, context, info) : property
}

/** Writes a scalar that is a property of its object, which most are, with nothing made on the way. */
export function propertyWriter(
  field: SelectedField,
  name: string,
  leaf: LeafWriter,
  general: ValueWriter,
): FieldWriter {
  const { type } = field.definition
  const mayBeNull = !isNonNullType(type)
  const resolving = resolvingWriter(field, propertyOf, general)
  return (run, source, parent) => {
    if (typeof source !== 'object' || source === null) return resolving(run, source, parent)
    try {
      const value = (source as Record<string, unknown>)[name]
      if (value === null || value === undefined) {
        if (mayBeNull) return 'null'
      } else if (typeof value !== 'function' && !(value instanceof Error) && !isPromise(value)) {
        return leaf(value)
      }
    } catch (error) {
      return failed(run, type, fieldPath(field, parent), error)
    }
    return resolving(run, source, parent)
  }
}

/** Writes a field that its object may hold as it goes out, with nothing made on the way. */
export function copyingWriter(copied: Copied['copied'], resolving: FieldWriter): FieldWriter {
  return (run, source, parent) => copied(source, run.context) ?? resolving(run, source, parent)
}

/** Writes a field by asking its resolver. */
export function resolvingWriter(
  field: SelectedField,
  resolve: GraphQLFieldResolver<unknown, unknown>,
  write: ValueWriter,
): FieldWriter {
  const { type } = field.definition
  const isLeaf = isLeafType(isNonNullType(type) ? type.ofType : type)
  const takesInfo = namesMoreThan(3, resolve)
  return (run, source, parent) => {
    // Of most scalars nobody ever asks where they stand.
    let path: Path | undefined = isLeaf && !takesInfo ? undefined : fieldPath(field, parent)
    try {
      const info = (takesInfo ? new FieldInfo(run, field, path!) : undefined) as FieldInfo
      const value: unknown = resolve(source, field.arguments(run, field, parent), run.context, info)
      if (!isPromise(value)) {
        const written = write(run, field, path!, value)
        if (written === null) return 'null'
        if (typeof written === 'string') return written
        return settled(written, (error) => failedField(run, type, path!, error))
      }
      path ??= fieldPath(field, parent)
      const at = path
      const written = value.then((resolved) => write(run, field, at, resolved))
      return settled(written, (error) => failedField(run, type, at, error))
    } catch (error) {
      return failedField(run, type, path ?? fieldPath(field, parent), error)
    }
  }
}

/** Whether a function has a use for more parameters: those with `...rest` name none. */
function namesMoreThan(count: number, { length }: { readonly length: number }): boolean {
  return length === 0 || length > count
}

function settled(written: Promise<string | null>, fail: (error: unknown) => 'null'): Promise<string> {
  return written.then((text) => text ?? 'null').then(undefined, fail)
}

function failedField(run: Run, type: GraphQLOutputType, path: Path, error: unknown): 'null' {
  // A resolver may report several errors at once.
  const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error]
  for (const each of errors) failed(run, type, path, each)
  return 'null'
}

function isPromise(value: unknown): value is Promise<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { readonly then?: unknown }).then === 'function'
  )
}

/** Whether a value is not there. Throws one that is an error. */
export function isAbsent(value: unknown): boolean {
  if (value instanceof Error) throw value
  return value === undefined || value === null
}

/** Refuses null. */
export function required(write: ValueWriter): ValueWriter {
  return (run, field, path, value) => {
    const written = write(run, field, path, value)
    if (written !== null) return written
    const { parentType, definition } = field
    throw new Error(`Cannot return null for non-nullable field ${parentType.name}.${definition.name}.`)
  }
}

/** Writes an object by its selection. */
export function objectWriter(type: GraphQLObjectType, writeSelected: SelectionWriter): ValueWriter {
  const { isTypeOf } = type
  if (!isTypeOf) return (run, _field, path, value) => (isAbsent(value) ? null : writeSelected(run, value, path))
  return (run, field, path, value) => {
    if (isAbsent(value)) return null
    const judged = (isOne: boolean): MaybePromise<string> => {
      if (isOne) return writeSelected(run, value, path)
      throw new GraphQLError(`Expected value of type "${type.name}".`, { nodes: nodesAt(run, path) })
    }
    const isOne = isTypeOf(value, run.context, new FieldInfo(run, field, path))
    return typeof isOne === 'boolean' ? judged(isOne) : isOne.then(judged)
  }
}

/** Writes an object by the selection of whichever type it turns out to be. */
export function abstractWriter(type: GraphQLAbstractType, writers: ReadonlyMap<string, ValueWriter>): ValueWriter {
  const resolveType = type.resolveType ?? defaultTypeResolver
  const takesInfo = namesMoreThan(2, resolveType)
  // Nearly all lists are of one type.
  let lastName: string | undefined
  let last: ValueWriter | undefined
  const writerOf = (field: SelectedField, name: string | undefined): ValueWriter => {
    if (last !== undefined && name === lastName) return last
    const write = name === undefined ? undefined : writers.get(name)
    if (write !== undefined) {
      lastName = name
      return (last = write)
    }
    const where = `for field "${field.parentType.name}.${field.definition.name}"`
    throw new Error(`Abstract type "${type.name}" must resolve to an Object type at runtime ${where}.`)
  }
  return (run, field, path, value) => {
    if (isAbsent(value)) return null
    const info = (takesInfo ? new FieldInfo(run, field, path) : undefined) as FieldInfo
    const name = resolveType(value, run.context, info, type)
    if (isPromise(name)) return name.then((late) => writerOf(field, late)(run, field, path, value))
    return writerOf(field, name)(run, field, path, value)
  }
}

/** Writes a list; an item that fails is null where it may be. */
export function listWriter(itemType: GraphQLOutputType, writeItem: ValueWriter): ValueWriter {
  return (run, field, path, value) => {
    if (isAbsent(value)) return null
    if (typeof value !== 'object' || !(Symbol.iterator in (value as object))) {
      const where = `"${field.parentType.name}.${field.definition.name}"`
      throw new GraphQLError(`Expected Iterable, but did not find one for field ${where}.`)
    }
    return writeList(run, field, path, value as Iterable<unknown>, itemType, writeItem)
  }
}

function writeList(
  run: Run,
  field: SelectedField,
  path: Path,
  items: Iterable<unknown>,
  itemType: GraphQLOutputType,
  writeItem: ValueWriter,
): MaybePromise<string> {
  let text = ''
  let pieces: MaybePromise<string>[] | undefined
  let index = 0
  for (const item of items) {
    const itemPath: Path = { prev: path, key: index, typename: undefined }
    const written = writtenItem(run, field, itemPath, item, itemType, writeItem)
    text += index++ === 0 ? '[' : ','
    if (typeof written === 'string') {
      text += written
    } else {
      pieces ??= []
      pieces.push(text, written)
      text = ''
    }
  }
  if (pieces === undefined) return index === 0 ? '[]' : `${text}]`
  pieces.push(`${text}]`)
  return joined(pieces)
}

function writtenItem(
  run: Run,
  field: SelectedField,
  path: Path,
  item: unknown,
  type: GraphQLOutputType,
  write: ValueWriter,
): MaybePromise<string> {
  try {
    const written = isPromise(item)
      ? item.then((resolved) => write(run, field, path, resolved))
      : write(run, field, path, item)
    if (written === null) return 'null'
    if (typeof written === 'string') return written
    return settled(written, (error) => failed(run, type, path, error))
  } catch (error) {
    return failed(run, type, path, error)
  }
}
