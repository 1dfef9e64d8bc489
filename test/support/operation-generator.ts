import {
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
} from 'graphql'

/** An operation as a client would send it, right or wrong. */
export interface GeneratedOperation {
  readonly query: string
  readonly variables: Record<string, unknown>
  readonly operationName: string | undefined
}

/** Where generated arguments come from: values that mean something here, by the name of the argument. */
export type ArgumentValues = Readonly<Record<string, readonly unknown[]>>

const strange: readonly unknown[] = [null, 7, 1.5, true, '', '北京', 'x\ud800', [], ['a', null], { a: 1 }, -0, 2 ** 40]

/**
 * Makes operations at random, the same for the same `random`: most are valid, and many are wrong in one place.
 *
 * @param mistakes how often something is wrong, of every place where it could be.
 */
export class OperationGenerator {
  readonly #schema: GraphQLSchema
  readonly #values: ArgumentValues
  readonly #random: () => number
  readonly #mistakes: number
  #aliasCount = 0
  readonly #last: GeneratedOperation[] = []
  #variables: Record<string, unknown> = {}
  #definitions: string[] = []
  #fragments: string[] = []

  constructor(schema: GraphQLSchema, values: ArgumentValues, random: () => number, mistakes = 0.006) {
    this.#schema = schema
    this.#values = values
    this.#random = random
    this.#mistakes = mistakes
  }

  /** One of these. */
  pick<Value>(values: readonly Value[]): Value {
    return values[Math.floor(this.#random() * values.length)]!
  }

  /** True this often. */
  chance(share: number): boolean {
    return this.#random() < share
  }

  /** An operation: a new one, or one of the last once more with its conditions turned round. */
  next(): GeneratedOperation {
    const again = this.chance(0.3) ? this.pick([...this.#last, undefined]) : undefined
    if (again !== undefined) return { ...again, variables: turnedRound(again.variables) }
    const operation = this.#new()
    this.#last.push(operation)
    if (this.#last.length > 10) this.#last.shift()
    return operation
  }

  #new(): GeneratedOperation {
    this.#variables = {}
    this.#definitions = []
    this.#fragments = []
    this.#aliasCount = 0
    const isMutation = this.chance(0.03)
    const root = isMutation ? this.#schema.getMutationType()! : this.#schema.getQueryType()!
    const selection = this.#selection(root, 0)
    const isNamed = this.chance(0.5) || this.#definitions.length > 0
    const keyword = isMutation ? 'mutation' : isNamed ? 'query' : ''
    const name = isNamed ? ' Generated' : ''
    const definitions = this.#definitions.length > 0 ? `(${this.#definitions.join(', ')})` : ''
    const others = this.chance(0.05) ? ['query Other { keyspaces { name } }'] : []
    const query = [`${keyword}${name}${definitions} ${selection}`, ...this.#fragments, ...others].join('\n')
    if (this.chance(0.05)) this.#variables['unused'] = this.pick(strange)
    return {
      query: this.chance(this.#mistakes) ? query.slice(0, Math.floor(query.length * this.#random())) : query,
      variables: this.#variables,
      operationName: this.chance(0.3) ? this.pick(['Generated', 'Generated', 'Other', 'Unknown', '']) : undefined,
    }
  }

  #selection(type: GraphQLNamedType, depth: number): string {
    if (isAbstractType(type)) {
      const parts = this.#schema
        .getPossibleTypes(type)
        .filter(() => this.chance(0.7))
        .map((possible) => `... on ${possible.name} ${this.#selection(possible, depth)}`)
      return `{ __typename ${parts.join(' ')} }`
    }
    if (!isObjectType(type)) return ''
    const fields = Object.values(type.getFields()).filter(
      (field) => depth < 4 || !isObjectType(getNamedType(field.type)),
    )
    const parts: string[] = []
    const count = 1 + Math.floor(this.#random() * (depth === 0 ? 3 : 5))
    for (let index = 0; index < count; index++) {
      const field = this.pick(fields)
      // Each field its own alias, or most operations would be refused for fields that cannot be merged. In another
      // operation the same one stands for another field.
      const alias = this.chance(0.6) || field.args.length > 0 ? `f${this.#aliasCount++}: ` : ''
      const name = this.chance(this.#mistakes) ? 'nonsense' : field.name
      const written = `${alias}${name}${this.#arguments(field.args)}${this.#condition()} ${this.#subselection(field.type, depth)}`
      parts.push(this.chance(0.1) ? this.#inFragment(type.name, written) : written)
    }
    if (this.chance(0.2)) parts.push('__typename')
    return `{ ${parts.join(' ')} }`
  }

  #subselection(type: GraphQLOutputType, depth: number): string {
    const named = getNamedType(type)
    if (isScalarType(named) || isEnumType(named)) return this.chance(this.#mistakes) ? '{ a }' : ''
    return this.chance(this.#mistakes) ? '' : this.#selection(named, depth + 1)
  }

  #inFragment(type: string, fields: string): string {
    if (this.chance(0.5)) return `... on ${type}${this.#condition()} { ${fields} }`
    const name = `Part${this.#fragments.length}`
    this.#fragments.push(`fragment ${name} on ${type} { ${fields} }`)
    return `...${name}${this.#condition()}`
  }

  #condition(): string {
    if (!this.chance(0.08)) return ''
    const directive = this.pick(['skip', 'include'])
    if (this.chance(0.3)) return ` @${directive}(if: ${this.pick(['true', 'false'])})`
    return ` @${directive}(if: ${this.#variable('Boolean!', this.chance(0.5))})`
  }

  #arguments(args: readonly { readonly name: string; readonly type: GraphQLInputType }[]): string {
    const written = args
      .filter(({ type }) => (isNonNullType(type) ? !this.chance(this.#mistakes) : this.chance(0.5)))
      .map(({ name, type }) => {
        const value = this.chance(this.#mistakes) ? this.pick(strange) : this.#valueFor(name, type)
        if (this.chance(0.5)) return `${name}: ${literal(value)}`
        const isLoose = this.chance(this.#mistakes)
        return `${name}: ${this.#variable(isLoose ? String(type).replace(/!$/, '') : String(type), value)}`
      })
    return written.length === 0 ? '' : `(${written.join(', ')})`
  }

  #variable(type: string, value: unknown): string {
    const name = `v${this.#definitions.length}`
    const hasDefault = !type.endsWith('!') && this.chance(0.2)
    this.#definitions.push(`$${name}: ${type}${hasDefault ? ` = ${literal(value)}` : ''}`)
    if (this.chance(this.#mistakes)) this.#variables[name] = this.pick(strange)
    else if (!hasDefault && !this.chance(this.#mistakes)) this.#variables[name] = value
    return `$${name}`
  }

  #valueFor(name: string, type: GraphQLInputType): unknown {
    if (isNonNullType(type)) return this.#valueFor(name, type.ofType)
    if (isListType(type)) {
      if (this.chance(0.1)) return this.#valueFor(name, type.ofType)
      return Array.from({ length: Math.floor(this.#random() * 6) }, () => this.#valueFor(name, type.ofType))
    }
    if (isEnumType(type)) return type.getValues()[0]!.name
    if (isInputObjectType(type)) {
      return Object.fromEntries(
        Object.values(type.getFields())
          .filter((field) => isNonNullType(field.type))
          .map((field) => [field.name, this.#valueFor(field.name, field.type)]),
      )
    }
    return this.pick(this.#values[name] ?? this.#values[String(type)] ?? strange)
  }
}

function turnedRound(variables: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, typeof value === 'boolean' ? !value : value]),
  )
}

/** A value as it stands in a document. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([name, child]) => `${name}: ${literal(child)}`)
    return `{ ${fields.join(', ')} }`
  }
  return JSON.stringify(value)
}
