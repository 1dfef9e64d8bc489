import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'

// Runs the steps of docs/federation.md as they are written: its files, its commands, its answer. What differs are the
// ports, which may be taken, and that everything is installed already.

const run = promisify(execFile)
const here = import.meta.dirname
const running: ChildProcess[] = []
let folder: string
let page: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedcache-walk-'))
  page = await readFile(join(here, '../../docs/federation.md'), 'utf8')
  for (const port of ['4000', '4001', '4002', '4003']) page = page.replaceAll(port, `${await freePort()}`)
  page = page.replaceAll(
    'npx fedcache serve',
    `npx fedcache serve --port ${/localhost:(\d+)\/graphql'/.exec(page)![1]}`,
  )
  for (const block of blocks()) {
    const [, name] = /^(?:\/\/|#) ([\w.]+\.(?:ts|js|graphql|yaml))/.exec(block.text) ?? []
    if (name !== undefined) await writeFile(join(folder, name), block.text)
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await symlink(join(here, 'node_modules'), join(folder, 'node_modules'))
  await command('fedcache', `exec "${process.execPath}" "${join(here, '../../src/cli.ts')}" "$@"`)
  await command('npx', 'exec "$@"')
})

afterAll(async () => {
  for (const child of running) {
    // With all that its shell began.
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }
  await rm(folder, { recursive: true, force: true })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { readonly port: number }
  server.close()
  return port
}

async function command(name: string, script: string): Promise<void> {
  await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`)
  await chmod(join(folder, name), 0o755)
}

interface Block {
  readonly language: string
  readonly text: string
  /** The heading that it stands under. */
  readonly under: string
}

function blocks(): readonly Block[] {
  const found: Block[] = []
  let under = ''
  for (const [, heading, language, text] of page.matchAll(/^#{2,3} ([^\n]+)$|^```(\w+)\n(.*?)^```$/gms)) {
    if (heading !== undefined) under = heading
    else found.push({ language: language!, text: text!, under })
  }
  return found
}

const environment = () => ({
  ...process.env,
  PATH: [folder, join(here, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
})

/** Runs the commands under a heading; those in the background are over when they say that they answer. */
async function follow(heading: string): Promise<string> {
  let output = ''
  const shells = blocks().filter(({ language, under }) => language === 'sh' && under === heading)
  expect(shells).not.toHaveLength(0)
  const lines = shells.flatMap(({ text }) => text.trim().split('\n'))
  for (const line of lines.filter((each) => !each.startsWith('npm '))) {
    if (line.endsWith(' &')) await begin(line.slice(0, -2))
    else output += (await run('sh', ['-c', line], { cwd: folder, env: environment() })).stdout
  }
  return output
}

async function begin(line: string): Promise<void> {
  const child = spawn('sh', ['-c', `exec ${line}`], {
    cwd: folder,
    env: environment(),
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.push(child)
  for await (const said of createInterface(child.stdout)) {
    if (!/ at http|"msg":"listening"|Listening/i.test(said)) continue
    child.stdout.resume()
    return
  }
  throw new Error(`${line} ended`)
}

function answerOnPage(): unknown {
  const [block] = blocks().filter(({ language, under }) => language === 'json' && under === 'Apollo Gateway')
  return JSON.parse(block!.text)
}

it('brings up a cache and a subgraph', async () => {
  await follow('A supergraph, step by step')
})

it('with Apollo Gateway', async () => {
  expect(JSON.parse(await follow('Apollo Gateway'))).toEqual(answerOnPage())
})

it('with Hive Gateway', async () => {
  await follow('Hive Gateway')
  const [, url] = /`(localhost:\d+\/graphql)`/.exec(page)!
  const response = await fetch(`http://${url}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ guides { title city { name country { name } } } }' }),
  })
  expect(await response.json()).toEqual(answerOnPage())
})
