import { mkdtemp, rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as passed } from 'node:timers/promises'
import { type ClusterOrigin, clusterOrigin } from './cluster-origin.ts'
import { ClusterPeer, type ClusterPeerOptions, type ShownCluster } from './cluster-peer.ts'
import type { ClusterSettings } from './cluster-settings.ts'
import { type FaultProxy, faultProxy } from './fault-proxy.ts'
import { type NatsServer, natsServer, type NatsServerOptions } from './nats-server.ts'

/** What a world is made with. */
export interface ClusterWorldOptions {
  readonly settings?: ClusterSettings
  readonly nats?: NatsServerOptions
}

/** A NATS server, sources and peers of one test, all real. `dispose` ends them, and tells what went wrong in them. */
export class ClusterWorld implements AsyncDisposable {
  readonly nats: NatsServer
  readonly origin: ClusterOrigin
  /** Opened by the test; the peers open the file themselves. */
  readonly database: DatabaseSync
  /** Every process that was ever started, in order. */
  readonly started: ClusterPeer[] = []
  readonly proxies: Map<string, FaultProxy> = new Map<string, FaultProxy>()
  readonly #directory: string
  readonly #settings: ClusterSettings
  readonly #current = new Map<string, ClusterPeer>()

  private constructor(nats: NatsServer, origin: ClusterOrigin, directory: string, settings: ClusterSettings) {
    this.nats = nats
    this.origin = origin
    this.#directory = directory
    const path = join(directory, 'ledger.sqlite')
    this.database = new DatabaseSync(path)
    this.database.exec(`
      pragma journal_mode = wal;
      pragma busy_timeout = 2000;
      create table ledger (key text primary key, value text) without rowid`)
    this.#settings = { origin: origin.url, database: path, ...settings }
  }

  static async make(options: ClusterWorldOptions = {}): Promise<ClusterWorld> {
    const directory = await mkdtemp(join(tmpdir(), 'fedcache-cluster-'))
    const [nats, origin] = await Promise.all([natsServer(options.nats), clusterOrigin()])
    return new ClusterWorld(nats, origin, directory, options.settings ?? {})
  }

  /** The peers that run, by id. */
  get peers(): readonly ClusterPeer[] {
    return Array.from(this.#current.values()).filter(({ running }) => running)
  }

  /** The newest process with this id. */
  peer(id: string): ClusterPeer {
    const peer = this.#current.get(id)
    if (peer === undefined) throw new Error(`no peer ${id} was started`)
    return peer
  }

  /** Starts a peer, without waiting for it. */
  launch(id: string, settings: ClusterSettings = {}, options: Partial<ClusterPeerOptions> = {}): ClusterPeer {
    const proxy = this.proxies.get(id)
    const nats = proxy === undefined ? this.nats.url : `nats://127.0.0.1:${proxy.port}`
    const peer = new ClusterPeer({
      id,
      nats,
      cluster: 'test',
      settings: { ...this.#settings, ...settings },
      ...options,
    })
    this.started.push(peer)
    this.#current.set(id, peer)
    return peer
  }

  /** Starts peers and resolves when they listen and all agree. */
  async start(...ids: readonly string[]): Promise<readonly ClusterPeer[]> {
    const peers = await Promise.all(ids.map((id) => this.launch(id).listening()))
    await this.settled()
    return peers
  }

  /** Puts a fault proxy between NATS and a peer that is still to be started. */
  async proxied(...ids: readonly string[]): Promise<void> {
    for (const id of ids) this.proxies.set(id, await faultProxy(this.nats.port))
  }

  /** Resolves when the peers, by default all that run, report the same view of themselves. */
  async settled(peers: readonly ClusterPeer[] = this.peers, timeoutMs = 30_000): Promise<readonly ShownCluster[]> {
    const ids = peers.map(({ id }) => id).toSorted()
    const agree = (shown: readonly ShownCluster[]): boolean =>
      shown.every(
        ({ settled, view, peers: members }) =>
          settled &&
          view === shown[0]?.view &&
          members.map(({ id }) => id).join() === ids.join() &&
          members.every(({ state }) => state === 'ALIVE'),
      )
    return eventually(
      () => Promise.all(peers.map((peer) => peer.cluster())),
      agree,
      `the peers ${ids.join(', ')} did not agree`,
      timeoutMs,
    )
  }

  /** What the table `ledger` holds for a key. */
  stored(key: string): unknown {
    const row = this.database.prepare('select value from ledger where key = ?').get(key)
    return row === undefined ? undefined : JSON.parse(String(row['value']))
  }

  /** Everything that went wrong in the peers so far that no test asked for. */
  problems(): readonly string[] {
    return this.started.flatMap((peer) => peer.problems())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }

  async dispose(): Promise<void> {
    await Promise.all(this.started.filter(({ running }) => running).map((peer) => peer.kill()))
    await Promise.all(Array.from(this.proxies.values(), (proxy) => proxy.close()))
    this.database.close()
    await Promise.all([this.nats.dispose(), this.origin.close()])
    await rm(this.#directory, { recursive: true, force: true })
  }
}

/** Looks again and again until what is seen is as wanted. For what no process tells of by itself. */
export async function eventually<Seen>(
  look: () => Promise<Seen> | Seen,
  isWanted: (seen: Seen) => boolean,
  complaint: string,
  timeoutMs = 20_000,
): Promise<Seen> {
  const deadline = performance.now() + timeoutMs
  let last: unknown
  while (performance.now() < deadline) {
    try {
      const seen = await look()
      if (isWanted(seen)) return seen
      last = seen
    } catch (error) {
      last = error
    }
    await passed(40)
  }
  throw new Error(`${complaint} within ${timeoutMs} ms: ${last instanceof Error ? last.message : JSON.stringify(last)}`)
}
