import { encodeFrame } from '../../src/cluster/protocol/frame.ts'
import { heartbeatOf } from './heartbeats.ts'

/** Bytes that somebody sends who means no good, or who is broken. To try another, add a line. */
export interface HostileInput {
  readonly name: string
  readonly input: string | Buffer
}

/** The same, sent so slowly that it never ends: piece by piece, and then nothing while the connection stays. */
export interface SlowInput extends HostileInput {
  /** Bytes of one piece. */
  readonly pieceBytes: number
  /** Between two pieces. */
  readonly pauseMs: number
}

/** The same, over many connections at once. */
export interface ManifoldInput extends HostileInput {
  readonly connections: number
}

const repeat = (text: string, count: number) => text.repeat(count)
const named = (entries: readonly (readonly [name: string, input: string | Buffer])[]): readonly HostileInput[] =>
  entries.map(([name, input]) => ({ name, input }))

const request = (method: string, target: string, headers: readonly string[] = [], body = '') =>
  [`${method} ${target} HTTP/1.1`, 'Host: localhost', ...headers, '', body].join('\r\n')
const posted = (body: string, headers: readonly string[] = []) =>
  request(
    'POST',
    '/graphql',
    ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`, ...headers],
    body,
  )
const get = (search: string) => request('GET', `/graphql?${search}`, ['Connection: close'])

/** Sent to the HTTP port as they are. */
export const overHttp: readonly HostileInput[] = named([
  ['nothing', ''],
  ['a line break', '\r\n'],
  ['many line breaks', repeat('\r\n', 10_000)],
  ['no HTTP', 'hello\r\n\r\n'],
  ['a TLS greeting', Buffer.from('16030100c8010000c40303', 'hex')],
  ['an SSH greeting', 'SSH-2.0-OpenSSH_9.6\r\n'],
  ['HTTP/2 as known before', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['HTTP/9', 'GET / HTTP/9.9\r\nHost: localhost\r\n\r\n'],
  ['HTTP/1.0', 'GET /graphql HTTP/1.0\r\n\r\n'],
  ['zeros', Buffer.alloc(5000)],
  ['noise', Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) % 256))],
  ['a request that stops in its head', 'GET /graphql HTT'],
  ['a request that stops in a header', 'GET /graphql HTTP/1.1\r\nHost: loc'],
  ['no Host', 'GET /graphql HTTP/1.1\r\n\r\n'],
  ['two Hosts', 'GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n'],
  ['another Host', 'GET /graphql HTTP/1.1\r\nHost: evil.example\r\n\r\n'],
  ['a Host that is none', 'GET /graphql HTTP/1.1\r\nHost: a b\r\n\r\n'],
  ['a header of 100 KB', request('GET', '/graphql', [`X: ${repeat('a', 100_000)}`])],
  [
    '10,000 headers',
    request(
      'GET',
      '/graphql',
      Array.from({ length: 10_000 }, (_, index) => `X${index}: a`),
    ),
  ],
  ['an address of 100 KB', request('GET', `/graphql?query=${repeat('a', 100_000)}`)],
  ['a header without a name', request('GET', '/graphql', [': a'])],
  ['a header with a zero', request('GET', '/graphql', ['X: a\0b'])],
  ['a folded header', 'GET /graphql HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n'],
  ['two lengths', request('POST', '/graphql', ['Content-Length: 2', 'Content-Length: 3'], '{}')],
  [
    'a length and chunks',
    request('POST', '/graphql', ['Content-Length: 2', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
  ],
  ['a negative length', request('POST', '/graphql', ['Content-Length: -1'], '{}')],
  ['a length that is no number', request('POST', '/graphql', ['Content-Length: 1e3'], '{}')],
  ['a length beyond all numbers', request('POST', '/graphql', ['Content-Length: 99999999999999999999'], '{}')],
  [
    'a length over the limit',
    request('POST', '/graphql', ['Content-Type: application/json', 'Content-Length: 999999999']),
  ],
  [
    'a body shorter than it says',
    request('POST', '/graphql', ['Content-Type: application/json', 'Content-Length: 500'], '{'),
  ],
  [
    'chunks of no size',
    request('POST', '/graphql', ['Content-Type: application/json', 'Transfer-Encoding: chunked'], 'zz\r\n'),
  ],
  ['a chunk of huge size', request('POST', '/graphql', ['Transfer-Encoding: chunked'], 'ffffffffffffffff\r\n')],
  ['an unknown encoding', request('POST', '/graphql', ['Transfer-Encoding: gzip, evil'], '{}')],
  ['compressed, it says', posted('{}', ['Content-Encoding: gzip'])],
  ['expects 100', request('POST', '/graphql', ['Expect: 100-continue', 'Content-Length: 2'])],
  ['expects something else', request('POST', '/graphql', ['Expect: miracles', 'Content-Length: 2'], '{}')],
  ['a whole address', request('GET', 'http://evil.example/graphql')],
  ['an address that climbs', request('GET', '/../../etc/passwd')],
  ['an address with encoded climbing', request('GET', '/%2e%2e/%2e%2e/etc/passwd')],
  ['an address with a zero', request('GET', '/graphql%00')],
  ['an address that cannot be decoded', get('query=%E0%A4%A')],
  ['two slashes', request('GET', '//evil.example/graphql')],
  ['CONNECT', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['TRACE', request('TRACE', '/graphql')],
  ['OPTIONS for everything', 'OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['a method of its own', request('BREW', '/graphql')],
  ['a method of 10 KB', request(repeat('A', 10_000), '/graphql')],
  ['two requests at once', request('GET', '/health') + request('GET', '/health', ['Connection: close'])],
  ['1,000 requests at once', repeat(request('GET', '/health'), 1000)],
  ['a hidden request behind a body', posted('{"query":"{__typename}"}') + request('GET', '/admin')],
  ['an upgrade to something else', request('GET', '/graphql', ['Connection: Upgrade', 'Upgrade: h2c'])],
  ['an upgrade elsewhere', request('GET', '/other', ['Connection: Upgrade', 'Upgrade: websocket'])],
  ['a WebSocket without key', request('GET', '/graphql', ['Connection: Upgrade', 'Upgrade: websocket'])],
  [
    'a WebSocket with a wrong key',
    request('GET', '/graphql', [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Key: a',
      'Sec-WebSocket-Version: 13',
    ]),
  ],
  [
    'a WebSocket of version 99',
    request('GET', '/graphql', [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version: 99',
    ]),
  ],
])

const slow = (name: string, input: string | Buffer, pieceBytes: number, pauseMs: number): SlowInput => ({
  name,
  input,
  pieceBytes,
  pauseMs,
})

/** Sent to the HTTP port in pieces. */
export const slowlyOverHttp: readonly SlowInput[] = [
  slow('nothing, and stays', '', 1, 50),
  slow('a line break now and then', repeat('\r\n', 1000), 2, 20),
  slow('a head byte by byte', request('GET', '/graphql', [`X: ${repeat('a', 10_000)}`]), 1, 20),
  slow(
    'header after header',
    request(
      'GET',
      '/graphql',
      Array.from({ length: 1000 }, (_, n) => `X${n}: a`),
    ),
    7,
    20,
  ),
  slow('a body byte by byte', posted(repeat(' ', 10_000)), 200, 20),
  slow('half a body, and stays', posted(repeat(' ', 10_000)).slice(0, 5000), 5000, 20),
  slow(
    'chunk by chunk',
    request(
      'POST',
      '/graphql',
      ['Content-Type: application/json', 'Transfer-Encoding: chunked'],
      repeat('1\r\n \r\n', 1000),
    ),
    120,
    20,
  ),
  slow('a request, and stays', request('GET', '/health'), 1000, 20),
  slow('a request with a body that nobody waits for', request('POST', '/other', ['Content-Length: 10000']), 1000, 20),
  slow('half an upgrade', 'GET /graphql HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upg', 10, 20),
]

/** Sent to the HTTP port over many connections at once. */
export const manifoldOverHttp: readonly ManifoldInput[] = [
  { name: 'connections that say nothing', input: '', connections: 500 },
  { name: 'requests at once', input: get('query={__typename}'), connections: 500 },
  {
    name: 'requests whose answers nobody waits for',
    input: repeat(request('GET', '/graphql?query={__typename}'), 20),
    connections: 200,
  },
  {
    name: 'bodies that are not sent',
    input: request('POST', '/graphql', ['Content-Type: application/json', 'Content-Length: 1000000']),
    connections: 300,
  },
  {
    name: 'large bodies',
    input: posted(JSON.stringify({ query: '{__typename}', variables: { a: repeat('a', 200_000) } })),
    connections: 100,
  },
  {
    name: 'upgrades',
    input: request('GET', '/graphql', [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Protocol: graphql-transport-ws',
    ]),
    connections: 200,
  },
]

const graphql = (query: string) => JSON.stringify({ query })
const jsonBodies: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['half an object', '{'],
  ['null', 'null'],
  ['a number', '7'],
  ['a text', '"query"'],
  ['a list', '[]'],
  ['a list of operations', JSON.stringify(Array.from({ length: 1000 }, () => ({ query: '{__typename}' })))],
  ['an empty object', '{}'],
  ['a query that is a number', '{"query":7}'],
  ['a query that is null', '{"query":null}'],
  ['a query that is an object', '{"query":{"kind":"Document"}}'],
  ['variables that are a text', '{"query":"{__typename}","variables":"{}"}'],
  ['variables that are a list', '{"query":"{__typename}","variables":[]}'],
  ['extensions that are a number', '{"query":"{__typename}","extensions":7}'],
  ['an operation name that is a list', '{"query":"{__typename}","operationName":[]}'],
  ['an operation that is not there', '{"query":"{__typename}","operationName":"Other"}'],
  ['a prototype', '{"query":"{__typename}","__proto__":{"admin":true},"variables":{"__proto__":{"a":1}}}'],
  ['a constructor', '{"query":"{__typename}","constructor":{"prototype":{"polluted":1}}}'],
  ['100,000 brackets', repeat('[', 100_000)],
  ['JSON 50,000 deep', `{"query":"{__typename}","variables":{"a":${repeat('[', 50_000)}${repeat(']', 50_000)}}}`],
  ['a key of 1 MB', `{"${repeat('k', 1_000_000)}":1}`],
  [
    '100,000 variables',
    JSON.stringify({
      query: '{__typename}',
      variables: Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`v${index}`, index])),
    }),
  ],
  ['half a character', '{"query":"{ entry(keyspace: \\"things\\", key: \\"\\ud800\\") { key } }"}'],
  ['a zero', '{"query":"{ entry(keyspace: \\"things\\", key: \\"\\u0000\\") { key } }"}'],
  ['a byte order mark', '\uFEFF{"query":"{__typename}"}'],
  ['a comment', '{/* */"query":"{__typename}"}'],
  ['a number too large', '{"query":"query($a:Int){__typename}","variables":{"a":1e400}}'],
]
const documents: readonly (readonly [string, string])[] = [
  ['no document', ' '],
  ['an open brace', '{'],
  ['100,000 open braces', repeat('{', 100_000)],
  ['20,000 nested fields', `${repeat('{ a ', 20_000)}${repeat('}', 20_000)}`],
  [
    '20,000 nested lists',
    `{ entries(keyspace: "things", keys: ${repeat('[', 20_000)}${repeat(']', 20_000)}) { key } }`,
  ],
  [
    '10,000 nested objects',
    `mutation { putEntry(input: ${repeat('{ a: ', 10_000)}1${repeat('}', 10_000)}) { entry { key } } }`,
  ],
  ['10,000 aliases', `{ ${Array.from({ length: 10_000 }, (_, index) => `a${index}: __typename`).join(' ')} }`],
  ['10,000 fields of one name', `{ ${repeat('__typename ', 10_000)} }`],
  ['a fragment that spreads itself', 'query { ...a } fragment a on Query { ...a }'],
  ['fragments in a circle', 'query { ...a } fragment a on Query { ...b } fragment b on Query { ...a }'],
  [
    'fragments that double',
    `query { ...f0 } ${Array.from({ length: 60 }, (_, n) => `fragment f${n} on Query { ...f${n + 1} ...f${n + 1} }`).join(' ')} fragment f60 on Query { __typename }`,
  ],
  [
    '5,000 fragments',
    `query { __typename } ${Array.from({ length: 5000 }, (_, n) => `fragment f${n} on Query { __typename }`).join(' ')}`,
  ],
  ['5,000 operations', Array.from({ length: 5000 }, (_, n) => `query q${n} { __typename }`).join(' ')],
  ['5,000 directives', `{ __typename ${repeat('@skip(if: false) ', 5000)} }`],
  ['5,000 unknown directives', `{ __typename ${repeat('@a ', 5000)} }`],
  ['5,000 variables', `query(${Array.from({ length: 5000 }, (_, n) => `$v${n}: Int`).join(', ')}) { __typename }`],
  [
    'fields that conflict',
    `{ ${Array.from({ length: 500 }, (_, n) => `a: entry(keyspace: "k${n}", key: "x") { key }`).join(' ')} }`,
  ],
  ['introspection 20 deep', `{ __schema { ${repeat('types { fields { type { ', 20)} name ${repeat('} } } ', 20)} } }`],
  ['a name of 1 MB', `{ ${repeat('a', 1_000_000)} }`],
  ['a text of 1 MB', `{ entry(keyspace: "${repeat('k', 1_000_000)}", key: "x") { key } }`],
  ['a key of 1 MB', `{ entry(keyspace: "things", key: "${repeat('k', 1_000_000)}") { key } }`],
  ['an empty key', '{ entry(keyspace: "things", key: "") { key } }'],
  ['5,000 keys', `{ entries(keyspace: "things", keys: [${repeat('"k" ', 5000)}]) { key } }`],
  ['a block text', '{ entry(keyspace: """things"""", key: "x") { key } }'],
  ['an open text', '{ entry(keyspace: "things'],
  [
    'a number of 100,000 digits',
    `mutation { createKeyspace(input: { name: "n", maxBytes: ${repeat('9', 100_000)} }) { keyspace { name } } }`,
  ],
  [
    'a duration of ages',
    'mutation { createKeyspace(input: { name: "n", ttl: "99999999999h" }) { keyspace { name } } }',
  ],
  ['a keyspace called __proto__', 'mutation { createKeyspace(input: { name: "__proto__" }) { keyspace { name } } }'],
  [
    'a keyspace called constructor',
    '{ entry(keyspace: "constructor", key: "x") { key } keyspace(name: "__proto__") { name } }',
  ],
  [
    'a keyspace with a line break',
    'mutation { createKeyspace(input: { name: "a\\r\\nPUB x 1" }) { keyspace { name } } }',
  ],
  [
    'bytes that are none',
    'mutation { putEntry(input: { keyspace: "things", key: "a", bytes: "%%%" }) { entry { key } } }',
  ],
  [
    'three values',
    'mutation { putEntry(input: { keyspace: "things", key: "a", value: 1, text: "a", bytes: "YQ==" }) { entry { key } } }',
  ],
  ['an entity of no type', '{ _entities(representations: [{}]) { __typename } }'],
  ['an entity that is null', '{ _entities(representations: [null]) { __typename } }'],
  [
    'an entity of a wrong type',
    '{ _entities(representations: [{ __typename: "Query" }, { __typename: "__Schema" }]) { __typename } }',
  ],
  [
    'an entity called constructor',
    '{ _entities(representations: [{ __typename: "constructor" }, { __typename: "__proto__" }]) { __typename } }',
  ],
  [
    'an entity with a wrong id',
    '{ _entities(representations: [{ __typename: "Entry", id: "////" }, { __typename: "Entry", id: "bnVsbA" }]) { __typename } }',
  ],
  [
    '11,000 entities',
    `{ _entities(representations: [${repeat('{ __typename: "Entry", id: "a" } ', 2500)}]) { __typename } }`,
  ],
  ['a schema', 'type Query { a: Int }'],
  ['a query beside a schema', 'type Query { a: Int } query { __typename }'],
  [
    'a subscription beside a query',
    'subscription { clusterEvents { reason } entryChanges(keyspace: "things") { key } }',
  ],
  ['text from right to left', '{ entry(keyspace: "\u202Ethings", key: "\u2066x") { key } }'],
  ['control characters', '{ entry(keyspace: "things", key: "\u0007\u001B[31m") { key } }'],
]

/** Sent as the body of a POST of JSON. */
export const overPost: readonly HostileInput[] = named([
  ...jsonBodies,
  ...documents.map(([name, document]) => [`document: ${name}`, graphql(document)] as const),
])

const subscribe = (payload: string, id = '"1"') => `{"type":"subscribe","id":${id},"payload":${payload}}`
const init = '{"type":"connection_init"}'

/** Sent as messages over a WebSocket, those of one input line by line. */
export const overWebSocket: readonly HostileInput[] = named([
  ['nothing', ''],
  ['no JSON', 'hello'],
  ['null', 'null'],
  ['a number', '7'],
  ['a list', '[]'],
  ['no type', '{}'],
  ['an unknown type', '{"type":"start","id":"1"}'],
  ['init twice', `${init}\n${init}`],
  ['init 1,000 times', repeat(`${init}\n`, 1000)],
  ['init with a text', '{"type":"connection_init","payload":"a"}'],
  ['init with a list', '{"type":"connection_init","payload":[]}'],
  ['init with 1 MB', `{"type":"connection_init","payload":{"a":"${repeat('a', 1_000_000)}"}}`],
  ['subscribe before init', subscribe('{"query":"{__typename}"}')],
  ['subscribe without a payload', `${init}\n{"type":"subscribe","id":"1"}`],
  ['subscribe without an id', `${init}\n{"type":"subscribe","payload":{"query":"{__typename}"}}`],
  ['an id that is a number', `${init}\n${subscribe('{"query":"{__typename}"}', '7')}`],
  ['an empty id', `${init}\n${subscribe('{"query":"{__typename}"}', '""')}`],
  ['an id of 1 MB', `${init}\n${subscribe('{"query":"{__typename}"}', `"${repeat('i', 1_000_000)}"`)}`],
  ['an id called __proto__', `${init}\n${subscribe('{"query":"{__typename}"}', '"__proto__"')}`],
  ['an id called constructor', `${init}\n${subscribe('{"query":"{__typename}"}', '"constructor"')}`],
  ['one id twice', `${init}\n${repeat(`${subscribe('{"query":"subscription { clusterEvents { reason } }"}')}\n`, 2)}`],
  ['a query that is a number', `${init}\n${subscribe('{"query":7}')}`],
  ['variables that are a list', `${init}\n${subscribe('{"query":"{__typename}","variables":[1]}')}`],
  ['an operation that is not there', `${init}\n${subscribe('{"query":"{__typename}","operationName":"Other"}')}`],
  ['complete of what was not begun', `${init}\n{"type":"complete","id":"9"}`],
  ['1,000 completes', `${init}\n${repeat('{"type":"complete","id":"9"}\n', 1000)}`],
  ['1,000 pings', repeat('{"type":"ping"}\n', 1000)],
  ['a ping of 1 MB', `{"type":"ping","payload":{"a":"${repeat('a', 1_000_000)}"}}`],
  ['what only servers say', '{"type":"connection_ack"}'],
  ['next', `${init}\n{"type":"next","id":"1","payload":{"data":{}}}`],
  [
    '2,000 subscriptions',
    `${init}\n${Array.from({ length: 2000 }, (_, index) => subscribe('{"query":"subscription { entryChanges(keyspace: \\"things\\") { key } }"}', `"${index}"`)).join('\n')}`,
  ],
  ['100,000 brackets', repeat('[', 100_000)],
  ...documents
    .slice(0, 20)
    .map(([name, document]) => [`document: ${name}`, `${init}\n${subscribe(graphql(document))}`] as const),
])

interface FrameOptions {
  readonly first?: number
  readonly isMasked?: boolean
  /** The length that is claimed, as the bytes of that part of a frame. */
  readonly length?: readonly number[]
}

/** A frame of a WebSocket as a client sends it; `opcode` with the final bit set unless `first` says otherwise. */
function frame(opcode: number, payload: string | Buffer = '', options: FrameOptions = {}): Buffer {
  const { first = 0x80 | opcode, isMasked = true, length } = options
  const data = Buffer.from(payload)
  const mask = isMasked ? 0x80 : 0
  const size =
    data.length < 126 ? [data.length] : data.length < 65_536 ? [126, data.length >> 8, data.length & 255] : undefined
  const claimed = length ?? size ?? [127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (data.length >>> shift) & 255)]
  const head = [first, claimed[0]! | mask, ...claimed.slice(1), ...(isMasked ? [0, 0, 0, 0] : [])]
  return Buffer.concat([Buffer.from(head), data])
}

const [more, text, binary, close, ping, pong] = [0, 1, 2, 8, 9, 10]
const initFrame = frame(text, '{"type":"connection_init"}')

/** Sent on a connection that has become a WebSocket, as they are. */
export const overWebSocketFrames: readonly HostileInput[] = named([
  ['no frame', 'hello'],
  ['HTTP', request('GET', '/graphql')],
  ['zeros', Buffer.alloc(1000)],
  ['ones', Buffer.alloc(1000, 255)],
  ['noise', Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) % 256))],
  ['a frame without a mask', frame(text, '{"type":"ping"}', { isMasked: false })],
  ['an opcode that is none', frame(3, 'a')],
  ['a control frame that is none', frame(11, 'a')],
  ['reserved bits', frame(text, 'a', { first: 0xf1 })],
  ['compressed, it says', frame(text, 'a', { first: 0xc1 })],
  ['a length of 2 to the 63rd', frame(text, '', { length: [127, 127, 255, 255, 255, 255, 255, 255, 255] })],
  ['a length beyond all numbers', frame(text, '', { length: [127, 255, 255, 255, 255, 255, 255, 255, 255] })],
  ['a length over the limit', frame(text, 'a', { length: [127, 0, 0, 0, 0, 64, 0, 0, 0] })],
  ['a length that is longer than it has to be', frame(text, 'a', { length: [126, 0, 1] })],
  ['half a frame', frame(text, 'hello').subarray(0, 8)],
  ['a head and no more', frame(text, 'hello').subarray(0, 1)],
  ['a ping that is too long', frame(ping, repeat('a', 126))],
  ['a ping in pieces', frame(ping, 'a', { first: ping })],
  ['1,000 pings', Buffer.concat(Array.from({ length: 1000 }, () => frame(ping, repeat('a', 125))))],
  ['1,000 pongs', Buffer.concat(Array.from({ length: 1000 }, () => frame(pong, 'a')))],
  ['a piece of nothing', frame(more, 'a')],
  ['a piece that never ends', frame(text, 'a', { first: text })],
  ['another message within one', Buffer.concat([frame(text, 'a', { first: text }), frame(text, 'b')])],
  [
    '20,000 empty pieces',
    Buffer.concat([
      frame(text, '{', { first: text }),
      ...Array.from({ length: 20_000 }, () => frame(more, '', { first: more })),
    ]),
  ],
  ['text that is no UTF-8', frame(text, Buffer.from([0xff, 0xfe, 0xc0, 0x80]))],
  ['half a character', frame(text, Buffer.from([0xe5, 0x8c]))],
  ['bytes for text', frame(binary, '{"type":"connection_init"}')],
  ['a close of one byte', frame(close, 'a')],
  ['a close with a code that is none', frame(close, Buffer.from([0, 1]))],
  ['a close with a reason that is no UTF-8', frame(close, Buffer.from([0x03, 0xe8, 0xff]))],
  ['a close, and then more', Buffer.concat([frame(close, Buffer.from([0x03, 0xe8])), initFrame])],
  ['two closes', Buffer.concat([frame(close), frame(close)])],
  [
    '1,000 messages at once',
    Buffer.concat([initFrame, ...Array.from({ length: 1000 }, () => frame(text, '{"type":"ping"}'))]),
  ],
  [
    'a message of 4 MB',
    Buffer.concat([initFrame, frame(text, `{"type":"ping","payload":{"a":"${repeat('a', 4_000_000)}"}}`)]),
  ],
])

const unsigned = (header: object, claims: object) =>
  [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
const claims = { iss: 'https://issuer.example', aud: 'fedcache', scope: '*', exp: 4_000_000_000 }

/** Sent as the `Authorization` of an operation, or as other headers that might say who sends it. None may let anybody in. */
export const forgedHeaders: readonly (readonly [name: string, headers: readonly (readonly [string, string])[]])[] = [
  ['nothing', [['Authorization', '']]],
  ['the scheme alone', [['Authorization', 'Bearer']]],
  ['the scheme and a space', [['Authorization', 'Bearer ']]],
  ['a wrong token', [['Authorization', 'Bearer guessed']]],
  ['the start of a right one', [['Authorization', 'Bearer sesam']]],
  ['a right one and more', [['Authorization', 'Bearer sesame1']]],
  ['a right one in capitals', [['Authorization', 'Bearer SESAME']]],
  ['a right one in quotation marks', [['Authorization', 'Bearer "sesame"']]],
  ['a right one as a password', [['Authorization', `Basic ${btoa('sesame:sesame')}`]]],
  ['a right one without a scheme', [['Authorization', 'sesame']]],
  ['a right one under another scheme', [['Authorization', 'Token sesame']]],
  ['a right one behind a comma', [['Authorization', 'Bearer guessed, Bearer sesame']]],
  [
    'a right one in another header',
    [
      ['X-Authorization', 'Bearer sesame'],
      ['Cookie', 'authorization=Bearer%20sesame'],
    ],
  ],
  ['a right one of a proxy', [['Proxy-Authorization', 'Bearer sesame']]],
  [
    'a second Authorization',
    [
      ['Authorization', 'Bearer guessed'],
      ['Authorization', 'Bearer sesame'],
    ],
  ],
  ['a token of 15 KB', [['Authorization', `Bearer ${repeat('a', 15_000)}`]]],
  ['10,000 spaces', [['Authorization', `Bearer ${repeat(' ', 10_000)}x`]]],
  ['a star', [['Authorization', 'Bearer *']]],
  ['__proto__', [['Authorization', 'Bearer __proto__']]],
  ['a JWT that nobody signed', [['Authorization', `Bearer ${unsigned({ alg: 'none' }, claims)}.`]]],
  ['a JWT that nobody signed, in capitals', [['Authorization', `Bearer ${unsigned({ alg: 'NONE' }, claims)}.`]]],
  [
    'a JWT with a shared secret',
    [['Authorization', `Bearer ${unsigned({ alg: 'HS256' }, claims)}.${repeat('A', 43)}`]],
  ],
  [
    'a JWT with a key of its own',
    [['Authorization', `Bearer ${unsigned({ alg: 'RS256', jwk: { kty: 'RSA', n: 'AQAB', e: 'AQAB' } }, claims)}.AAAA`]],
  ],
  [
    'a JWT with keys from elsewhere',
    [
      [
        'Authorization',
        `Bearer ${unsigned({ alg: 'RS256', jku: 'https://evil.example/jwks', x5u: 'https://evil.example' }, claims)}.AAAA`,
      ],
    ],
  ],
  [
    'a JWT with a key that climbs',
    [['Authorization', `Bearer ${unsigned({ alg: 'ES256', kid: '../../dev/null' }, claims)}.AAAA`]],
  ],
  [
    'a JWT with critical parts',
    [['Authorization', `Bearer ${unsigned({ alg: 'ES256', crit: ['exp'], exp: 1 }, claims)}.AAAA`]],
  ],
  ['a JWT of one part', [['Authorization', 'Bearer eyJhbGciOiJub25lIn0']]],
  ['a JWT of 100 parts', [['Authorization', `Bearer ${repeat('a.', 100)}`]]],
  ['a JWT that is no JSON', [['Authorization', 'Bearer aaaa.bbbb.cccc']]],
  [
    'an address that is believed',
    [
      ['X-Forwarded-For', '127.0.0.1'],
      ['Forwarded', 'for=127.0.0.1'],
      ['X-Real-IP', '127.0.0.1'],
    ],
  ],
  [
    'a user of a proxy',
    [
      ['X-Forwarded-User', 'admin'],
      ['X-Authenticated-User', 'admin'],
      ['Remote-User', 'admin'],
    ],
  ],
  ['another method', [['X-HTTP-Method-Override', 'OPTIONS']]],
]

/** A frame of version 1 around a head, whose lengths may lie. */
function framed(head: readonly number[] | Buffer, headLength: number = head.length, values = 0): Buffer {
  const start = Buffer.alloc(9)
  start[0] = 1
  start.writeUInt32LE(headLength, 1)
  start.writeUInt32LE(values, 5)
  return Buffer.concat([start, Buffer.from(head)])
}

const noise = (seed: number, length: number) =>
  Array.from({ length }, (_, at) => (at * 31 + seed * 97 + (at >> 3)) % 256)

// On its way a roll call is a number.
const heartbeat = { ...heartbeatOf({ process: '0-stranger', incarnation: '0-stranger.1', state: 'LEFT' }), rollCall: 0 }
const changed = { process: '0-stranger', number: 1, keyspace: 'things' }
const record = { name: 'made', version: 1, clearedAt: 0, settings: null }
const records = (...list: readonly unknown[]) => ({
  process: '0-stranger',
  number: 1,
  kind: 'CATALOGUE',
  records: list,
})

/** Heads that can be read, and are lies or nonsense. */
const wellFormed: readonly (readonly [name: string, head: unknown, values?: readonly (string | null)[]])[] = [
  ['null', null],
  ['a list', []],
  ['an empty head', {}],
  ['a head of 50,000 fields', Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`f${index}`, index]))],
  [
    'a head called __proto__',
    JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
  ],
  ['a goodbye of nobody', heartbeat],
  ['a heartbeat in a state of its own', { ...heartbeat, state: 'KING' }],
  ['a heartbeat that is no number', { ...heartbeat, beat: NaN }],
  ['a heartbeat from the end of time', { ...heartbeat, version: Number.MAX_VALUE, invalidation: Infinity, beat: -1 }],
  ['a heartbeat with 10,000 answers', { ...heartbeat, answers: Array.from({ length: 10_000 }, () => ['p', 1]) }],
  ['a heartbeat with answers of nothing', { ...heartbeat, answers: [null, [], [1, 2]] }],
  ['a heartbeat with a URL of 500 KB', { ...heartbeat, url: repeat('u', 500_000) }],
  ['a change of a kind of its own', { ...changed, kind: 'DROP' }],
  ['a change of no keyspace', { ...changed, keyspace: 'none', kind: 'CLEAR', version: 1 }],
  ['a change of keyspace __proto__', { ...changed, keyspace: '__proto__', kind: 'TAGS', tags: ['a'], version: 1 }],
  ['a change of no key', { ...changed, kind: 'KEYS', changes: [[], [1], null] }],
  [
    'a change of 50,000 keys',
    { ...changed, kind: 'KEYS', changes: Array.from({ length: 50_000 }, (_, n) => [`${n}`, 1, 0]) },
  ],
  ['a change from the end of time', { ...changed, kind: 'KEYS', changes: [['x', Number.MAX_VALUE, 1]] }],
  ['a change before time', { ...changed, number: -Infinity, kind: 'CLEAR', version: -Infinity }],
  ['a change with tags that are none', { ...changed, kind: 'TAGS', tags: [7], version: 1 }],
  ['a keyspace without a name', records({ ...record, name: undefined })],
  ['a keyspace called __proto__', records({ ...record, name: '__proto__', settings: { ttlMs: 1 } })],
  ['a keyspace with a name of 500 KB', records({ ...record, name: repeat('n', 500_000), settings: {} })],
  ['a keyspace with a line break', records({ ...record, name: 'a\r\nPUB x 1', settings: {} })],
  [
    'a keyspace with settings that are none',
    records({ ...record, settings: { ttlMs: 'soon', maxBytes: -1, format: 7 } }),
  ],
  ['a keyspace with settings of its own', records({ ...record, settings: { store: 'evil', source: { loadMany: 1 } } })],
  ['a keyspace that is deleted from the end of time', records({ ...record, name: 'gone', version: Number.MAX_VALUE })],
  ['keyspaces that are nothing', records(null, 7, [])],
  ['a read of nothing', { op: 'read' }],
  ['a read as nobody', { op: 'read', as: 'GOD', keyspace: 'things', keys: ['a'], timeoutMs: 1 }],
  ['a read for ever', { op: 'read', as: 'OWNER', keyspace: 'things', keys: ['a'], timeoutMs: Infinity }],
  [
    'a read of 50,000 keys',
    {
      op: 'read',
      as: 'OWNER',
      keyspace: 'things',
      keys: Array.from({ length: 50_000 }, (_, n) => `${n}`),
      timeoutMs: 1,
    },
  ],
  ['a write of nothing', { op: 'write', keyspace: 'things', view: '', incarnation: '', rows: [] }],
  [
    'a write with rows that are none',
    { op: 'write', keyspace: 'things', view: '', incarnation: '', rows: [null, 7, {}] },
    ['a'],
  ],
  ['a take of nothing', { op: 'take', keyspace: 'none', rows: [] }],
  ['a take of rows that are none', { op: 'take', keyspace: 'things', rows: [[], [1, 2], null] }, ['a', null]],
  ['seen from the end of time', { op: 'seen', process: 'x', invalidation: Infinity, keyspaceChange: Number.MAX_VALUE }],
  ['an order that is none', { op: 'shutdown' }],
]

/** Published over NATS, on the subjects that peers listen to and as requests. */
export const overBus: readonly HostileInput[] = named([
  ['nothing', ''],
  ['a zero', Buffer.from([0])],
  ['version 1 and no more', Buffer.from([1])],
  ['version 0', Buffer.from([0, 1, 2, 3])],
  ['version 2', Buffer.from([2, 0, 0, 0, 1, 0xc0])],
  ['version 255', Buffer.alloc(100, 255)],
  ['a text', 'hello'],
  ['JSON', '{"state":"ALIVE"}'],
  ['a head that is longer than it is', framed([0x80], 0xffffffff)],
  ['4 billion values', framed([0x80], 1, 0xffffffff)],
  ['a million values', framed([0x80], 1, 1_000_000)],
  ['a head of length 0', framed([])],
  ['a map that is longer than it is', framed([0xdf, 255, 255, 255, 255])],
  ['a list that is longer than it is', framed([0xdd, 255, 255, 255, 255])],
  ['a text that is longer than it is', framed([0xdb, 255, 255, 255, 255])],
  ['lists in lists', framed(Buffer.alloc(10_000, 0x91))],
  ['maps in maps', framed(Buffer.alloc(10_000, 0x81))],
  ['an extension', framed([0xd4, 0x72, 0x40])],
  ['a record of msgpackr', framed([0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61])],
  ['NaN', framed([0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0])],
  ['half a megabyte of zeros', Buffer.alloc(500_000)],
  ['half a megabyte of ones', Buffer.alloc(500_000, 1)],
  ['noise', Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) % 256))],
  ['noise of version 1', Buffer.from([1, ...noise(7, 5000)])],
  ...wellFormed.map(
    ([name, head, values]) => [`well-formed: ${name}`, Buffer.from(encodeFrame(head, values))] as const,
  ),
  ...Array.from({ length: 24 }, (_, index) => [`noise ${index} with a head`, framed(noise(index, 60), index)] as const),
])
