import { execFileSync } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ServeProcesses } from './serve-process.ts'

const processes = new ServeProcesses()
afterAll(() => processes.end())

const echo = `
  import { defineConfig, functionSource } from 'fedcache'
  const loadMany = async (keys: readonly string[]) => keys.map((key) => ({ key }))
  export default defineConfig({ port: 0, keyspaces: { things: { source: functionSource({ loadMany }), ttl: '10m' } } })
`

// Answers when it is told to, so that tests need not guess how long something takes.
let origin: Server
let originUrl = ''
const arrived: (() => void)[] = []
let release: () => void = () => {}

beforeAll(async () => {
  origin = createServer((request, response) => {
    const answer = (): void => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ path: request.url }))
    }
    if (request.url?.startsWith('/slow') === true) release = answer
    else answer()
    for (const tell of arrived.splice(0)) tell()
  })
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
  originUrl = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`
})

afterAll(() => {
  origin.closeAllConnections()
  origin.close()
})

function requestArrived(): Promise<void> {
  return new Promise((resolve) => arrived.push(resolve))
}

describe('fedcache serve', () => {
  it('serves a TypeScript config that lies outside the project', async () => {
    const served = processes.start(['serve', '--config', processes.file('echo.config.ts', echo)])
    const line = await served.logged('listening')
    expect(line).toMatchObject({
      level: 'info',
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:[1-9]\d*\/graphql$/),
    })
    expect(line).toMatchObject({ keyspaces: ['things'], config: expect.stringContaining('echo.config.ts') })
    const query = '{ entry(keyspace: "things", key: "a") { value servedFrom } }'
    expect(await served.query(query)).toEqual({ data: { entry: { value: { key: 'a' }, servedFrom: 'SOURCE' } } })
    expect(await served.query(query)).toEqual({ data: { entry: { value: { key: 'a' }, servedFrom: 'OWNER' } } })
    expect(served.log.filter(({ msg }) => msg === 'loaded')).toEqual([
      expect.objectContaining({ keyspace: 'things', keys: 1 }),
    ])
    expect(await served.query('{ cluster { self { url } } }')).toEqual({
      data: { cluster: { self: { url: line['url'] } } },
    })
  })

  it('takes a .ts config for a module, whatever the package.json above it says', async () => {
    const own = new ServeProcesses()
    own.file('package.json', '{ "type": "commonjs" }')
    const served = own.start(['serve', '--config', own.file('echo.config.ts', echo)])
    await served.logged('listening')
    expect(served.errors).toBe('')
    await own.end()
  })

  it('finds fedcache.config.ts in the working directory', async () => {
    const own = new ServeProcesses()
    own.file('fedcache.config.ts', echo)
    const served = own.start(['serve'])
    expect(await served.logged('listening')).toMatchObject({ keyspaces: ['things'] })
    await own.end()
  })

  it('serves an HTTP API without a config', async () => {
    const served = processes.start(['serve', '--port', '0', '--http', `products=${originUrl}/products/{key}`])
    expect(await served.query('{ entry(keyspace: "products", key: "a/b") { value } }')).toEqual({
      data: { entry: { value: { path: '/products/a%2Fb' } } },
    })
  })

  it('takes flags before the environment before the file', async () => {
    const config = processes.file(
      'named.config.ts',
      'export default { port: 0, cluster: { name: "file", peerId: "file" } }',
    )
    const environment = { FEDCACHE_CONFIG: config, FEDCACHE_PEER_ID: 'environment', FEDCACHE_LOG_LEVEL: 'debug' }
    const served = processes.start(['serve', '--peer-id', 'flag'], { environment })
    expect(await served.logged('listening')).toMatchObject({ peerId: 'flag', config })
    const unflagged = processes.start(['serve'], { environment })
    expect(await unflagged.logged('listening')).toMatchObject({ peerId: 'environment' })
  })

  it('calls a cluster of one as it is told to', async () => {
    const config = processes.file('shop.config.ts', 'export default { port: 0, cluster: { name: "file" } }')
    const environment = { FEDCACHE_CONFIG: config, FEDCACHE_CLUSTER: 'environment' }
    const flagged = processes.start(['serve', '--cluster', 'flag'], { environment })
    const unflagged = processes.start(['serve'], { environment })
    const filed = processes.start(['serve', '--config', config])
    const named = (served: typeof filed) => served.query('{ cluster { name } }')
    expect(await Promise.all([flagged, unflagged, filed].map(named))).toEqual(
      ['flag', 'environment', 'file'].map((name) => ({ data: { cluster: { name } } })),
    )
  })

  it('warns when it serves no keyspaces', async () => {
    const served = processes.start(['serve', '--port', '0'])
    await served.logged('listening')
    expect(served.log[0]).toMatchObject({ level: 'warn', msg: expect.stringContaining('no keyspaces are configured') })
  })

  it('gives the heap the room that memoryLimit needs, under the same process id', async () => {
    const config = processes.file(
      'large.config.mjs',
      `import v8 from 'node:v8'
       console.log(JSON.stringify({ msg: 'heap', limit: v8.getHeapStatistics().heap_size_limit, pid: process.pid,
         left: process.env.FEDCACHE_RESTARTED_FOR_HEAP }))
       export default { port: 0, memoryLimit: '3gb' }`,
    )
    const served = processes.start(['serve', '--config', config], {
      environment: { NODE_OPTIONS: '--max-old-space-size=300' },
    })
    await served.logged('listening')
    const [before, after] = served.log.filter(({ msg }) => msg === 'heap')
    expect(before?.['limit']).toBeLessThan(2 ** 30)
    expect(after?.['limit']).toBeGreaterThan(3 * 2 ** 30)
    expect(after?.['pid']).toBe(served.child.pid)
    expect(served.errors).toBe('')
    served.child.kill('SIGTERM')
    expect(await served.exitCode).toBe(0)
  })
})

describe('what cannot start', () => {
  it.each([
    [
      'is told all at once',
      ['--port', 'abc', '--http', 'x', '--log-level=loud'],
      [
        'fedcache: the configuration has 3 problems',
        '  --http: must be NAME=URL_TEMPLATE, such as products=https://example.com/products/{key}; received "x"',
        '  port: must be a whole number from 0 to 65535; received "abc" (from --port)',
        "  log.level: must be 'debug' or 'info' or 'warn' or 'error' or 'silent'; received \"loud\" (from --log-level)",
      ],
    ],
    [
      'has no auth for a foreign host',
      ['--host', '0.0.0.0'],
      [
        'fedcache: the configuration has one problem',
        "  auth: must be given when host is 0.0.0.0, which other machines can reach. Write auth: 'none' to let everyone who can reach it read, write and administer the cache; received nothing",
      ],
    ],
    [
      'has no such file',
      ['--config', '/nowhere/fedcache.config.ts'],
      ['fedcache: the configuration has one problem', '  /nowhere/fedcache.config.ts: does not exist'],
    ],
  ])('%s', async (_what, args, lines) => {
    const served = processes.start(['serve', ...args])
    expect(await served.exitCode).toBe(1)
    expect(served.errors.trimEnd().split('\n')).toEqual(lines)
    expect(served.output).toBe('')
  })

  it.each([
    [
      'throws',
      'function url() { throw new Error("no DATABASE_URL") }\nexport default { port: url() }',
      'threw Error: no DATABASE_URL (line 1)',
    ],
    ['is no TypeScript', 'export default { port: }', 'cannot be understood: Expression expected (line 1)'],
    [
      'is more than types',
      '\nenum Port { a }\nexport default {}',
      'cannot be understood: TypeScript enum is not supported in strip-only mode (line 2)',
    ],
    [
      'imports what is not exported',
      "import { nothing } from 'fedcache'\nexport default {}",
      "cannot be understood: The requested module 'fedcache' does not provide an export named 'nothing' (line 1)",
    ],
    [
      'imports what is not there',
      "import 'left-pad'\nexport default {}",
      "imports what is not there: Cannot find package 'left-pad' imported from FILE",
    ],
  ])('has a config that %s', async (what, text, message) => {
    const config = processes.file(`${what.replaceAll(' ', '-')}.ts`, text)
    const served = processes.start(['serve', '--config', config])
    expect(await served.exitCode).toBe(1)
    expect(served.errors.replaceAll(config, 'FILE')).toBe(
      `fedcache: the configuration has one problem\n  FILE: ${message}\n`,
    )
  })

  it('shows the stack at log level debug only', async () => {
    const config = processes.file('stack.ts', 'throw new Error("no")')
    const plain = processes.start(['serve', '--config', config])
    const debugging = processes.start(['serve', '--config', config, '--log-level', 'debug'])
    expect(await plain.exitCode).toBe(1)
    expect(await debugging.exitCode).toBe(1)
    expect(plain.errors).not.toContain('    at ')
    expect(debugging.errors).toContain(`at file://${config}:1`)
  })

  it('finds its port taken', async () => {
    const port = originUrl.split(':').at(-1) ?? ''
    const served = processes.start(['serve', '--port', port, '--http', 'a=http://a/{key}'])
    expect(await served.exitCode).toBe(1)
    expect(served.errors).toBe(
      `fedcache: port ${port} of 127.0.0.1 is taken by another process. Choose another with --port, or --port 0 for any free one.\n`,
    )
  })

  it('has a source that cannot be opened', async () => {
    const source =
      '{ name: "db", loadMany: async () => [], start: async () => { throw new Error("no route to the database") } }'
    const config = processes.file('unopened.ts', `export default { port: 0, keyspaces: { a: { source: ${source} } } }`)
    const served = processes.start(['serve', '--config', config])
    expect(await served.exitCode).toBe(1)
    expect(served.errors).toContain('no route to the database')
    expect(served.errors).not.toContain('    at ')
  })

  it('was promised more memory than there is', async () => {
    const config = processes.file('too-large.ts', 'export default { port: 0, memoryLimit: "1000000gb" }')
    const ended = ['serve', 'check'].map((command) => processes.start([command, '--config', config]))
    expect(await Promise.all(ended.map(({ exitCode }) => exitCode))).toEqual([1, 1])
    for (const { errors } of ended) {
      expect(errors).toMatch(/memoryLimit: must not be more than the \d+[mg]b of memory that this process can have/)
    }
    expect(await processes.start(['schema', '--config', config]).exitCode).toBe(0)
  })

  it('was given a heap that is too small', async () => {
    const config = processes.file('small-heap.ts', 'export default { port: 0, memoryLimit: "3gb" }')
    const served = processes.start(['serve', '--config', config], { nodeFlags: ['--max-old-space-size=300'] })
    expect(await served.exitCode).toBe(1)
    expect(served.errors).toContain('memoryLimit: needs a larger heap')
    expect(served.errors).toContain('start Node with --max-old-space-size=4736, or lower it; received "3gb"')
  })

  it('is a command line that cannot be understood', async () => {
    const served = processes.start(['serve', '--prot', '80'])
    expect(await served.exitCode).toBe(2)
    expect(served.errors).toBe(
      'fedcache: there is no flag --prot. Did you mean "--port"?\n\nfedcache serve --help says more.\n',
    )
  })
})

describe('the end', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'comes with %s, after what is under way, with /ready at 503 meanwhile',
    async (signal) => {
      const served = processes.start(['serve', '--port', '0', '--http', `slow=${originUrl}/slow/{key}`])
      const ready = new URL('/ready', await served.url())
      expect((await fetch(ready)).status).toBe(200)
      const asked = requestArrived()
      const answer = served.query('{ entry(keyspace: "slow", key: "a") { value } }')
      await asked
      served.child.kill(signal)
      await served.logged('stopping')
      const whileLeaving = await fetch(ready)
      expect(whileLeaving.status).toBe(503)
      expect(await whileLeaving.json()).toEqual({ ready: false, degraded: false, reason: 'stopping' })
      release()
      expect(await answer).toEqual({ data: { entry: { value: { path: '/slow/a' } } } })
      expect(await served.exitCode).toBe(0)
      expect(served.log.at(-1)).toMatchObject({ msg: 'stopped' })
    },
  )

  it('does not wait for subscriptions', async () => {
    const served = processes.start(['serve', '--port', '0', '--http', `a=${originUrl}/a/{key}`])
    const query = encodeURIComponent('subscription { entryChanges(keyspace: "a") { kind } }')
    const events = await fetch(`${await served.url()}?query=${query}`, { headers: { accept: 'text/event-stream' } })
    expect(events.status).toBe(200)
    const startedAt = performance.now()
    served.child.kill('SIGTERM')
    expect(await served.exitCode).toBe(0)
    expect(performance.now() - startedAt).toBeLessThan(5000)
    await events.body?.cancel().catch(() => {})
  })

  it('comes at once, and with 1, at a second signal', async () => {
    const served = processes.start(['serve', '--port', '0', '--http', `slow=${originUrl}/slow/{key}`])
    await served.url()
    const asked = requestArrived()
    const answer = served.query('{ entry(keyspace: "slow", key: "b") { value } }').catch(() => 'cut off')
    await asked
    served.child.kill('SIGTERM')
    await served.logged('stopping')
    served.child.kill('SIGINT')
    expect(await served.exitCode).toBe(1)
    expect(await answer).toBe('cut off')
    expect(served.log.at(-1)).toMatchObject({
      level: 'error',
      msg: 'stopped before everything was finished',
      reason: 'a second signal, SIGINT',
      unfinished: 'finishing requests',
    })
  })

  it('comes after 10 s, with 1, when a source never answers', async () => {
    const source = '{ name: "hung", loadMany: () => new Promise(() => {}), close: () => new Promise(() => {}) }'
    const config = processes.file('hung.ts', `export default { port: 0, keyspaces: { a: { source: ${source} } } }`)
    const served = processes.start(['serve', '--config', config])
    await served.url()
    served.child.kill('SIGTERM')
    expect(await served.exitCode).toBe(1)
    expect(served.log.at(-1)).toMatchObject({
      reason: '10000 ms have passed',
      unfinished: 'finishing loads and writes',
    })
  })

  it.each([
    ['setTimeout(() => { throw new Error("broken") }, 300)', 'an error was thrown and nothing handled it'],
    ['setTimeout(() => Promise.reject(new Error("broken")), 300)', 'a promise was rejected and nothing handled it'],
  ])('comes with 1 when nothing handles an error: %s', async (text, message) => {
    const config = processes.file(`broken-${text.length}.ts`, `${text}\nexport default { port: 0 }`)
    const served = processes.start(['serve', '--config', config])
    expect(await served.exitCode).toBe(1)
    expect(served.log.at(-1)).toMatchObject({ level: 'error', msg: message, error: { message: 'broken' } })
  })

  it('comes when nobody reads the log any more', async () => {
    const throwing = 'process.on("SIGUSR2", () => { throw new Error("broken") })'
    const config = processes.file('unread.ts', `${throwing}\nexport default { port: 0, keyspaces: { a: {} } }`)
    const [asked, broken] = [1, 2].map(() => processes.start(['serve', '--config', config]))
    const urls = await Promise.all([asked?.url(), broken?.url()])
    asked?.child.stdout?.destroy()
    broken?.child.stdout?.destroy()
    expect((await fetch(new URL('/health', urls[0]))).status).toBe(200)
    asked?.child.kill('SIGTERM')
    broken?.child.kill('SIGUSR2')
    expect(await asked?.exitCode).toBe(0)
    expect(await broken?.exitCode).toBe(1)
  })
})

describe('fedcache check and schema', () => {
  const run = async (
    args: readonly string[],
  ): Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }> => {
    const ended = processes.start(args)
    return { code: await ended.exitCode, output: ended.output, errors: ended.errors }
  }

  it('says what would be served, and leaves it at that', async () => {
    const source = '{ name: "db", loadMany: async () => [], start: () => { throw new Error("opened") } }'
    const config = processes.file(
      'checked.ts',
      // A timer keeps a process alive; a check ends nevertheless.
      `setInterval(() => {}, 1000)
       export default {
         port: 0, memoryLimit: '1gb', cluster: { peerId: 'a', name: 'shop', nats: 'nats://user:hunter2@a' }, sources: { db: ${source} },
         keyspaces: { cities: { source: 'db', ttl: 'forever', staleIfError: '1h' }, notes: { format: 'text', maxBytes: '1mb' } } }`,
    )
    const { code, output, errors } = await run(['check', '--config', config])
    expect({ code, errors }).toEqual({ code: 0, errors: '' })
    expect(output).toBe(`The configuration is right: ${config}

  listens on  127.0.0.1, port any free one
  memory      at most 1gb
  peer        a, in the cluster shop
  sources     db

keyspace cities
  source      db, read only
  values      json, each at most 8mb, together 1gb
  lifetime    forever, not-found answers 5s
  stale       1h when loading fails
  loads       at most 500 keys a call; reads wait 10s

keyspace notes
  source      none: entries are put
  values      text, each at most 1mb, together 1mb
  lifetime    5m, not-found answers 5s
  stale       never served
  loads       at most 500 keys a call; reads wait 10s

`)
  })

  it('says so when there is nothing to serve', async () => {
    const { code, output } = await run(['check', '--port', '80'])
    expect(code).toBe(0)
    expect(output).toContain('The configuration is right: no file')
    expect(output).toContain('listens on  127.0.0.1, port 80')
    expect(output).toContain('No keyspaces.')
  })

  it('says everything that is wrong', async () => {
    const config = processes.file('wrong.ts', 'export default { prot: 1, keyspaces: { "a b": { ttl: "5 minutes" } } }')
    const { code, output, errors } = await run(['check', '--config', config])
    expect({ code, output }).toEqual({ code: 1, output: '' })
    expect(errors.split('\n').slice(0, 4)).toEqual([
      'fedcache: the configuration has 3 problems',
      '  prot: is no option. Did you mean "port"?; received 1',
      '  keyspaces["a b"]: must have a name made of a letter, then up to 63 letters, digits, "_", "." and "-"; received "a b"',
      expect.stringContaining('  keyspaces["a b"].ttl: must be'),
    ])
  })

  it('says what was received by a flag, and that a name was given twice', async () => {
    const { code, errors } = await run(['check', '--http', 'a=http://x/', '--http', 'a=http://me:hunter2@y/{key}'])
    expect(code).toBe(1)
    expect(errors.split('\n').slice(0, 3)).toEqual([
      'fedcache: the configuration has 2 problems',
      '  --http a: must have {key} where the key goes; received "http://x/"',
      '  --http: must not name the keyspace a twice; received "a=http://***@y/{key}"',
    ])
  })

  it('prints the SDL, as much as is exposed', async () => {
    const typed = await run(['schema', '--expose', 'types'])
    const generic = await run(['schema', '--profile', 'cosmo'])
    const whole = await run(['schema', '--expose', 'types,entries,admin'])
    expect([typed.code, generic.code, whole.code]).toEqual([0, 0, 0])
    expect(typed.output).not.toContain('type Query')
    expect(generic.output).toContain('type Query')
    expect(generic.output).not.toContain('type Mutation')
    expect(whole.output).toContain('type Mutation')
    const config = processes.file('exposing.ts', "export default { subgraph: { expose: ['admin'] } }")
    expect((await run(['schema', '--config', config])).output).toContain('type Mutation')
    expect((await run(['schema', '--config', config, '--expose', 'entries'])).output).not.toContain('type Mutation')
  })

  it('prints help and version, whole, into a pipe', async () => {
    expect(await run(['--help'])).toMatchObject({ code: 0, output: expect.stringContaining('Usage: fedcache COMMAND') })
    for (const command of ['serve', 'check', 'schema']) {
      const { code, output } = await run([command, '--help'])
      expect(code).toBe(0)
      expect(output).toContain(`Usage: fedcache ${command}`)
      for (const line of output.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    }
    expect((await run(['--version'])).output).toMatch(/^\d+\.\d+\.\d+/)
  })

  it('names the Node.js that it needs when it runs on an older one', () => {
    const old = 'Object.defineProperty(process.versions, "node", { value: "20.11.0" }); await import(process.argv[1])'
    const url = new URL('../../src/cli.ts', import.meta.url).href
    const output = execFileSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `${old.replace('process.argv[1]', JSON.stringify(url))}; console.log(process.exitCode); process.exitCode = 0`,
      ],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    )
    expect(output.trim()).toBe('1')
  })
})
