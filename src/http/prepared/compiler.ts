import {
  type FieldNode,
  type GraphQLAbstractType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
} from 'graphql'
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js'
import type { Copied } from '../../engine/encoded-json.ts'
import { fieldArguments } from './field-arguments.ts'
import { leafWriter } from './leaf-writer.ts'
import type { Operation, SelectedField } from './run.ts'
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

/**
 * Writers of fields that are nothing but a name. All operations of a schema share them, of which there are as many as
 * fields of the schema: what many operations use stays near the processor.
 */
const bareWriters = new WeakMap<GraphQLObjectType, Map<string, FieldWriter>>()

function isBare({ alias, arguments: given, selectionSet }: FieldNode): boolean {
  return alias === undefined && (given === undefined || given.length === 0) && selectionSet === undefined
}

/** Compiles the selections of one operation, for one set of values of the variables in `@skip` and `@include`. */
export class Compiler {
  readonly #operation: Operation
  readonly #variables: Readonly<Record<string, unknown>>
  readonly #maxFields: number
  #fieldCount = 0

  constructor(operation: Operation, variables: Readonly<Record<string, unknown>>, maxFields: number) {
    this.#operation = operation
    this.#variables = variables
    this.#maxFields = maxFields
  }

  /** Fields compiled so far, each once for every place and concrete type it was selected on. */
  get fieldCount(): number {
    return this.#fieldCount
  }

  /** @throws TooManyFields */
  root(type: GraphQLObjectType, selectionSet: SelectionSetNode): SelectionWriter {
    const { schema, fragments } = this.#operation
    return this.#selection(type, collectFields(schema, fragments, this.#variables, type, selectionSet))
  }

  #selection(type: GraphQLObjectType, selected: ReadonlyMap<string, readonly FieldNode[]>): SelectionWriter {
    const fields = Array.from(selected, ([responseName, nodes]) => this.#field(type, responseName, nodes))
    const heads = Array.from(selected.keys(), (name, index) => sharedText(`${index === 0 ? '{' : ','}"${name}":`))
    return (run, source, path) => writeSelection(run, source, path, heads, fields)
  }

  #field(parentType: GraphQLObjectType, responseName: string, nodes: readonly FieldNode[]): FieldWriter {
    if (++this.#fieldCount > this.#maxFields) throw new TooManyFields()
    const node = nodes[0]!
    if (!isBare(node)) return this.#compiled(parentType, responseName, nodes)
    let writers = bareWriters.get(parentType)
    if (writers === undefined) bareWriters.set(parentType, (writers = new Map()))
    let writer = writers.get(responseName)
    if (writer === undefined) writers.set(responseName, (writer = this.#compiled(parentType, responseName, nodes)))
    return writer
  }

  #compiled(parentType: GraphQLObjectType, responseName: string, nodes: readonly FieldNode[]): FieldWriter {
    const node = nodes[0]!
    if (node.name.value === '__typename') {
      const written = JSON.stringify(parentType.name)
      return () => written
    }
    const definition = this.#definition(parentType, node.name.value)
    const { name, type, resolve } = definition
    const field: SelectedField = { responseName, parentType, definition, arguments: fieldArguments(definition, node) }
    const leafType = isNonNullType(type) ? type.ofType : type
    if (resolve === undefined && isLeafType(leafType)) {
      return propertyWriter(field, name, leafWriter(leafType), this.#value(type, nodes))
    }
    const resolving = resolvingWriter(field, resolve ?? propertyOf, this.#value(type, nodes))
    const { copied } = definition.extensions as Partial<Copied>
    return copied === undefined || definition.args.length > 0 ? resolving : copyingWriter(copied, resolving)
  }

  #definition(parentType: GraphQLObjectType, name: string): SelectedField['definition'] {
    if (name === '__schema') return SchemaMetaFieldDef
    if (name === '__type') return TypeMetaFieldDef
    return parentType.getFields()[name]!
  }

  #value(type: GraphQLOutputType, nodes: readonly FieldNode[]): ValueWriter {
    if (isNonNullType(type)) return required(this.#nullable(type.ofType, nodes))
    return this.#nullable(type, nodes)
  }

  #nullable(type: GraphQLOutputType, nodes: readonly FieldNode[]): ValueWriter {
    if (isListType(type)) return listWriter(type.ofType, this.#value(type.ofType, nodes))
    if (isLeafType(type)) {
      const write = leafWriter(type)
      return (_run, _field, _path, value) => (isAbsent(value) ? null : write(value))
    }
    if (isAbstractType(type)) return this.#abstract(type, nodes)
    return objectWriter(type as GraphQLObjectType, this.#subselection(type as GraphQLObjectType, nodes))
  }

  #abstract(type: GraphQLAbstractType, nodes: readonly FieldNode[]): ValueWriter {
    const writers = new Map(
      this.#operation.schema
        .getPossibleTypes(type)
        .map((possible) => [possible.name, objectWriter(possible, this.#subselection(possible, nodes))]),
    )
    return abstractWriter(type, writers)
  }

  #subselection(type: GraphQLObjectType, nodes: readonly FieldNode[]): SelectionWriter {
    const { schema, fragments } = this.#operation
    const selected = collectSubfields(schema, fragments, this.#variables, type, nodes)
    return this.#selection(type, selected)
  }
}
