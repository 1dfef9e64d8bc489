/** Bytes that somebody sends who means no good, or who is broken. To try another, add a line. */
export interface HostileInput {
  readonly name: string
  readonly input: string | Buffer
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
  ...Array.from({ length: 24 }, (_, index) => [`noise ${index} with a head`, framed(noise(index, 60), index)] as const),
])
