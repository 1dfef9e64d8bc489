import {
  type FieldNode,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  getNamedType,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  print,
} from 'graphql'
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js'
import type { Copied } from '../../engine/encoded-json.ts'
import { fieldArguments } from './field-arguments.ts'
import { leafWriter } from './leaf-writer.ts'
import type { Operation, SelectedField } from './run.ts'
import { type Part, SharedParts } from './shared-parts.ts'
import { sharedText } from './shared-text.ts'
import {
  type FieldWriter,
  type SelectionWriter,
  type ValueWriter,
  abstractWriter,
  copyingWriter,
  isAbsent,
  listWriter,
  objectWriter,
  propertyOf,
  propertyWriter,
  required,
  resolvingWriter,
  writeSelection,
} from './value-writers.ts'

/** Thrown for an operation that would take more memory than keeping it is worth. */
export class TooManyFields extends Error {}

/** Compiles the selections of one operation, for one set of values of the variables in `@skip` and `@include`. */
export class Compiler {
  readonly #operation: Operation
  readonly #variables: Readonly<Record<string, unknown>>
  readonly #maxFields: number
  readonly #shared: SharedParts
  #fieldCount = 0

  constructor(operation: Operation, variables: Readonly<Record<string, unknown>>, maxFields: number) {
    this.#operation = operation
    this.#variables = variables
    this.#maxFields = maxFields
    this.#shared = SharedParts.of(operation.schema)
  }

  /** Fields compiled so far, each once for every place and concrete type it was selected on. */
  get fieldCount(): number {
    return this.#fieldCount
  }

  /** @throws TooManyFields */
  root(type: GraphQLObjectType, selectionSet: SelectionSetNode): SelectionWriter {
    const { schema, fragments } = this.#operation
    return this.#selection(type, collectFields(schema, fragments, this.#variables, type, selectionSet)).write
  }

  #selection(type: GraphQLObjectType, selected: ReadonlyMap<string, readonly FieldNode[]>): Part<SelectionWriter> {
    const parts = Array.from(selected, ([responseName, nodes]) => this.#field(type, responseName, nodes))
    return this.#shared.part(`{${parts.map(({ id }) => id).join(' ')}}`, () => {
      const fields = parts.map(({ write }) => write)
      const heads = Array.from(selected.keys(), (name, index) => sharedText(`${index === 0 ? '{' : ','}"${name}":`))
      return (run, source, path) => writeSelection(run, source, path, heads, fields)
    })
  }

  #field(parentType: GraphQLObjectType, responseName: string, nodes: readonly FieldNode[]): Part<FieldWriter> {
    if (++this.#fieldCount > this.#maxFields) throw new TooManyFields()
    const node = nodes[0]!
    const name = node.name.value
    if (name === '__typename') {
      const written = JSON.stringify(parentType.name)
      return this.#shared.part(`${parentType.name}.${responseName}: ${name}`, () => () => written)
    }
    const definition = definitionOf(parentType, name)
    const selections = this.#subselections(getNamedType(definition.type), nodes)
    const given = node.arguments?.map(print).join(' ') ?? ''
    const ids = Array.from(selections.values(), ({ id }) => id).join(' ')
    return this.#shared.part(`${parentType.name}.${responseName}: ${name}(${given}) ${ids}`, () => {
      const field: SelectedField = { responseName, parentType, definition, arguments: fieldArguments(definition, node) }
      return fieldWriter(field, selections)
    })
  }

  /** What is selected, for each type that the value may have. */
  #subselections(type: GraphQLNamedType, nodes: readonly FieldNode[]): Selections {
    const { schema, fragments } = this.#operation
    const types = isAbstractType(type) ? schema.getPossibleTypes(type) : isObjectType(type) ? [type] : []
    const selectedOn = (each: GraphQLObjectType): Part<SelectionWriter> =>
      this.#selection(each, collectSubfields(schema, fragments, this.#variables, each, nodes))
    return new Map(types.map((each) => [each, selectedOn(each)]))
  }
}

type Selections = ReadonlyMap<GraphQLObjectType, Part<SelectionWriter>>

function definitionOf(parentType: GraphQLObjectType, name: string): SelectedField['definition'] {
  if (name === '__schema') return SchemaMetaFieldDef
  if (name === '__type') return TypeMetaFieldDef
  return parentType.getFields()[name]!
}

function fieldWriter(field: SelectedField, selections: Selections): FieldWriter {
  const { name, type, resolve, args, extensions } = field.definition
  const leafType = isNonNullType(type) ? type.ofType : type
  const write = valueWriter(type, selections)
  if (resolve === undefined && isLeafType(leafType)) return propertyWriter(field, name, leafWriter(leafType), write)
  const resolving = resolvingWriter(field, resolve ?? propertyOf, write)
  const { copied } = extensions as Partial<Copied>
  return copied === undefined || args.length > 0 ? resolving : copyingWriter(copied, resolving)
}

function valueWriter(type: GraphQLOutputType, selections: Selections): ValueWriter {
  if (isNonNullType(type)) return required(valueWriter(type.ofType, selections))
  if (isListType(type)) return listWriter(type.ofType, valueWriter(type.ofType, selections))
  if (isLeafType(type)) {
    const write = leafWriter(type)
    return (_run, _field, _path, value) => (isAbsent(value) ? null : write(value))
  }
  if (isObjectType(type)) return objectWriter(type, selections.get(type)!.write)
  const writers = Array.from(selections, ([each, { write }]) => [each.name, objectWriter(each, write)] as const)
  return abstractWriter(type, new Map(writers))
}
