import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  OperationTypeNode,
  getOperationAST,
  visit,
} from 'graphql'
import { Compiler, TooManyFields } from './compiler.ts'
import type { Operation, Run } from './run.ts'
import { variablesTakenApart } from './variables-taken-apart.ts'
import type { SelectionWriter } from './value-writers.ts'
import { type GivenVariables, type VariableCoercion, variableCoercion } from './variables.ts'

/** What an execution brought: the JSON of `data`, one character per byte, and the errors of fields. */
export interface Executed {
  readonly data: string
  readonly errors: readonly GraphQLError[]
}

/** A query that is ready to run. */
export interface PreparedOperation {
  /**
   * Executes the query. Never throws or rejects.
   *
   * @param context what resolvers share.
   * @returns `undefined`, with nothing executed, where the variables do not fit.
   */
  execute(variables: GivenVariables, context: object): Executed | Promise<Executed> | undefined
}

/** An operation with more fields than this, in all its variants, takes more memory than keeping it is worth. */
const maxFields = 2000
/** Each variable in `@skip` or `@include` doubles the number of variants. */
const maxConditions = 4

/**
 * Prepares one operation of a valid document.
 *
 * @param onCompiled is told how many fields were compiled, each time that some were: that is what takes memory.
 * @returns `undefined` for what is better left to the general executor: anything but a query, and what is too large.
 */
export function prepareOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | undefined,
  onCompiled: (fieldCount: number) => void,
): PreparedOperation | undefined {
  const node = getOperationAST(document, operationName)
  if (node?.operation !== OperationTypeNode.QUERY) return undefined
  const conditions = conditionsOf(document)
  let takenApart: ReadonlySet<string> | undefined
  const coerce = variableCoercion(schema, node, (name) =>
    (takenApart ??= variablesTakenApart(schema, document)).has(name),
  )
  if (coerce === undefined || conditions.length > maxConditions) return undefined
  return new CompiledOperation({ schema, node, fragments: fragmentsOf(document) }, conditions, coerce, onCompiled)
}

class CompiledOperation implements PreparedOperation {
  readonly #operation: Operation
  readonly #conditions: readonly string[]
  readonly #coerce: VariableCoercion
  readonly #onCompiled: (fieldCount: number) => void
  /** The one variant there is where nothing is conditional. */
  #only: SelectionWriter | undefined
  #fieldCount = 0
  /** By the values of the conditions; `undefined` is one that is too large. */
  readonly #variants = new Map<string, SelectionWriter | undefined>()

  constructor(
    operation: Operation,
    conditions: readonly string[],
    coerce: VariableCoercion,
    onCompiled: (fieldCount: number) => void,
  ) {
    this.#operation = operation
    this.#conditions = conditions
    this.#coerce = coerce
    this.#onCompiled = onCompiled
  }

  execute(given: GivenVariables, context: object): Executed | Promise<Executed> | undefined {
    const variables = this.#coerce(given)
    if (variables === undefined) return undefined
    const write = this.#variant(variables)
    if (write === undefined) return undefined
    return executed(write, { operation: this.#operation, variables, context, errors: [] })
  }

  #variant(variables: Readonly<Record<string, unknown>>): SelectionWriter | undefined {
    if (this.#conditions.length === 0) return (this.#only ??= this.#compile(variables))
    let name = ''
    for (const condition of this.#conditions) name += variables[condition] === true ? '1' : '0'
    if (!this.#variants.has(name)) this.#variants.set(name, this.#compile(variables))
    return this.#variants.get(name)
  }

  #compile(variables: Readonly<Record<string, unknown>>): SelectionWriter | undefined {
    const { schema, node } = this.#operation
    const compiler = new Compiler(this.#operation, variables, maxFields - this.#fieldCount)
    try {
      const write = compiler.root(schema.getQueryType()!, node.selectionSet)
      this.#fieldCount += compiler.fieldCount
      this.#onCompiled(compiler.fieldCount)
      return write
    } catch (error) {
      // A condition without a value is refused by the general executor too, in its own words.
      if (error instanceof TooManyFields || error instanceof GraphQLError) return undefined
      throw error
    }
  }
}

function executed(write: SelectionWriter, run: Run): Executed | Promise<Executed> {
  const complete = (data: string): Executed => ({ data, errors: run.errors })
  const nothing = (error: unknown): Executed => {
    run.errors.push(...((error instanceof AggregateError ? error.errors : [error]) as GraphQLError[]))
    return complete('null')
  }
  try {
    const written = write(run, undefined, undefined)
    return typeof written === 'string' ? complete(written) : written.then(complete, nothing)
  } catch (error) {
    return nothing(error)
  }
}

function fragmentsOf(document: DocumentNode): Record<string, FragmentDefinitionNode> {
  const fragments: Record<string, FragmentDefinitionNode> = Object.create(null) as never
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition
  }
  return fragments
}

/** Names of the variables that decide what is selected. */
function conditionsOf(document: DocumentNode): readonly string[] {
  const names = new Set<string>()
  visit(document, {
    Directive: ({ name, arguments: args = [] }) => {
      if (name.value !== 'skip' && name.value !== 'include') return
      for (const { value } of args) if (value.kind === Kind.VARIABLE) names.add(value.name.value)
    },
  })
  return [...names]
}
