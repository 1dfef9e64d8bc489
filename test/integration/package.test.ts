import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const repository = resolve(import.meta.dirname, '../..')

let workspace: string
/** A project with nothing in it but the packed fedcache. */
let project: string

// What the shell that runs the tests has set must not configure the processes under test.
const inherited = Object.entries(process.env).filter(
  ([name]) => !/^(fedcache_|vitest|node_(env|options)|npm_(package|lifecycle)_|npm_config_local_prefix)/i.test(name),
)
const environment: NodeJS.ProcessEnv = {
  ...Object.fromEntries(inherited),
  PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
}

/** Runs a command to its end and gives its standard output. */
async function run(command: string, parameters: readonly string[], cwd: string): Promise<string> {
  try {
    return (await promisify(execFile)(command, parameters, { cwd, env: environment })).stdout
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`${command} ${parameters.join(' ')} failed:\n${stdout}\n${stderr}`)
  }
}

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'fedcache-package-'))
  project = join(workspace, 'project')
  await mkdir(project)
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }))
  await run('npm', ['pack', '--pack-destination', workspace], repository)
  const tarball = (await readdir(workspace)).find((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm pack made no tarball')
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--omit=peer']
  await run('npm', ['install', ...flags, join(workspace, tarball)], project)
})

afterAll(async () => {
  await rm(workspace, { recursive: true, force: true })
})

test('the package holds what it needs to run and nothing else', async () => {
  const installed = await readdir(join(project, 'node_modules/fedcache'), { recursive: true })
  const top = new Set(installed.map((path) => path.split(/[\\/]/)[0] ?? ''))
  expect([...top].sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json', 'schema'])
  const folders = new Set(installed.filter((path) => /^dist[\\/]\w+$/.test(path)))
  expect([...folders].sort()).toEqual([join('dist', 'resolvers'), join('dist', 'src')])
  expect(installed.filter((path) => /\.(test|tsbuildinfo)/.test(path))).toEqual([])
})

test('npm does not install optional dependencies', async () => {
  expect(await readdir(join(project, 'node_modules'))).not.toContain('pg')
})

describe('as a library', () => {
  test('it type checks', async () => {
    const program = `
      import { createFedcache, defineConfig, functionSource, httpSource, postgresSource, sqliteSource } from 'fedcache'
      import { type Entry, type Source, type StoreFactory, FedcacheError, lruStore, sieveStore } from 'fedcache'
      import { storeContract } from 'fedcache/testing'

      const source: Source = sqliteSource({ path: 'cities.sqlite', table: 'city', keyColumn: 'id' })
      const store: StoreFactory = sieveStore()
      export const config = defineConfig({
        sources: {
          http: httpSource({ url: 'https://example.org/{key}' }),
          postgres: postgresSource({ table: 'city', keyColumn: 'id' }),
        },
        keyspaces: {
          cities: { source, store, ttl: '1m' },
          greetings: { source: functionSource({ loadMany: (keys) => keys.map((key) => 'Hello ' + key) }) },
        },
      })
      export const read = async (): Promise<Entry | null> => (await createFedcache(config)).engine.get('cities', '1')
      export const cases: readonly { name: string }[] = storeContract(lruStore())
      export const error: Error = new FedcacheError('BUSY', 'later')

      // @ts-expect-error A setting that does not exist.
      defineConfig({ keyspaces: { cities: { source, timeToLive: '1m' } } })
      // @ts-expect-error A duration without a unit.
      defineConfig({ keyspaces: { cities: { source, ttl: 'soon' } } })
    `
    await writeFile(join(project, 'types.ts'), program)
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2024',
      strict: true,
      noEmit: true,
      types: ['node'],
      typeRoots: [join(repository, 'node_modules/@types')],
    }
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['types.ts'] }))
    await run(process.execPath, [join(repository, 'node_modules/typescript/bin/tsc'), '--project', project], project)
  })

  test('a script reads, and ends by itself', async () => {
    const program = `
      import { DatabaseSync } from 'node:sqlite'
      import { createFedcache, sqliteSource } from 'fedcache'

      const database = new DatabaseSync(':memory:')
      database.exec("create table city (id text primary key, name text); insert into city values ('1', '北京')")
      const cities = sqliteSource({ database, table: 'city', keyColumn: 'id' })
      const cache = await createFedcache({ log: { level: 'silent' }, keyspaces: { cities: { source: cities } } })
      const url = 'http://localhost/graphql?query={entry(keyspace:"cities",key:"1"){value,servedFrom}}'
      const response = await cache.fetch(new Request(url))
      const entry = await cache.engine.get('cities', '1')
      await cache.stop()
      process.stdout.write(JSON.stringify([await response.json(), entry?.value, entry?.servedFrom]))
    `
    const value = { id: '1', name: '北京' }
    const expected = [{ data: { entry: { value, servedFrom: 'SOURCE' } } }, value, 'OWNER']
    expect(JSON.parse(await runProgram('script.ts', program))).toEqual(expected)
  })

  test('a source whose package is missing says what to install', async () => {
    const program = `
      import { createFedcache, postgresSource } from 'fedcache'

      const source = postgresSource({ table: 'city', keyColumn: 'id' })
      const cache = await createFedcache({ port: 0, log: { level: 'silent' }, keyspaces: { cities: { source } } })
      await cache.listen().catch((error) => process.stdout.write(String(error)))
      await cache.stop()
    `
    expect(await runProgram('missing.ts', program)).toContain('npm install pg')
  })

  async function runProgram(name: string, program: string): Promise<string> {
    await writeFile(join(project, name), program)
    return run(process.execPath, [name], project)
  }
})

describe('as a command', () => {
  let origin: Server
  let originUrl: string
  const requested: string[] = []

  beforeAll(async () => {
    origin = createServer((request, response) => {
      requested.push(request.url ?? '')
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ path: request.url }))
    }).listen(0, '127.0.0.1')
    await once(origin, 'listening')
    originUrl = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`
  })

  afterAll(() => {
    origin.close()
  })

  test('it serves an HTTP origin without any configuration', async () => {
    const server = await serve(['--http', `products=${originUrl}/{key}`, '--port', '0'])
    try {
      const read = () => query(server.url, '{ entry(keyspace: "products", key: "42") { value servedFrom } }')
      expect(await read()).toEqual({ data: { entry: { value: { path: '/42' }, servedFrom: 'SOURCE' } } })
      expect(await read()).toEqual({ data: { entry: { value: { path: '/42' }, servedFrom: 'OWNER' } } })
      expect(requested).toEqual(['/42'])
    } finally {
      await server.stop()
    }
  })

  test('it takes a TypeScript configuration from a folder that has no packages', async () => {
    const elsewhere = join(workspace, 'elsewhere')
    await mkdir(elsewhere)
    const config = join(elsewhere, 'fedcache.config.ts')
    await writeFile(
      config,
      `
        import { defineConfig, functionSource, type Source } from 'fedcache'

        const source: Source = functionSource({ loadMany: (keys) => keys.map((key) => ({ key, found: true })) })
        export default defineConfig({ port: 0, keyspaces: { things: { source, ttl: '1m' } } })
      `,
    )
    const server = await serve(['--config', config])
    try {
      expect(await query(server.url, '{ entry(keyspace: "things", key: "a") { value } }')).toEqual({
        data: { entry: { value: { key: 'a', found: true } } },
      })
    } finally {
      await server.stop()
    }
  })

  test('it prints help', async () => {
    expect(await run('npx', ['fedcache', '--help'], project)).toContain('fedcache serve')
  })
})

interface RunningServer {
  readonly url: string
  stop(): Promise<void>
}

/** Runs `npx fedcache serve` in the project until it listens. */
async function serve(flags: readonly string[]): Promise<RunningServer> {
  // A group of its own, so that a signal reaches the server and not only the npx in front of it.
  const child = spawn('npx', ['fedcache', 'serve', ...flags], { cwd: project, env: environment, detached: true })
  const output: string[] = []
  child.stderr.on('data', (chunk) => output.push(String(chunk)))
  const url = await new Promise<string>((listening, failed) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      output.push(line)
      if (!line.startsWith('{')) return
      const message = JSON.parse(line) as { msg?: string; url?: string }
      if (message.msg === 'listening' && message.url !== undefined) listening(message.url)
    })
    child.once('exit', (code) => failed(new Error(`exited with ${code} before listening:\n${output.join('\n')}`)))
  })
  return { url, stop: () => stop(child) }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return
  const exited = once(child, 'exit')
  process.kill(-child.pid, 'SIGTERM')
  await exited
}

async function query(url: string, document: string): Promise<unknown> {
  const response = await fetch(new URL('/graphql', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: document }),
  })
  return response.json()
}
