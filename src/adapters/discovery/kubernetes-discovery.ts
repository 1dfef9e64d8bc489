import type * as kubernetes from '@kubernetes/client-node'
import type { Discovery } from '../../ports/index.ts'
import { OptionProblems } from '../source/option-problems.ts'
import { serversOf, type SlicePort } from './kubernetes-slices.ts'
import { distinct, type NatsScheme } from './server-urls.ts'
import { ServerWatchers } from './server-watchers.ts'

/** Which Endpoints of a Kubernetes cluster are the NATS servers. */
export interface KubernetesDiscoveryOptions {
  /** Name of their Service. Either this or `labelSelector` is given. */
  readonly service?: string
  /** Selects their EndpointSlices, such as `app=nats`. */
  readonly labelSelector?: string
  /** Default: that of the pod or of the kubeconfig's context. */
  readonly namespace?: string
  /** Port of the servers, by number or by name. Default: the one named `client` or `nats`, or the only one. */
  readonly port?: SlicePort
  /** `tls` refuses servers without TLS. Default `nats`. */
  readonly scheme?: NatsScheme
  /** Path of a kubeconfig. Default: that of `KUBECONFIG` or the home directory, or the service account of the pod. */
  readonly kubeconfig?: string
  /** How long to wait before watching again after a failure, in milliseconds; up to 32 times as long. Default 1,000. */
  readonly retryMs?: number
}

interface Client {
  readonly api: kubernetes.DiscoveryV1Api
  readonly watch: kubernetes.Watch
  readonly namespace: string
}

// The server ends a watch in order after this long: the library takes one for dead that is silent for 30 s.
const watchSeconds = 25

/**
 * Finds NATS servers by the EndpointSlices of a Service. It needs the package `@kubernetes/client-node`, and the right
 * to get, list and watch `endpointslices` in one namespace.
 *
 * @throws ConfigError for options that are wrong.
 */
export function kubernetesDiscovery(options: KubernetesDiscoveryOptions): Discovery {
  checkOptions(options)
  return new KubernetesDiscovery(options)
}

class KubernetesDiscovery implements Discovery {
  readonly name = 'kubernetes'
  readonly #options: KubernetesDiscoveryOptions
  readonly #watchers = new ServerWatchers()
  readonly #failureListeners = new Set<(error: unknown) => void>()
  readonly #slices = new Map<string, kubernetes.V1EndpointSlice>()
  #client: Promise<Client> | undefined
  #abort: AbortController | undefined
  #closed = false

  constructor(options: KubernetesDiscoveryOptions) {
    this.#options = options
  }

  async resolve(): Promise<readonly string[]> {
    const { slices } = await this.#list()
    return this.#servers(slices)
  }

  async watch(
    onChange: (servers: readonly string[]) => void,
    onFailure: (error: unknown) => void = () => {},
  ): Promise<() => void> {
    if (this.#closed) return () => {}
    const stop = this.#watchers.add(onChange)
    this.#failureListeners.add(onFailure)
    if (this.#abort === undefined) {
      this.#abort = new AbortController()
      const following = Promise.withResolvers<void>()
      void this.#follow(this.#abort.signal, following.resolve)
      // Changes made once this has resolved are told.
      await following.promise
    }
    return () => {
      stop()
      this.#failureListeners.delete(onFailure)
      if (this.#watchers.size === 0) this.#rest()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#watchers.clear()
    this.#rest()
  }

  #rest(): void {
    this.#abort?.abort()
    this.#abort = undefined
    this.#watchers.forget()
  }

  /** Lists, then watches from there on, for as long as somebody wants to know. Starts over after every failure. */
  async #follow(signal: AbortSignal, onListed: () => void): Promise<void> {
    const { retryMs = 1000 } = this.#options
    let version: string | undefined
    let failures = 0
    while (!signal.aborted) {
      const startedMs = performance.now()
      try {
        version ??= await this.#listAll(signal)
        onListed()
        version = await this.#watchFrom(version, signal)
        failures = 0
        // A server that ends every watch at once is not asked without pause.
        await passed(retryMs - (performance.now() - startedMs), signal)
      } catch (error) {
        onListed()
        if (signal.aborted) return
        // Whatever it was, what is known may be outdated: the next round lists.
        version = undefined
        if (isGone(error) && failures++ === 0) continue
        for (const onFailure of this.#failureListeners) onFailure(error)
        failures++
        await passed(retryMs * 2 ** Math.min(failures, 5) * (0.5 + Math.random() / 2), signal)
      }
    }
  }

  async #listAll(signal: AbortSignal): Promise<string> {
    const { slices, version } = await this.#list()
    if (signal.aborted) return version
    this.#slices.clear()
    for (const slice of slices) this.#slices.set(slice.metadata?.name ?? '', slice)
    this.#tell()
    return version
  }

  /** Resolves when the server ends the watch, with the version to go on from. Rejects when it fails. */
  async #watchFrom(from: string, signal: AbortSignal): Promise<string> {
    const { watch, namespace } = await this.#connect()
    const ended = Promise.withResolvers<void>()
    let version = from
    const onEvent = (type: string, slice: kubernetes.V1EndpointSlice & { readonly code?: number }): void => {
      if (signal.aborted) return
      if (type === 'ERROR') return ended.reject(Object.assign(new Error('the watch failed'), { code: slice.code }))
      version = slice.metadata?.resourceVersion ?? version
      if (type === 'BOOKMARK') return
      if (type === 'DELETED') this.#slices.delete(slice.metadata?.name ?? '')
      else this.#slices.set(slice.metadata?.name ?? '', slice)
      this.#tell()
    }
    const controller = await watch.watch(
      `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/endpointslices`,
      {
        labelSelector: this.#selector(),
        resourceVersion: from,
        allowWatchBookmarks: true,
        timeoutSeconds: watchSeconds,
      },
      onEvent,
      (error: unknown) => (error === null || error === undefined ? ended.resolve() : ended.reject(error)),
    )
    const abort = () => controller.abort()
    signal.addEventListener('abort', abort)
    try {
      if (signal.aborted) abort()
      await ended.promise
      return version
    } finally {
      signal.removeEventListener('abort', abort)
      abort()
    }
  }

  #tell(): void {
    this.#watchers.found(this.#servers(this.#slices.values()))
  }

  #servers(slices: Iterable<kubernetes.V1EndpointSlice>): readonly string[] {
    const { scheme = 'nats', port } = this.#options
    return distinct([...slices].flatMap((slice) => serversOf(slice, scheme, port)))
  }

  async #list(): Promise<{ readonly slices: readonly kubernetes.V1EndpointSlice[]; readonly version: string }> {
    const { api, namespace } = await this.#connect()
    const { items, metadata } = await api.listNamespacedEndpointSlice({ namespace, labelSelector: this.#selector() })
    return { slices: items, version: metadata?.resourceVersion ?? '' }
  }

  #selector(): string {
    const { service, labelSelector = '' } = this.#options
    return service === undefined ? labelSelector : `kubernetes.io/service-name=${service}`
  }

  #connect(): Promise<Client> {
    this.#client ??= this.#load().catch((error: unknown) => {
      // A kubeconfig that was missing may be there the next time.
      this.#client = undefined
      throw error
    })
    return this.#client
  }

  async #load(): Promise<Client> {
    const { kubeconfig, namespace } = this.#options
    const library = await importLibrary()
    const config: kubernetes.KubeConfig = new library.KubeConfig()
    if (kubeconfig === undefined) config.loadFromDefault()
    else config.loadFromFile(kubeconfig)
    // What the library makes up where it finds nothing: whoever listens there is no Kubernetes.
    if (config.getCurrentCluster()?.server === 'http://localhost:8080') {
      throw new Error('There is neither a kubeconfig nor the service account of a pod, and so no Kubernetes to ask.')
    }
    return {
      api: config.makeApiClient(library.DiscoveryV1Api),
      watch: new library.Watch(config),
      namespace: namespace ?? config.getContextObject(config.getCurrentContext())?.namespace ?? 'default',
    }
  }
}

async function importLibrary(): Promise<typeof kubernetes> {
  try {
    // Tens of megabytes, which only clusters on Kubernetes need.
    return await import('@kubernetes/client-node')
  } catch (error) {
    throw new Error('kubernetesDiscovery needs the package @kubernetes/client-node: install it.', { cause: error })
  }
}

function isGone(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  const { code, statusCode } = error as { readonly code?: unknown; readonly statusCode?: unknown }
  return code === 410 || statusCode === 410
}

function passed(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, durationMs))
    timer.unref()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function checkOptions(options: KubernetesDiscoveryOptions): void {
  const problems = new OptionProblems('kubernetesDiscovery')
  problems.requireOptions(options)
  const { service, labelSelector, port, scheme } = options
  if ((service === undefined) === (labelSelector === undefined)) {
    problems.add('service', 'must be given, or labelSelector, and not both', service)
  }
  for (const name of ['service', 'labelSelector', 'namespace', 'kubeconfig'] as const) {
    problems.type(name, options[name], 'string')
  }
  const isName = typeof port === 'string' && port !== ''
  if (port !== undefined && !isName && !(Number.isInteger(port) && Number(port) > 0 && Number(port) < 65_536)) {
    problems.add('port', 'must be a port or the name of one', port)
  }
  if (scheme !== undefined && scheme !== 'nats' && scheme !== 'tls') {
    problems.add('scheme', "must be 'nats' or 'tls'", scheme)
  }
  problems.wholeNumber('retryMs', options.retryMs, 1)
  problems.throwIfAny()
}
