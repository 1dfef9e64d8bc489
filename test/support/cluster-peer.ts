import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ClusterSettings } from './cluster-settings.ts'

const commandLine = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const defaultConfig = fileURLToPath(new URL('./cluster-config/fedcache.config.ts', import.meta.url))

/** One line of a peer's log. */
export interface PeerLogLine {
  readonly level: string
  readonly time: string
  readonly msg: string
  readonly [field: string]: unknown
}

/** What a GraphQL answer holds. */
export interface PeerAnswer {
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of every shape
  readonly data?: any
  readonly errors?: readonly {
    readonly message: string
    readonly path?: readonly (string | number)[]
    readonly extensions?: Readonly<Record<string, unknown>>
  }[]
}

/** A response of a peer. */
export interface PeerResponse {
  readonly status: number
  readonly text: string
}

/** The cluster as a peer shows it. */
export interface ShownCluster {
  readonly view: string
  readonly settled: boolean
  readonly degraded: boolean
  readonly self: ShownPeer
  readonly peers: readonly ShownPeer[]
}

/** A peer as another, or itself, shows it. */
export interface ShownPeer {
  readonly id: string
  readonly incarnation: string
  readonly state: string
  readonly slots: number
}

/** How a process ended. */
export interface PeerEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** How to start a peer. */
export interface ClusterPeerOptions {
  readonly id: string
  readonly nats: string
  readonly cluster: string
  readonly settings?: ClusterSettings
  readonly config?: string
  readonly port?: number
  /** Whether Ctrl-C leaves it alone, for whoever ends it in order. */
  readonly detached?: boolean
}

const keptLines = 20_000
const clusterQuery =
  '{ cluster { view settled degraded self { ...p } peers { ...p } } } fragment p on Peer { id incarnation state slots }'

/** A fedcache that runs as a process of its own, started as a user would start it. It dies with this process. */
export class ClusterPeer {
  readonly id: string
  readonly log: PeerLogLine[] = []
  readonly ended: Promise<PeerEnd>
  /** Whether the test has ended it, or means it to end by itself. */
  mayEnd = false
  end: PeerEnd | undefined
  #errors = ''
  readonly #child: ChildProcess
  #agent: Agent = new Agent({ keepAlive: true })
  readonly #watchers = new Set<(line: PeerLogLine) => void>()
  #url: URL | undefined
  #askedAtMs = -Infinity
  #pausedAtMs = Infinity
  #isPaused = false
  #resumedAtMs = -Infinity

  constructor(options: ClusterPeerOptions) {
    const { id, nats, cluster, settings = {}, config = defaultConfig, port = 0, detached = false } = options
    this.id = id
    const flags = { config, port: `${port}`, nats, cluster, 'peer-id': id }
    const list = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value])
    this.#child = spawn(process.execPath, [commandLine, 'serve', ...list], {
      cwd: tmpdir(),
      detached,
      env: {
        ...inherited(),
        CLUSTER_SETTINGS: JSON.stringify(settings),
        // Types are stripped once, not at every start of every peer.
        NODE_COMPILE_CACHE: join(tmpdir(), 'fedcache-test-compile-cache'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const { stdout, stderr } = this.#child
    if (stdout === null || stderr === null) throw new Error('the process has no output')
    stderr.on('data', (chunk: Buffer) => (this.#errors += chunk.toString()))
    createInterface({ input: stdout }).on('line', (line) => this.#read(line))
    const endWithUs = (): void => void this.#child.kill('SIGKILL')
    process.once('exit', endWithUs)
    this.ended = once(this.#child, 'close').then((values: readonly unknown[]) => {
      const [code, signal] = values as [PeerEnd['code'], PeerEnd['signal']]
      process.off('exit', endWithUs)
      this.#agent.destroy()
      return (this.end = { code, signal })
    })
  }

  /** Number of the process. */
  get pid(): number {
    return this.#child.pid ?? -1
  }

  /** Whether it has not ended. */
  get running(): boolean {
    return this.end === undefined
  }

  /** Whether it takes requests. */
  get isListening(): boolean {
    return this.#url !== undefined && this.running
  }

  /** The port that it listens on; fails where it does not. */
  get port(): number {
    if (this.#url === undefined) throw new Error(`${this.id} does not listen`)
    return Number(this.#url.port)
  }

  /** Resolves once it listens; fails when it ends before. */
  async listening(): Promise<this> {
    await this.logged('listening')
    return this
  }

  /** The first line with the message, or that the function picks, whether it has come or is still to come. */
  logged(wanted: string | ((line: PeerLogLine) => boolean), timeoutMs = 30_000): Promise<PeerLogLine> {
    const isWanted = typeof wanted === 'string' ? ({ msg }: PeerLogLine) => msg === wanted : wanted
    const past = this.log.find(isWanted)
    return past === undefined ? this.nextLogged(isWanted, timeoutMs) : Promise.resolve(past)
  }

  /** The same for lines from now on. */
  nextLogged(wanted: string | ((line: PeerLogLine) => boolean), timeoutMs = 30_000): Promise<PeerLogLine> {
    const isWanted = typeof wanted === 'string' ? ({ msg }: PeerLogLine) => msg === wanted : wanted
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer)
        this.#watchers.delete(watcher)
      }
      const watcher = (line: PeerLogLine): void => {
        if (!isWanted(line)) return
        settle()
        resolve(line)
      }
      const fail = (why: string): void => {
        settle()
        reject(
          new Error(`${this.id} ${why} "${typeof wanted === 'string' ? wanted : wanted.toString()}":\n${this.tail()}`),
        )
      }
      const timer = setTimeout(() => fail(`did not log within ${timeoutMs} ms`), timeoutMs)
      this.#watchers.add(watcher)
      void this.ended.then(({ code, signal }) => fail(`ended (${code ?? signal}) before it logged`))
    })
  }

  /** Answer of a GraphQL operation. Rejects when no answer comes: the process is gone, or too slow. */
  async query(query: string, variables: object = {}, timeoutMs = 20_000): Promise<PeerAnswer> {
    const { status, text } = await this.request('POST', '/graphql', { query, variables }, timeoutMs)
    try {
      return JSON.parse(text) as PeerAnswer
    } catch {
      throw new Error(`${this.id} answered ${status} with what is not JSON: ${text.slice(0, 200)}`)
    }
  }

  /** Data of a GraphQL operation; fails where it has errors. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of every shape
  async data(query: string, variables: object = {}, timeoutMs = 20_000): Promise<any> {
    const { data, errors } = await this.query(query, variables, timeoutMs)
    if (errors !== undefined) throw new Error(`${this.id}: ${JSON.stringify(errors)}`)
    return data
  }

  /** One HTTP request. */
  request(method: string, path: string, body?: object, timeoutMs = 20_000): Promise<PeerResponse> {
    const { port } = this
    // It resets connections that have been idle for 5 s, the sooner when it was paused, whatever has been sent over them.
    const nowMs = performance.now()
    if (nowMs - this.#askedAtMs > 3_000 || nowMs - this.#pausedAtMs > 4_000) {
      this.#pausedAtMs = Infinity
      this.#agent = new Agent({ keepAlive: true })
    }
    this.#askedAtMs = nowMs
    return new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : JSON.stringify(body)
      const headers =
        payload === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }
      const outgoing = request({ host: '127.0.0.1', port, method, path, agent: this.#agent, headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          clearTimeout(timer)
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() })
        })
      })
      const timer = setTimeout(
        () => outgoing.destroy(new Error(`${this.id} did not answer in ${timeoutMs} ms`)),
        timeoutMs,
      )
      outgoing.on('error', (error) => {
        clearTimeout(timer)
        reject(error)
      })
      outgoing.end(payload)
    })
  }

  /** What `/ready` says. */
  async ready(): Promise<{
    readonly status: number
    readonly ready: boolean
    readonly degraded: boolean
    readonly reason: string | null
  }> {
    const { status, text } = await this.request('GET', '/ready')
    return { status, ...(JSON.parse(text) as { ready: boolean; degraded: boolean; reason: string | null }) }
  }

  /** The cluster as it sees it. */
  async cluster(timeoutMs = 5_000): Promise<ShownCluster> {
    return (await this.data(clusterQuery, {}, timeoutMs)).cluster as ShownCluster
  }

  /** One of its metrics, summed over labels. */
  async metric(name: string): Promise<number> {
    const { text } = await this.request('GET', '/metrics')
    const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    if (lines.length === 0) throw new Error(`${this.id} has no metric ${name}`)
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
  }

  /** Ends it in order. */
  stop(): Promise<PeerEnd> {
    this.mayEnd = true
    this.#child.kill('SIGTERM')
    return this.ended
  }

  /** Ends it as a crash does. */
  kill(): Promise<PeerEnd> {
    this.mayEnd = true
    this.#child.kill('SIGKILL')
    return this.ended
  }

  /** Stops it from running without ending it. */
  pause(): void {
    this.#child.kill('SIGSTOP')
    this.#pausedAtMs = performance.now()
    this.#isPaused = true
  }

  resume(): void {
    this.#child.kill('SIGCONT')
    this.#isPaused = false
    this.#resumedAtMs = performance.timeOrigin + performance.now()
  }

  /** Whether it was paused for any part of the time since, in milliseconds since the epoch. */
  wasPausedSince(sinceMs: number): boolean {
    return this.#isPaused || this.#resumedAtMs >= sinceMs
  }

  /** What went wrong with it that no test asked for. */
  problems(): readonly string[] {
    const found = this.log
      .filter(({ level }) => level === 'error')
      .map((line) => `${this.id}: ${JSON.stringify(line).slice(0, 1000)}`)
      .slice(0, 10)
    if (this.#errors !== '') found.push(`${this.id} wrote to stderr: ${this.#errors}`)
    if (this.end !== undefined && (!this.mayEnd || (this.end.code ?? 0) !== 0)) {
      found.push(`${this.id} ended with ${this.end.code ?? this.end.signal}`)
    }
    return found
  }

  /** The last lines of its log. */
  tail(count = 30): string {
    return `${this.log
      .slice(-count)
      .map((line) => JSON.stringify(line))
      .join('\n')}\n${this.#errors}`
  }

  #read(text: string): void {
    // For people who look into what happened.
    if (process.env['CLUSTER_LOGS'] !== undefined) {
      appendFileSync(join(process.env['CLUSTER_LOGS'], `${this.id}-${this.pid}.log`), `${text}\n`)
    }
    if (!text.startsWith('{')) return
    const line = JSON.parse(text) as PeerLogLine
    this.log.push(line)
    if (this.log.length > keptLines) this.log.shift()
    if (line.msg === 'listening') this.#url = new URL(String(line['url']))
    for (const watcher of this.#watchers) watcher(line)
  }
}

/** The environment of the tests without what would configure fedcache or Node.js. */
function inherited(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => !/^(FEDCACHE_|NODE_|VITEST)/.test(name))
  return Object.fromEntries(entries) as Record<string, string>
}
