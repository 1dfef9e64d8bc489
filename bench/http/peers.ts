import { type ChildProcess, fork, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../temporary-folder.ts'
import { isInstalled } from './load.ts'

/** A server under test. */
export interface Peer {
  readonly name: string
  /** Its processes: the server, and what it keeps its entries in where that is another. */
  readonly pids: readonly number[]
  readonly url: string
  stop(): void
}

interface PeerScript {
  readonly name: string
  readonly script: string
  /** Whether it needs the packages of bench/package.json. */
  readonly ownPackages?: boolean
  readonly needsRedis?: boolean
}

/** In the order of the table. */
const scripts: readonly PeerScript[] = [
  { name: 'fedcache', script: 'fedcache.mjs' },
  { name: 'node:http, stored bytes', script: 'raw-bytes.mjs' },
  { name: 'node:http, objects', script: 'raw-objects.mjs', ownPackages: true },
  { name: 'Mercurius + JIT', script: 'mercurius.mjs', ownPackages: true },
  { name: 'Mercurius + JIT + DataLoader', script: 'mercurius-engine.mjs', ownPackages: true },
  { name: 'Mercurius + JIT + mercurius-cache', script: 'mercurius-cache.mjs', ownPackages: true },
  { name: 'Mercurius + JIT + Redis', script: 'mercurius-redis.mjs', ownPackages: true, needsRedis: true },
  { name: 'Yoga + DataLoader', script: 'yoga.mjs', ownPackages: true },
  { name: 'Yoga + response cache', script: 'yoga-response-cache.mjs', ownPackages: true },
  { name: 'Apollo Server', script: 'apollo.mjs', ownPackages: true },
]

/** Starts every peer that can be started here; says what to install for the others. */
export async function startPeers(only?: readonly string[]): Promise<readonly Peer[]> {
  const wanted = scripts.filter(({ name }) => only === undefined || only.includes(name))
  const peers: Peer[] = []
  const redis =
    wanted.some(({ needsRedis }) => needsRedis) && isInstalled('redis-server') ? await startRedis() : undefined
  if (redis !== undefined) process.once('exit', () => redis.process.kill())
  for (const { name, script, ownPackages, needsRedis } of wanted) {
    if (ownPackages === true && !existsSync(new URL('../node_modules', import.meta.url))) {
      console.log(`skipped: ${name} (npm ci --prefix bench)`)
    } else if (needsRedis === true && redis === undefined) {
      console.log(`skipped: ${name} (install redis-server)`)
    } else {
      peers.push(await start(name, script, needsRedis === true ? redis : undefined))
    }
  }
  return peers
}

async function start(name: string, script: string, redis: Redis | undefined): Promise<Peer> {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), {
    env: { ...process.env, NODE_ENV: 'production', REDIS_PORT: String(redis?.port) },
    execArgv: ['--no-warnings'],
  })
  process.once('exit', () => child.kill())
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message: { readonly url: string }) => resolve(message.url))
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}`)))
  })
  if (redis === undefined) return { name, url, pids: [child.pid!], stop: () => child.kill() }
  const stop = (): void => {
    child.kill()
    redis.process.kill()
  }
  return { name, url, pids: [child.pid!, redis.process.pid!], stop }
}

interface Redis {
  readonly port: number
  readonly process: ChildProcess
}

async function startRedis(): Promise<Redis> {
  const port = await freePort()
  const folder = temporaryFolder()
  const child = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder],
    { stdio: 'ignore' },
  )
  while (!(await answers(port))) await new Promise((resolve) => setTimeout(resolve, 20))
  return { port, process: child }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** A port that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { readonly port: number }
      server.close(() => resolve(port))
    })
  })
}
