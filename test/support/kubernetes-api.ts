import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'

/** One EndpointSlice, as far as discovery looks. */
export interface TestSlice {
  readonly service: string
  readonly addresses: readonly string[]
  readonly notReady?: readonly string[]
  readonly ports?: readonly { readonly name?: string; readonly port: number }[]
}

/** The EndpointSlices of a Kubernetes API, as its documentation says: list, watch, bookmarks and 410 Gone. */
export interface KubernetesApi {
  readonly url: string
  readonly port: number
  /** Where the slices are. Default: `default`. */
  namespace: string
  /** The only token that is let in; `undefined`: any. */
  token: string | undefined
  /** Every request so far: the path, and what was asked for. */
  readonly asked: URL[]
  /** `Authorization` of the last request. */
  readonly authorization: string | undefined
  /** Watches that are open. */
  readonly watches: number
  /** What the next requests are answered with in place of the truth. */
  status: number | undefined
  /** Puts a slice, or removes it. */
  set(name: string, slice: TestSlice | undefined): void
  /** Sends a bookmark to every watch. */
  bookmark(): void
  /** Forgets what was before now: watches from there get 410, by status or as an event. */
  forget(as: 'status' | 'event'): void
  /** Cuts every watch off; without an end, as a network does, or in order. */
  drop(how: 'broken' | 'ended'): void
  /** Resolves when the next watch is open. */
  watched(): Promise<void>
  /** Writes a kubeconfig for this API. */
  kubeconfig(path: string): Promise<void>
  close(): void
}

interface Change {
  readonly version: number
  readonly type: string
  readonly object: object
}

/** Starts a double of the API; with a certificate it speaks TLS. */
export async function kubernetesApi(tls?: Pick<ServerOptions, 'cert' | 'key'>): Promise<KubernetesApi> {
  const api = new Double(tls)
  await api.listen()
  return api
}

class Double implements KubernetesApi {
  readonly asked: URL[] = []
  authorization: string | undefined
  status: number | undefined
  token: string | undefined
  namespace = 'default'
  readonly #slices = new Map<string, { readonly object: object; readonly service: string }>()
  readonly #changes: (Change & { readonly service: string })[] = []
  readonly #open = new Map<ServerResponse, string>()
  readonly #server
  readonly #scheme: 'http' | 'https'
  #version = 100
  #oldest = 0
  #goneAs: 'status' | 'event' = 'status'
  #watchers: (() => void)[] = []

  constructor(tls: ServerOptions | undefined) {
    const answer = (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response)
    this.#scheme = tls === undefined ? 'http' : 'https'
    this.#server = tls === undefined ? createServer(answer) : createSecureServer(tls, answer)
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get watches(): number {
    return this.#open.size
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  set(name: string, slice: TestSlice | undefined): void {
    const version = ++this.#version
    const before = this.#slices.get(name)
    if (slice === undefined) {
      this.#slices.delete(name)
      if (before !== undefined)
        this.#change({ version, type: 'DELETED', object: before.object, service: before.service })
      return
    }
    const object = sliceObject(name, slice, version)
    this.#slices.set(name, { object, service: slice.service })
    this.#change({ version, type: before === undefined ? 'ADDED' : 'MODIFIED', object, service: slice.service })
  }

  bookmark(): void {
    const metadata = { resourceVersion: String(++this.#version) }
    const object = { kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1', metadata }
    for (const response of this.#open.keys()) send(response, { type: 'BOOKMARK', object })
  }

  forget(as: 'status' | 'event'): void {
    this.#oldest = this.#version
    this.#goneAs = as
  }

  drop(how: 'broken' | 'ended'): void {
    for (const response of this.#open.keys()) {
      this.#open.delete(response)
      if (how === 'broken') response.destroy()
      else response.end()
    }
  }

  watched(): Promise<void> {
    return new Promise((resolve) => this.#watchers.push(resolve))
  }

  async kubeconfig(path: string): Promise<void> {
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      clusters: [{ name: 'test', cluster: { server: this.url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'test', user: { token: 'service-account' } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace: 'default' } }],
    }
    await writeFile(path, JSON.stringify(config))
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #change(change: Change & { readonly service: string }): void {
    this.#changes.push(change)
    for (const [response, service] of this.#open) if (service === change.service) send(response, change)
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.url)
    this.asked.push(url)
    this.authorization = request.headers.authorization
    if (this.status !== undefined) return failWith(response, this.status)
    if (this.token !== undefined && this.authorization !== `Bearer ${this.token}`) return failWith(response, 401)
    const [, namespace] =
      /^\/apis\/discovery\.k8s\.io\/v1\/namespaces\/([^/]+)\/endpointslices$/.exec(url.pathname) ?? []
    if (namespace === undefined) return failWith(response, 404)
    const service = url.searchParams.get('labelSelector')?.split('=')[1] ?? ''
    if (url.searchParams.get('watch') === 'true') return this.#watch(url, response, service)
    const items = [...this.#slices.values()].filter(
      (slice) => namespace === this.namespace && slice.service === service,
    )
    response.writeHead(200, { 'content-type': 'application/json' })
    const metadata = { resourceVersion: String(this.#version) }
    const list = { kind: 'EndpointSliceList', apiVersion: 'discovery.k8s.io/v1', metadata }
    response.end(JSON.stringify({ ...list, items: items.map(({ object }) => object) }))
  }

  #watch(url: URL, response: ServerResponse, service: string): void {
    const from = Number(url.searchParams.get('resourceVersion'))
    if (from < this.#oldest && this.#goneAs === 'status') return failWith(response, 410)
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    if (from < this.#oldest) {
      send(response, { type: 'ERROR', object: statusObject(410) })
      response.end()
      return
    }
    this.#open.set(response, service)
    response.on('close', () => this.#open.delete(response))
    for (const change of this.#changes) if (change.version > from && change.service === service) send(response, change)
    for (const watcher of this.#watchers.splice(0)) watcher()
  }
}

function send(response: ServerResponse, { type, object }: { readonly type: string; readonly object: object }): void {
  response.write(`${JSON.stringify({ type, object })}\n`)
}

function statusObject(code: number): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    code,
    reason: code === 410 ? 'Expired' : '',
  }
}

function failWith(response: ServerResponse, code: number): void {
  response.writeHead(code, { 'content-type': 'application/json' })
  response.end(JSON.stringify(statusObject(code)))
}

function sliceObject(name: string, { service, addresses, notReady = [], ports }: TestSlice, version: number): object {
  return {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: {
      name,
      namespace: 'default',
      resourceVersion: String(version),
      labels: { 'kubernetes.io/service-name': service },
    },
    addressType: 'IPv4',
    ports: ports ?? [
      { name: 'cluster', port: 6222, protocol: 'TCP' },
      { name: 'client', port: 4222, protocol: 'TCP' },
    ],
    endpoints: [
      // One that says nothing of its condition is ready.
      ...addresses.map((address, index) => ({ addresses: [address], conditions: index === 0 ? {} : { ready: true } })),
      ...notReady.map((address) => ({ addresses: [address], conditions: { ready: false } })),
    ],
  }
}
