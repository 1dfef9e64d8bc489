import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { access, constants, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { env, getuid } from 'node:process'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { type FaultProxy, faultProxy } from './fault-proxy.ts'

const run = promisify(execFile)

/** What a {@link natsServer} is started with. */
export interface NatsServerOptions {
  /** Default: a free one. */
  readonly port?: number
  readonly jetstream?: boolean
  /** Text of a configuration file, for everything else. */
  readonly config?: string
}

/** A NATS server of one's own on 127.0.0.1. It dies with this process. */
export interface NatsServer {
  readonly port: number
  readonly url: string
  /** Number of the process; -1 while it does not run. */
  readonly pid: number
  readonly running: boolean
  /** Resolves with the next line of the log that matches. */
  logged(pattern: RegExp): Promise<string>
  /** Ends it in order, keeping its JetStream data. */
  stop(): Promise<void>
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>
  /** Stops it from running without ending it. */
  pause(): void
  resume(): void
  /** Starts it again on the same port after `stop` or `kill`. */
  start(): Promise<void>
  /** Ends it for good and removes its files. */
  dispose(): Promise<void>
}

/** Starts a server, and resolves when it takes connections. */
export async function natsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const server = new ServerProcess(await mkdtemp(join(tmpdir(), 'fedcache-nats-')), options, undefined)
  await server.start()
  return server
}

/** Starts servers that form a NATS cluster, and resolves when each knows all others. */
export async function natsServerCluster(size: number, options: NatsServerOptions = {}): Promise<NatsServer[]> {
  const servers: ServerProcess[] = []
  for (let index = 0; index < size; index++) {
    const routes = servers.map(({ routePort }) => `nats://127.0.0.1:${routePort}`)
    const directory = await mkdtemp(join(tmpdir(), 'fedcache-nats-'))
    const server = new ServerProcess(directory, options, { name: `server-${index}`, routes })
    servers.push(server)
    await server.start()
  }
  await Promise.all(servers.map((server) => knowsServers(server, size)))
  return servers
}

/** Two servers that form a NATS cluster over a route that can be made to fail. */
export interface NatsServerPair extends AsyncDisposable {
  readonly servers: readonly [NatsServer, NatsServer]
  readonly route: FaultProxy
}

export async function natsServerPair(): Promise<NatsServerPair> {
  const start = async (name: string, routes: readonly string[]): Promise<ServerProcess> => {
    const directory = await mkdtemp(join(tmpdir(), 'fedcache-nats-'))
    const server = new ServerProcess(directory, {}, { name, routes })
    await server.start()
    return server
  }
  const left = await start('left', [])
  const route = await faultProxy(left.routePort)
  const right = await start('right', [`nats://127.0.0.1:${route.port}`])
  await Promise.all([left, right].map((server) => knowsServers(server, 2)))
  return {
    servers: [left, right],
    route,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([left, right].map((server) => server.dispose()))
      await route.close()
    },
  }
}

/** Resolves when a server tells its clients of this many servers. */
export async function knowsServers(server: NatsServer, count: number): Promise<void> {
  const socket = connect(server.port, '127.0.0.1')
  // A server tells of others only those clients that have said PING.
  socket.write('CONNECT {"protocol":1,"verbose":false}\r\nPING\r\n')
  try {
    for await (const line of createInterface({ input: socket })) {
      if (line === 'PING') socket.write('PONG\r\n')
      if (!line.startsWith('INFO ')) continue
      const { connect_urls: addresses = [] } = JSON.parse(line.slice(5)) as { connect_urls?: string[] }
      if (addresses.length === count) return
    }
    throw new Error(`nats-server on port ${server.port} closed the connection`)
  } finally {
    socket.destroy()
  }
}

interface ClusterMember {
  readonly name: string
  readonly routes: readonly string[]
}

class ServerProcess implements NatsServer {
  port: number
  routePort = -1
  readonly #directory: string
  readonly #options: NatsServerOptions
  readonly #member: ClusterMember | undefined
  readonly #watchers = new Set<(line: string) => void>()
  #child: ChildProcess | undefined
  #exited: Promise<void> = Promise.resolve()
  #log: string[] = []

  constructor(directory: string, options: NatsServerOptions, member: ClusterMember | undefined) {
    this.#directory = directory
    this.#options = options
    this.#member = member
    this.port = options.port ?? -1
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`
  }

  get pid(): number {
    return this.#child?.pid ?? -1
  }

  get running(): boolean {
    return this.#child !== undefined
  }

  logged(pattern: RegExp): Promise<string> {
    return new Promise((resolve) => {
      const watcher = (line: string) => {
        if (!pattern.test(line)) return
        this.#watchers.delete(watcher)
        resolve(line)
      }
      this.#watchers.add(watcher)
    })
  }

  async start(): Promise<void> {
    if (this.running) return
    const child = spawn(await natsServerBinary(), await this.#arguments(), { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#child = child
    this.#log = []
    const endWithUs = () => child.kill('SIGKILL')
    process.once('exit', endWithUs)
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => {
        process.off('exit', endWithUs)
        if (this.#child === child) this.#child = undefined
        resolve()
      })
    })
    const ready = Promise.all([
      this.logged(/Server is ready/),
      this.#member === undefined ? undefined : this.logged(/Listening for route connections/),
    ])
    const failed = this.#exited.then(() => {
      throw new Error(`nats-server did not start:\n${this.#log.join('\n')}`)
    })
    createInterface({ input: child.stderr }).on('line', (line) => this.#read(line))
    await Promise.race([ready, failed])
    failed.catch(() => {})
  }

  async stop(): Promise<void> {
    this.#child?.kill('SIGCONT')
    this.#child?.kill('SIGTERM')
    await this.#exited
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL')
    await this.#exited
  }

  pause(): void {
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }

  async dispose(): Promise<void> {
    await this.kill()
    await rm(this.#directory, { recursive: true, force: true })
  }

  async #arguments(): Promise<string[]> {
    const { jetstream, config } = this.#options
    const list = ['--addr', '127.0.0.1', '--port', String(this.port)]
    if (jetstream === true) list.push('--jetstream', '--store_dir', join(this.#directory, 'jetstream'))
    if (config !== undefined) {
      const file = join(this.#directory, 'nats.conf')
      await writeFile(file, config)
      list.push('--config', file)
    }
    if (this.#member !== undefined) {
      const { name, routes } = this.#member
      list.push('--name', name, '--cluster_name', 'test', '--cluster', `nats://127.0.0.1:${this.routePort}`)
      if (routes.length > 0) list.push('--routes', routes.join(','))
    }
    return list
  }

  #read(line: string): void {
    this.#log.push(line)
    if (this.#log.length > 200) this.#log.shift()
    const [, kind, port] = /Listening for (client|route) connections on .*:(\d+)$/.exec(line) ?? []
    if (kind === 'client') this.port = Number(port)
    if (kind === 'route') this.routePort = Number(port)
    for (const watcher of this.#watchers) watcher(line)
  }
}

let binary: Promise<string> | undefined

/**
 * Where nats-server is: `NATS_SERVER_BINARY`, or on the PATH, or where Debian's package puts it, which is installed when
 * that can be done.
 */
function natsServerBinary(): Promise<string> {
  binary ??= findBinary()
  return binary
}

async function findBinary(): Promise<string> {
  if (env['NATS_SERVER_BINARY'] !== undefined) return env['NATS_SERVER_BINARY']
  const onPath = await findOnPath()
  if (onPath !== undefined) return onPath
  if (getuid?.() === 0) await installPackage()
  const installed = await findOnPath()
  if (installed !== undefined) return installed
  throw new Error(
    'These tests start a NATS server. Install nats-server (on Debian: apt-get install nats-server) so that it is on ' +
      'the PATH, or say where it is with NATS_SERVER_BINARY.',
  )
}

async function findOnPath(): Promise<string | undefined> {
  const folders = [...(env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin']
  for (const folder of folders) {
    const file = join(folder, 'nats-server')
    try {
      await access(file, constants.X_OK)
      return file
    } catch {
      // Not there.
    }
  }
  return undefined
}

/** Test files run side by side: apt's own lock makes the second wait for the first. */
async function installPackage(): Promise<void> {
  const aptGet = (...list: string[]) =>
    run('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...list], { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' } })
  try {
    await aptGet('update').catch(() => {})
    await aptGet('install', '--yes', '--no-install-recommends', 'nats-server')
  } catch {
    // Not Debian, or no network: findBinary says what to do.
  }
}
