import { type DefinitionNode, Kind, parse } from 'graphql'
import { type LoadResult, type Source, SourceEntry, sourceEntry } from '../../ports/index.ts'
import { graphqlList, keptForMs } from './graphql-answers.ts'
import { checkHttpConnection } from './http-option-checks.ts'
import { type HttpConnectionOptions, httpSource } from './http-source.ts'
import { OptionProblems } from './option-problems.ts'
import { checkUrlTemplate } from './url-template.ts'

/** What every source over a GraphQL server takes. */
export interface SubgraphConnectionOptions extends Omit<HttpConnectionOptions, 'format'> {
  /** Where the GraphQL server answers POSTs. A user name and password in the URL are sent as basic authentication. */
  readonly url: string
  /**
   * Whether values live as long as the `Cache-Control` of the answer says that brought them: `max-age`, or `s-maxage`
   * where there is one, less `Age`. What may not be kept at all lives for a millisecond, so that those who wait for it
   * get it. Answers that say nothing leave it to the keyspace's `ttl`.
   *
   * @default false
   */
  readonly originTtl?: boolean
}

/** A source of entities of a subgraph. */
export interface SubgraphEntityOptions extends SubgraphConnectionOptions {
  /** Name of the entities' type. */
  readonly typename: string
  /** The fields that make a value, as a selection: `name price brand { id }`. */
  readonly fields: string
  /**
   * Makes the fields by which the subgraph knows an entity of the key of its entry. What it throws fails that key only.
   *
   * @default the key as `id`
   */
  readonly representation?: (key: string) => Readonly<Record<string, unknown>>
  readonly query?: never
  readonly field?: never
  readonly variables?: never
  readonly keyOf?: never
}

/** A source over a field that gives a list. */
export interface SubgraphListOptions extends SubgraphConnectionOptions {
  /** The query, such as `query ($keys: [ID!]!) { products(ids: $keys) { id name } }`. */
  readonly query: string
  /** The field of the answer that holds the list, such as `products`. */
  readonly field: string
  /**
   * Makes the variables of the query.
   *
   * @default the list of keys as `keys`
   */
  readonly variables?: (keys: readonly string[]) => Readonly<Record<string, unknown>>
  /**
   * Tells the key of an element of the list. Elements with keys that were not asked for are ignored.
   *
   * @default none: the elements stand in the order of the keys, with null for those that are not found
   */
  readonly keyOf?: (element: unknown) => string | number
  readonly typename?: never
  readonly fields?: never
  readonly representation?: never
}

/** Options of {@link subgraphSource}: entities, or a field that gives a list. */
export type SubgraphSourceOptions = SubgraphEntityOptions | SubgraphListOptions

const entityType: unique symbol = Symbol('entity type')

/**
 * A source over another GraphQL server, in bulk: the entities of a subgraph of federation, or a field that gives a
 * list. An error inside an element fails its key only; one that belongs to no element fails the load. Messages of the
 * server go to the log, not to clients.
 *
 * @throws ConfigError with everything that is wrong with the options.
 */
export function subgraphSource(options: SubgraphSourceOptions): Source {
  checkOptions(options)
  const { url, originTtl = false, name = 'subgraph', headers, timeoutMs, concurrency, maxResponseBytes } = options
  const { field, bodyOf, keyOf, representation } = operationOf(options)
  const connection = { headers, timeoutMs, concurrency, maxResponseBytes }
  const http = httpSource({
    name,
    ...Object.fromEntries(Object.entries(connection).filter(([, value]) => value !== undefined)),
    bulk: {
      url,
      method: 'POST',
      body: bodyOf,
      parse: (body, { keys, headers: received }) => {
        const list = inOrder(graphqlList(body, field), keys, keyOf)
        const keptMs = originTtl ? keptForMs(received) : undefined
        return keptMs === undefined ? list : list.map((value) => withTtl(value, Math.max(1, keptMs)))
      },
    },
  })
  const source: Source = { name, loadMany: refusingAlone(http, representation) }
  return options.typename === undefined ? source : Object.assign(source, { [entityType]: options.typename })
}

/** The type whose entities a source reads from another subgraph; `undefined` for any other source. */
export function entityTypeOf(source: Source | undefined): string | undefined {
  return (source as { readonly [entityType]?: string } | undefined)?.[entityType]
}

interface Operation {
  readonly field: string
  readonly bodyOf: (keys: readonly string[]) => unknown
  readonly keyOf: ((element: unknown) => string | number) | undefined
  readonly representation: (key: string) => unknown
}

function operationOf(options: SubgraphSourceOptions): Operation {
  if (options.typename === undefined) {
    const { query, field, variables = (keys) => ({ keys }), keyOf } = options
    return { field, keyOf, representation: () => null, bodyOf: (keys) => ({ query, variables: variables(keys) }) }
  }
  const { typename, fields, representation = (key) => ({ id: key }) } = options
  const selection = `... on ${typename} { ${fields} }`
  const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ${selection} } }`
  const representations = (keys: readonly string[]): unknown[] =>
    keys.map((key) => ({ ...representation(key), __typename: typename }))
  return {
    field: '_entities',
    keyOf: undefined,
    representation,
    bodyOf: (keys) => ({ query, variables: { representations: representations(keys) } }),
  }
}

/** Leaves out the keys that cannot be asked for, so that they fail alone. */
function refusingAlone(source: Source, representation: (key: string) => unknown): Source['loadMany'] {
  return async (keys, context) => {
    const refused = new Map<string, Error>()
    for (const key of keys) {
      try {
        representation(key)
      } catch (error) {
        refused.set(key, error instanceof Error ? error : new Error(String(error)))
      }
    }
    const asked = keys.filter((key) => !refused.has(key))
    const answers = asked.length === 0 ? [] : ((await source.loadMany(asked, context)) as readonly LoadResult[])
    const byKey = new Map(asked.map((key, index) => [key, answers[index]]))
    if (answers.length !== asked.length) {
      throw new Error(`the subgraph answered with ${answers.length} elements for ${asked.length} keys`)
    }
    return keys.map((key) => refused.get(key) ?? byKey.get(key))
  }
}

function inOrder(
  list: readonly LoadResult[],
  keys: readonly string[],
  keyOf: Operation['keyOf'],
): readonly LoadResult[] {
  if (keyOf === undefined) return list
  const found = new Map<string, LoadResult>()
  for (const element of list) {
    // Which key it is that failed cannot be told, and taking it for not found would be wrong.
    if (element instanceof Error) throw element
    if (element !== null && element !== undefined) found.set(`${keyOf(element)}`, element)
  }
  return keys.map((key) => found.get(key) ?? null)
}

function withTtl(value: LoadResult, ttlMs: number): LoadResult {
  const isValue = value !== null && value !== undefined && !(value instanceof Error) && !(value instanceof SourceEntry)
  return isValue ? sourceEntry(value, { ttlMs }) : value
}

function checkOptions(options: SubgraphSourceOptions): void {
  const problems = new OptionProblems('subgraphSource')
  problems.requireOptions(options)
  const { typename, fields, query, field } = options
  if ((typename === undefined) === (query === undefined))
    problems.add('typename', 'give exactly one of typename and query', typename)
  if (typename !== undefined && (typeof typename !== 'string' || !/^[_A-Za-z]\w*$/.test(typename))) {
    problems.add('typename', 'must be the name of a type', typename)
  }
  if (typename !== undefined && (typeof fields !== 'string' || definitionsOf(`{ ${fields} }`).length !== 1)) {
    problems.add('fields', 'must be a selection such as "name price"', fields)
  }
  if (query !== undefined) {
    const operations = definitionsOf(query).filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)
    if (operations.length !== 1) problems.add('query', 'must be a GraphQL query, and no more than one', query)
    if (field === undefined) problems.add('field', 'must name the field of the answer that holds the list', field)
    problems.type('field', field, 'string')
  }
  for (const option of ['representation', 'variables', 'keyOf'] as const)
    problems.type(option, options[option], 'function')
  problems.type('originTtl', options.originTtl, 'boolean')
  checkUrlTemplate(problems, 'url', options.url, '{keys}')
  checkHttpConnection(problems, options)
  problems.throwIfAny()
}

/** The operations and fragments of a GraphQL document; none where it is no document. */
function definitionsOf(document: string): readonly DefinitionNode[] {
  try {
    return parse(document, { noLocation: true }).definitions
  } catch {
    return []
  }
}
