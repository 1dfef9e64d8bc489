import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type OperationDefinitionNode,
  isNonNullType,
  locatedError,
} from 'graphql'
import type { FieldArguments } from './field-arguments.ts'
import { nodesAt } from './field-nodes.ts'
import { type GivenVariables, withLists } from './variables.ts'

/** Where a value stands in the answer, from the inside out; what graphql-js hands to resolvers. */
export type Path = GraphQLResolveInfo['path']

/** What all runs of one operation share. */
export interface Operation {
  readonly schema: GraphQLSchema
  readonly node: OperationDefinitionNode
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>
}

/** One execution of an operation. */
export interface Run {
  readonly operation: Operation
  readonly context: unknown
  readonly variables: GivenVariables
  /** Errors of fields, in the order in which they came up. */
  readonly errors: GraphQLError[]
}

/** One field of a selection, with all of it that does not change from run to run. */
export interface SelectedField {
  readonly responseName: string
  readonly parentType: GraphQLObjectType
  readonly definition: GraphQLField<unknown, unknown>
  readonly arguments: FieldArguments
}

/** What a resolver is told about its field. Made for each call, so it holds references and nothing else. */
export class FieldInfo implements GraphQLResolveInfo {
  readonly path: Path
  readonly #run: Run
  readonly #field: SelectedField

  constructor(run: Run, field: SelectedField, path: Path) {
    this.path = path
    this.#run = run
    this.#field = field
  }

  get fieldName(): string {
    return this.#field.definition.name
  }

  get fieldNodes(): readonly FieldNode[] {
    return nodesAt(this.#run, this.path)
  }

  get returnType(): GraphQLOutputType {
    return this.#field.definition.type
  }

  get parentType(): GraphQLObjectType {
    return this.#field.parentType
  }

  get schema(): GraphQLSchema {
    return this.#run.operation.schema
  }

  get fragments(): GraphQLResolveInfo['fragments'] {
    return this.#run.operation.fragments
  }

  get rootValue(): undefined {
    return undefined
  }

  get operation(): OperationDefinitionNode {
    return this.#run.operation.node
  }

  get variableValues(): GraphQLResolveInfo['variableValues'] {
    return withLists(this.#run.variables)
  }
}

/** The path of a field of the object at `parent`. */
export function fieldPath(field: SelectedField, parent: Path | undefined): Path {
  return { prev: parent, key: field.responseName, typename: field.parentType.name }
}

/** Notes the error of a value that may be null, and puts null in its place; throws it on where it may not. */
export function failed(run: Run, type: GraphQLOutputType, path: Path, raw: unknown): 'null' {
  const error = locatedError(asError(raw), nodesAt(run, path), keysOf(path))
  if (isNonNullType(type)) throw error
  run.errors.push(error)
  return 'null'
}

function keysOf(path: Path): (string | number)[] {
  const keys: (string | number)[] = []
  for (let step: Path | undefined = path; step !== undefined; step = step.prev) keys.push(step.key)
  return keys.reverse()
}

function asError(raw: unknown): Error {
  if (raw instanceof Error) return raw
  const message = typeof raw === 'object' && raw !== null && 'message' in raw ? raw.message : undefined
  return new Error(typeof message === 'string' ? message : String(raw))
}
