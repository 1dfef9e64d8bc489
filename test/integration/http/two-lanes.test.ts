import { createHash } from 'node:crypto'
import { type IncomingMessage, type Server, createServer, request as httpRequest, Agent } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolverContext } from '../../../resolvers/context.ts'
import { entryId } from '../../../resolvers/entry-id.ts'
import { mappingErrors } from '../../../resolvers/errors.ts'
import { resolvers } from '../../../resolvers/index.ts'
import type { EngineApi } from '../../../src/engine/engine-api.ts'
import { subgraphSchema } from '../../../src/federation/subgraph-schema.ts'
import { type GraphqlHandler, graphqlHandler } from '../../../src/http/graphql-handler.ts'
import { metrics } from '../../../src/http/metrics.ts'
import { NodeRequestHead } from '../../../src/http/node-request-head.ts'
import { OperationPlaces } from '../../../src/http/operation-places.ts'
import { preparedLane } from '../../../src/http/prepared/prepared-lane.ts'
import { answerWriter } from '../../../src/http/prepared/write-answer.ts'
import { trustedDocuments } from '../../../src/http/trusted-documents.ts'
import { sentAsReader } from '../../../src/http/trusted-proxies.ts'
import { WholeBodyRequest } from '../../../src/http/whole-body-request.ts'
import { yogaLogger } from '../../../src/http/yoga-logger.ts'
import type { Logger } from '../../../src/ports/index.ts'
import { OperationGenerator } from '../../support/operation-generator.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { typesOver } from '../../support/typed-cache.ts'
import { type ServedCache, recordingSource, servedCache } from '../../support/served-cache.ts'

interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

const maxBodyBytes = 20_000
const values: Record<string, unknown> = {
  plain: { a: 1, b: [true, null, 'x'] },
  unicode: { city: '北京', emoji: '😀', quote: '"\\\n', half: 'é' },
  list: [1, 'two', { three: 3 }],
  text: 'a text',
  number: 0.1,
  no: false,
}
const typeDefs = `
  type Thing @key(fields: "id") @keyspace(name: "things", one: "thing", many: "things") {
    id: ID!
    name: String!
    title: String
    code: ID
    count: Int
    score: Float
    isNew: Boolean
    words: [String!]
    part: Part
    other: Thing @entry(key: "other")
    others: [Thing!] @entry(key: "others")
  }
  type Part { name: String! size: Int }
`
/** Stored as typed, and otherwise: numbers for texts, nothing where something must be, escapes, what is no object. */
const things: Record<string, unknown> = {
  whole: {
    name: 'A "thing"\\, {as} [it] is',
    title: '北京 😀',
    code: 7,
    count: 3,
    score: 0.5,
    isNew: true,
    words: ['a', 'é'],
    part: { name: 'part', size: 1 },
    other: 'odd',
    others: ['odd', 'whole', 'absent'],
  },
  odd: {
    id: 'other',
    name: 12,
    title: true,
    code: 'c',
    count: 1.5,
    score: '1',
    isNew: 0,
    words: ['a', null],
    other: 7,
  },
  nested: {
    part: { name: 'inner', title: 'inner' },
    name: 'n',
    title: null,
    words: 'none',
    other: ['whole'],
    count: 1e21,
  },
  edges: { id: -3, name: '', title: null, code: '', count: 2 ** 31, score: -12, isNew: null },
  none: 'a text',
  'a rather long key of a thing 北': { name: 'x'.repeat(200), other: 'a rather long key of a thing 北' },
}

/** What is kept never expires: the clock would end it between the two lanes, and what they count would differ. */
const forever = { ttlMs: Infinity, negativeTtlMs: Infinity }

/** A cache like any other made here, so that both lanes find the same at every step. */
function newCache(): ServedCache {
  const source = recordingSource((keys) =>
    keys.map((key) => (key === 'failing' ? new Error('down') : (values[key] ?? null))),
  )
  const texts = recordingSource((keys) => keys.map((key) => (key === 'unicode' ? '北京 "\u0000' : undefined)))
  const bytes = recordingSource((keys) => keys.map((key) => (key === 'plain' ? new Uint8Array([0, 200, 255]) : null)))
  return servedCache({
    json: { source, expiry: () => 0, negativeTtlMs: 0 },
    kept: { source, ...forever, tags: (key) => [`tag-${key}`] },
    things: {
      source: recordingSource((keys) =>
        keys.map((key) => (key === 'failing' ? new Error('down') : (things[key] ?? null))),
      ),
      ...forever,
    },
    texts: { source: texts, format: 'text', ...forever },
    bytes: { source: bytes, format: 'bytes', ...forever },
  })
}

const argumentValues = {
  keyspace: ['json', 'kept', 'kept', 'texts', 'bytes', 'missing', 'bug'],
  name: ['json', 'kept', 'missing', 'bug', 'Entry', 'Query'],
  names: ['missing'],
  key: [...Object.keys(values), 'failing', 'absent', '', 'x'.repeat(2000)],
  keys: [...Object.keys(values), 'failing', 'absent', '北京'],
  tags: ['none'],
  id: [...Object.keys(things), 'failing', 'absent', ''],
  ids: [...Object.keys(things), 'failing', 'absent'],
  includeDeprecated: [true, false],
  representations: [
    { __typename: 'Entry', keyspace: 'kept', key: 'plain' },
    { __typename: 'Entry', keyspace: 'json', key: 'failing' },
    { __typename: 'Entry', id: Buffer.from('["kept","unicode"]').toString('base64url') },
    { __typename: 'Entry', id: 'nonsense' },
    { __typename: 'Nothing' },
    { __typename: 'Thing', id: 'whole' },
    { __typename: 'Thing', id: 'odd', name: 'sent' },
    { __typename: 'Thing', id: 7 },
    null,
    7,
  ],
}
const schema = subgraphSchema({
  resolvers,
  mapErrors: mappingErrors,
  types: typesOver(['things'], typeDefs),
})
const known = new OperationGenerator(schema, argumentValues, seededRandom(99))
/** Operations that are sent by their ids too; some of them are wrong. */
const knownOperations = Array.from({ length: 60 }, () => known.next())

/** An engine with a bug, so that there is something to mask. */
function withBug(engine: EngineApi): EngineApi {
  return new Proxy<EngineApi>(engine, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        if (args[0] === 'bug') throw new TypeError('a secret')
        return member.apply(target, args)
      }
    },
  })
}

/** Short enough that the tags of some answers do not fit. */
const cacheTags = { headers: ['cache-tag', 'surrogate-key'], maxBytes: 60 } as const
const seenTags = new Set<string | undefined>()

function contextOver(engine: EngineApi): object {
  return resolverContext(withBug(engine), { wantsTags: true, isPublic: (name) => name === 'kept' })
}

/** A server of each lane, both over caches of their own that are asked the same. */
interface Lanes {
  readonly lanePort: number
  readonly generalPort: number
  /** Requests that the prepared lane left to the other. */
  handedOn: number
  /** Errors that were logged and not shown, by lane. */
  readonly masked: { lane: number; general: number }
}

const caches: ServedCache[] = []
const servers: Server[] = []
const agent = new Agent({ keepAlive: true })

function logger(count: () => void): Logger {
  const nothing = () => {}
  const log: Logger = { debug: nothing, info: nothing, warn: nothing, error: count, child: () => log }
  return log
}

async function listen(listener: (...args: Parameters<GraphqlHandler>) => void): Promise<number> {
  const server = createServer({ IncomingMessage: WholeBodyRequest }, listener as never)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** @param only whether nothing but known documents is executed. */
async function startLanes(only: boolean): Promise<Lanes> {
  const trusted = trustedDocuments(
    knownOperations.map(({ query }) => query),
    only,
  )
  const make = ({ engine }: ServedCache, log: Logger): GraphqlHandler =>
    graphqlHandler({
      schema,
      context: () => contextOver(engine),
      cacheTags,
      trusted,
      readiness: () => ({ ready: true, degraded: false, reason: null }),
      metrics: metrics(engine),
      checkMetrics: () => {},
      logger: log,
      maxBodyBytes,
      maxDocumentTokens: 2000,
      subscriptions: new OperationPlaces(100),
      graphiqlTabs: [],
    })
  const [prepared, general] = [newCache(), newCache()]
  caches.push(prepared, general)
  const masked = { lane: 0, general: 0 }
  const generalHandler = make(
    general,
    logger(() => masked.general++),
  )
  const log = logger(() => masked.lane++)
  const behind = make(prepared, log)
  const lane = preparedLane({
    handler: behind,
    general: (...args) => {
      lanes.handedOn++
      void behind(...(args as never as Parameters<GraphqlHandler>))
    },
    context: () => contextOver(prepared.engine),
    maxBodyBytes,
    trusted,
    answer: answerWriter(yogaLogger(log).error, cacheTags),
  })
  const lanes: Lanes = {
    lanePort: await listen((request, response) => {
      const incoming = request as never as WholeBodyRequest
      lane(incoming, response as never, { head: new NodeRequestHead(incoming, sentAsReader(undefined)) })
    }),
    generalPort: await listen((request, response) => void generalHandler(request as never, response as never)),
    handedOn: 0,
    masked,
  }
  return lanes
}

let open: Lanes
let onlyTrusted: Lanes

beforeAll(async () => {
  open = await startLanes(false)
  onlyTrusted = await startLanes(true)
})

afterAll(async () => {
  agent.destroy()
  for (const server of servers) server.close()
  await Promise.all(caches.map((cache) => cache.stop()))
})

function send(port: number, { method, path, headers, body }: Sent): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { host: '127.0.0.1', port, method, path, agent, headers: { host: 'localhost', ...headers } },
      (response: IncomingMessage) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const {
            date: _date,
            'content-length': length,
            'x-content-type-options': _options,
            etag,
            ...headers
          } = response.headers
          // Of a body that may tell the time, so it is not the same twice.
          if (headers.etag !== undefined) headers.etag = '<tag>'
          const body = Buffer.concat(chunks)
          if (headers['cache-control']?.includes('max-age')) seenTags.add(headers['cache-tag'] as string | undefined)
          const isWhole = method === 'HEAD' || length === undefined || Number(length) === body.length
          // Its tag changes with the times in a body.
          resolve({
            status: response.statusCode,
            headers,
            isTagged: etag !== undefined,
            isWhole,
            body: comparable(body.toString()),
          })
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Without what tells the time. */
function comparable(body: string): string {
  return body
    .replaceAll(/"\d+-\d+-\d+T[\d:.]+Z"/g, '"<time>"')
    .replaceAll(/"\d+(ms|s)"/g, '"<duration>"')
    .replaceAll(/"\d{15,}"/g, '"<version>"')
}

const accepts = [
  '*/*',
  'application/json',
  'application/graphql-response+json',
  'application/graphql-response+json, application/json;q=0.9',
  'application/json; charset=utf-8, */*',
  'application/json; charset=latin1',
  'text/plain',
  'text/html',
  'text/event-stream',
  'multipart/mixed, application/json',
  'APPLICATION/JSON',
]
const contentTypes = [
  'application/json; charset=utf-8',
  'application/json;charset=utf-8',
  'text/plain',
  'Application/JSON',
]

/** Sends both lanes the same, again and again; returns the share that the prepared lane answered itself. */
async function compare(lanes: Lanes, seed: number, rounds: number): Promise<number> {
  lanes.handedOn = 0
  const generator = new OperationGenerator(schema, argumentValues, seededRandom(seed))
  for (let round = 0; round < rounds; round++) {
    const sent = sentAs(generator)
    const [lane, general] = await Promise.all([send(lanes.lanePort, sent), send(lanes.generalPort, sent)])
    if (!isDeepStrictEqual(lane, general)) expect({ sent, answer: lane }).toEqual({ sent, answer: general })
  }
  expect(lanes.masked.lane).toBe(lanes.masked.general)
  return 1 - lanes.handedOn / rounds
}

const id = entryId('kept', 'list')
const keyAt = (index: number): string => [...Object.keys(values), 'absent'][index % 7]!
const thingAt = (index: number): string => ['whole', 'odd', 'nested', 'edges', 'none', 'absent'][index % 6]!

describe('the prepared lane', () => {
  it.each([1, 2, 3, 4])('answers as the general one does, byte for byte (seed %i)', async (seed) => {
    // Otherwise this compares the general handler with itself.
    expect(await compare(open, seed, 800)).toBeGreaterThan(0.4)
    expect(seenTags).toContain(undefined)
    expect([...seenTags].filter((tags) => tags?.startsWith('kept,kept/'))).not.toHaveLength(0)
  })

  it.each([5, 6])('executes no other documents than the general one does (seed %i)', async (seed) => {
    expect(await compare(onlyTrusted, seed, 800)).toBeGreaterThan(0.05)
  })

  it.each(['toString', '__proto__', 'constructor', 'hasOwnProperty'])(
    'knows a variable called %s from what every object has',
    async (name) => {
      for (const key of ['String!', 'String', 'String = "plain"']) {
        const query = `query ($${name}: ${key}) { entry(keyspace: "kept", key: $${name}) { key } }`
        for (const variables of [`{}`, `{"${name}":"plain"}`, `{"${name}":null}`]) {
          const body = `{"query":${JSON.stringify(query)},"variables":${variables}}`
          const sent = { method: 'POST', path: '/graphql', headers: { 'content-type': 'application/json' }, body }
          expect(await send(open.lanePort, sent)).toEqual(await send(open.generalPort, sent))
        }
      }
    },
  )

  it.each<readonly [string, (index: number) => object]>([
    ['the keys of entries', (index) => ({ __typename: 'Entry', keyspace: 'kept', key: keyAt(index) })],
    ['keyspaces', (index) => ({ __typename: 'Entry', key: 'plain', keyspace: `${index % 2 ? 'kept' : 'json'}` })],
    ['keys, where their keyspace is no text', (index) => ({ __typename: 'Entry', keyspace: 7, key: keyAt(index) })],
    ['keys beside an id', (index) => ({ __typename: 'Entry', id, keyspace: 'kept', key: keyAt(index) })],
    ['ids of entries', (index) => ({ __typename: 'Entry', id: entryId('kept', keyAt(index)) })],
    ['ids of a type', (index) => ({ __typename: 'Thing', id: thingAt(index) })],
    ['what is no key', (index) => ({ __typename: 'Thing', id: 'whole', more: `${index}` })],
    ['a name with a point in it', (index) => ({ __typename: 'Thing', 'id.id': thingAt(index) })],
    ['their types', (index) => ({ id: 'whole', __typename: ['Thing', 'Entry', 'Nothing'][index % 3] })],
    ['ids of a type that is none', (index) => ({ __typename: 'Nothing', id: thingAt(index) })],
    ['ids, where their type is no text', (index) => ({ __typename: ['Thing'], id: thingAt(index) })],
  ])('takes many representations that differ in %s for what they are', async (_, make) => {
    const representations = Array.from({ length: 24 }, (_item, index) => make(index))
    const selected = '{ __typename ... on Entry { id value } ... on Thing { id code other { id } } }'
    const whole = `_entities(representations: $list) ${selected}`
    for (const query of [
      `query ($list: [_Any!]!) { ${whole} }`,
      `query ($list: [_Any!]! = []) { ${whole} twice: ${whole} }`,
      `query ($list: [_Any!]!) { ...Both } fragment Both on Query { ${whole} }`,
      `query ($list: [_Any!]!) { ${whole} part: _entities(representations: [{ __typename: "Thing", id: $list }]) ${selected} }`,
      `query ($list: [_Any!]!, $id: ID!) { ${whole} thing(id: $id) { id } }`,
      `query ($list: [_Any!]!, $is: Boolean!) { ${whole} __typename @include(if: $is) }`,
      `query ($list: [String!]!) { entries(keyspace: "kept", keys: $list) { key } }`,
      `query ($id: ID!) { thing(id: $id) { id } }`,
    ]) {
      const body = JSON.stringify({ query, variables: { list: representations, id: 7 } })
      const sent = { method: 'POST', path: '/graphql', headers: { 'content-type': 'application/json' }, body }
      const both = () => Promise.all([send(open.lanePort, sent), send(open.generalPort, sent)])
      // Of what is loaded, errors come in whatever order they come up.
      await both()
      const [lane, general] = await both()
      expect({ query, answer: lane }).toEqual({ query, answer: general })
    }
  })

  it('takes trusted documents by their ids', async () => {
    const generator = new OperationGenerator(schema, argumentValues, seededRandom(7))
    open.handedOn = 0
    let answered = 0
    for (const { query, variables, operationName } of knownOperations) {
      const sent = byId(generator, { query, variables, operationName }, 'documentId')
      const { status } = (await send(open.lanePort, sent)) as { readonly status: number }
      if (status === 200) answered++
    }
    expect(answered).toBeGreaterThan(30)
    // Beside what is wrong or no query: nothing.
    expect(open.handedOn).toBeLessThan(25)
  })
})

interface Operation {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
  readonly operationName: string | undefined
}

/** A request that names a document by its id, in one of the ways that there are; some are wrong. */
function byId(generator: OperationGenerator, { query, variables, operationName }: Operation, way: string): Sent {
  const hash = createHash('sha256').update(query).digest('hex')
  const persistedQuery = { version: 1, sha256Hash: hash }
  const parameters: Record<string, unknown> = { variables, operationName }
  switch (way) {
    case 'documentId':
      parameters['documentId'] = `sha256:${hash}`
      break
    case 'hash':
      parameters['documentId'] = generator.pick([hash, hash.toUpperCase(), `SHA256:${hash}`, `sha256:${hash}0`, '', 7])
      break
    case 'extension':
      parameters['extensions'] = { persistedQuery: generator.pick([persistedQuery, persistedQuery, null, 7, {}]) }
      break
    case 'both':
      Object.assign(parameters, { documentId: generator.pick([7, null, 'x']), extensions: { persistedQuery } })
      break
    default:
      Object.assign(parameters, {
        documentId: generator.pick(['x', hash, 7]),
        query: generator.pick([query, '', null, 7]),
      })
  }
  if (generator.chance(0.7)) {
    const headers = { 'content-type': 'application/json' }
    return { method: 'POST', path: '/graphql', headers, body: JSON.stringify(parameters) }
  }
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) search.set(name, typeof value === 'string' ? value : JSON.stringify(value))
  }
  return { method: 'GET', path: `/graphql?${search}`, headers: {}, body: undefined }
}

function sentAs(generator: OperationGenerator): Sent {
  const isKnown = generator.chance(0.2)
  const operation = isKnown ? generator.pick(knownOperations) : generator.next()
  if (isKnown && generator.chance(0.8)) {
    return byId(generator, operation, generator.pick(['documentId', 'documentId', 'hash', 'extension', 'both', 'all']))
  }
  const { query, variables, operationName } = operation
  const headers: Record<string, string> = {}
  if (generator.chance(0.3)) headers['accept'] = generator.pick(accepts)
  if (generator.chance(0.03))
    headers['origin'] = generator.pick(['http://localhost', 'http://elsewhere.example', 'null'])
  if (generator.chance(0.03)) headers['sec-fetch-site'] = generator.pick(['same-origin', 'cross-site', 'none'])
  if (generator.chance(0.2)) {
    const search = new URLSearchParams({ query, variables: JSON.stringify(variables) })
    if (operationName !== undefined) search.set('operationName', operationName)
    if (generator.chance(0.02)) search.set('extensions', generator.pick(['{}', '{"a":1}', 'x']))
    if (generator.chance(0.02)) search.set('variables', generator.pick(['', 'x', '[]', 'null', '7']))
    const method = generator.chance(0.02) ? generator.pick(['HEAD', 'OPTIONS', 'DELETE']) : 'GET'
    return { method, path: `/graphql?${search}`, headers, body: undefined }
  }
  headers['content-type'] = generator.chance(0.05) ? generator.pick(contentTypes) : 'application/json'
  const parameters: Record<string, unknown> = { query, variables, operationName }
  if (generator.chance(0.02)) parameters['variables'] = generator.pick([null, [], 'x', 7, {}])
  if (generator.chance(0.02)) parameters['extensions'] = generator.pick([null, {}, [], 'x', { a: { b: 1 } }])
  if (generator.chance(0.02)) parameters['query'] = generator.pick([undefined, null, 7, '', ' '])
  if (generator.chance(0.02)) parameters['operationName'] = generator.pick([null, 7, {}])
  if (generator.chance(0.01)) parameters['other'] = generator.pick([null, 1])
  if (generator.chance(0.01)) parameters['padding'] = 'x'.repeat(maxBodyBytes)
  const text = JSON.stringify(generator.chance(0.02) ? generator.pick([[parameters], null, 7, 'x']) : parameters)
  const body = generator.chance(0.02) ? generator.pick([text.slice(1), `\ufeff${text}`, '', ` ${text}\n`]) : text
  const path = generator.chance(0.03) ? generator.pick(['/graphql/', '/graphql?a=1', '/GraphQL', '/other']) : '/graphql'
  return { method: generator.chance(0.02) ? 'PUT' : 'POST', path, headers, body }
}
