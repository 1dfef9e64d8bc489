import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Discovery, kubernetesDiscovery, type KubernetesDiscoveryOptions } from '../../src/index.ts'
import { discoveryContract } from '../../src/testing.ts'
import { type KubernetesApi, kubernetesApi } from '../support/kubernetes-api.ts'

let folder = ''
let api: KubernetesApi
let found: Discovery | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedcache-kubernetes-'))
  api = await kubernetesApi()
  await api.kubeconfig(join(folder, 'config'))
})

afterEach(async () => {
  await found?.close()
  found = undefined
  api.close()
  await rm(folder, { recursive: true })
})

function discovery(options: Partial<KubernetesDiscoveryOptions> = {}): Discovery {
  found = kubernetesDiscovery({ service: 'nats', kubeconfig: join(folder, 'config'), retryMs: 5, ...options })
  return found
}

const url = (address: string, port = 4222) => `nats://${address}:${port}`

describe.each([
  ['slices that change', ['10.0.0.1', '10.0.0.2'], ['10.0.0.3']],
  ['nothing at first', [], ['10.0.0.1']],
  ['nothing in the end', ['10.0.0.1'], []],
])('kubernetesDiscovery with %s', (_what, before, after) => {
  const contract = discoveryContract(async () => {
    if (before.length > 0) api.set('nats-a', { service: 'nats', addresses: before })
    api.set('other', { service: 'other', addresses: ['10.9.9.9'] })
    return {
      discovery: discovery(),
      servers: before.map((address) => url(address)),
      change: async () => {
        api.set('nats-a', after.length === 0 ? undefined : { service: 'nats', addresses: after })
        return after.map((address) => url(address))
      },
    }
  })
  for (const { name, run } of contract) test(name, run)
})

describe('kubernetesDiscovery', () => {
  /** Watches, and gives what is told, one after the other. */
  async function watching(options: Partial<KubernetesDiscoveryOptions> = {}) {
    const told: (readonly string[])[] = []
    const failures: unknown[] = []
    let wake = () => {}
    const watched = api.watched()
    await discovery(options).watch?.(
      (servers) => {
        told.push(servers)
        wake()
      },
      (error) => failures.push(error),
    )
    await watched
    return {
      failures,
      next: async () => {
        while (told.length === 0) await new Promise<void>((resolve) => (wake = resolve))
        return told.shift()
      },
    }
  }

  test('joins the slices of a service, leaves out what is not ready, and finds the port by its name', async () => {
    api.set('nats-a', { service: 'nats', addresses: ['10.0.0.1'], notReady: ['10.0.0.8'] })
    api.set('nats-b', { service: 'nats', addresses: ['10.0.0.2'], ports: [{ name: 'nats', port: 5222 }] })
    api.set('nats-c', { service: 'nats', addresses: ['10.0.0.3'], ports: [{ port: 6000 }] })
    api.set('nats-d', {
      service: 'nats',
      addresses: ['10.0.0.4'],
      ports: [
        { name: 'x', port: 1 },
        { name: 'y', port: 2 },
      ],
    })
    expect(await discovery().resolve()).toStrictEqual([url('10.0.0.1'), url('10.0.0.2', 5222), url('10.0.0.3', 6000)])
    expect(await discovery({ port: 'y' }).resolve()).toStrictEqual([url('10.0.0.4', 2)])
    expect(await discovery({ port: 7, scheme: 'tls' }).resolve()).toContain('tls://10.0.0.1:7')
    expect(api.authorization).toBe('Bearer service-account')
  })

  test('selects by label and namespace', async () => {
    await discovery({ service: undefined as never, labelSelector: 'app=messaging', namespace: 'a b' }).resolve()
    const { pathname, searchParams } = api.asked.at(-1)!
    expect(pathname).toBe('/apis/discovery.k8s.io/v1/namespaces/a%20b/endpointslices')
    expect(searchParams.get('labelSelector')).toBe('app=messaging')
  })

  test('goes on from a bookmark when the watch ends', async () => {
    const { next } = await watching()
    api.bookmark()
    api.bookmark()
    const again = api.watched()
    api.drop('ended')
    await again
    expect(api.asked.at(-1)!.searchParams.get('resourceVersion')).toBe('102')
    expect(api.asked.at(-1)!.searchParams.get('allowWatchBookmarks')).toBe('true')
    api.set('nats-a', { service: 'nats', addresses: ['10.0.0.1'] })
    expect(await next()).toStrictEqual([url('10.0.0.1')])
  })

  test.each(['status', 'event'] as const)(
    'lists anew on 410 Gone, told as %s, and hears what it missed',
    async (as) => {
      const { next, failures } = await watching()
      const again = api.watched()
      // Changed and forgotten while nobody watches.
      api.drop('ended')
      api.set('nats-a', { service: 'nats', addresses: ['10.0.0.1'] })
      api.forget(as)
      await again
      expect(await next()).toStrictEqual([url('10.0.0.1')])
      expect(failures).toStrictEqual([])
      api.set('nats-a', { service: 'nats', addresses: ['10.0.0.2'] })
      expect(await next()).toStrictEqual([url('10.0.0.2')])
    },
  )

  test('watches anew when the watch breaks off', async () => {
    const { next, failures } = await watching()
    const again = api.watched()
    api.drop('broken')
    await again
    expect(failures).toHaveLength(1)
    api.set('nats-a', { service: 'nats', addresses: ['10.0.0.1'] })
    expect(await next()).toStrictEqual([url('10.0.0.1')])
  })

  test.each([403, 500, 503])(
    'keeps what it knows while the API answers %i, and goes on when it is back',
    async (status) => {
      api.set('nats-a', { service: 'nats', addresses: ['10.0.0.1'] })
      const { next, failures } = await watching()
      api.status = status
      api.drop('broken')
      await expect(found!.resolve()).rejects.toThrow(/HTTP-Code/)
      const again = api.watched()
      while (failures.length < 3) await new Promise((resolve) => setTimeout(resolve, 5))
      api.status = undefined
      await again
      api.set('nats-a', { service: 'nats', addresses: ['10.0.0.2'] })
      expect(await next()).toStrictEqual([url('10.0.0.2')])
    },
  )

  test('leaves no watch behind when it is closed', async () => {
    await watching()
    expect(api.watches).toBe(1)
    await found!.close()
    while (api.watches > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  })

  test('says what is wrong with a kubeconfig, and finds one that comes later', async () => {
    const late = discovery({ kubeconfig: join(folder, 'late') })
    await expect(late.resolve()).rejects.toThrow(/late/)
    await api.kubeconfig(join(folder, 'late'))
    expect(await late.resolve()).toStrictEqual([])
  })

  test.each([
    [{}, 'service'],
    [{ service: 'a', labelSelector: 'b' }, 'service'],
    [{ service: '' }, 'service'],
    [{ service: 'a', port: 0 }, 'port'],
    [{ service: 'a', scheme: 'http' }, 'scheme'],
  ])('refuses %j', (options, option) => {
    expect(() => kubernetesDiscovery(options as never)).toThrow(`kubernetesDiscovery.${option}`)
  })
})
