import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Discovery, kubernetesDiscovery } from '../../src/index.ts'
import { discoveryContract } from '../../src/testing.ts'
import { CertificateAuthority } from '../support/certificates.ts'
import { type KubernetesApi, kubernetesApi } from '../support/kubernetes-api.ts'
import { asMachine } from '../support/machine.ts'

// As in a pod: the address of the API in the environment, and in a folder its authority, a token and the namespace.

let folder = ''
let account = ''
let authority: CertificateAuthority
let tls: { readonly cert: string; readonly key: string }
let api: KubernetesApi
let found: Discovery | undefined

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedcache-in-cluster-'))
  authority = await CertificateAuthority.make(folder, 'ca')
  const files = await authority.sign('kubernetes', { alternatives: 'IP:127.0.0.1' })
  tls = { cert: await readFile(files.cert, 'utf8'), key: await readFile(files.key, 'utf8') }
  await CertificateAuthority.make(folder, 'foreign')
})
afterAll(() => rm(folder, { recursive: true }))

beforeEach(async () => {
  api = await kubernetesApi(tls)
  api.token = 'first'
  account = await mkdtemp(join(folder, 'account-'))
  await writeFile(join(account, 'ca.crt'), await readFile(authority.ca))
  await writeFile(join(account, 'token'), 'first')
  await writeFile(join(account, 'namespace'), 'default')
  asMachine({ folders: { '/var/run/secrets/kubernetes.io/serviceaccount': account } })
  const home = join(account, 'home')
  await mkdir(home)
  for (const [name, value] of Object.entries({
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
    KUBERNETES_SERVICE_PORT: String(api.port),
    KUBECONFIG: '',
    HOME: home,
  })) {
    vi.stubEnv(name, value)
  }
})

afterEach(async () => {
  vi.useRealTimers()
  await found?.close()
  found = undefined
  api.close()
})

function discovery(): Discovery {
  found = kubernetesDiscovery({ service: 'nats', retryMs: 5 })
  return found
}

const url = (address: string) => `nats://${address}:4222`

describe('kubernetesDiscovery in a pod', () => {
  const contract = discoveryContract(async () => {
    api.set('nats-a', { service: 'nats', addresses: ['10.0.0.1', '10.0.0.2'] })
    return {
      discovery: discovery(),
      servers: ['10.0.0.1', '10.0.0.2'].map(url),
      change: async () => {
        api.set('nats-a', { service: 'nats', addresses: ['10.0.0.3'] })
        return [url('10.0.0.3')]
      },
    }
  })
  for (const { name, run } of contract) test(name, run)

  test('asks in the namespace of the pod, with its token', async () => {
    api.set('nats-a', { service: 'nats', addresses: ['10.0.0.1'] })
    expect(await discovery().resolve()).toStrictEqual([url('10.0.0.1')])
    expect(api.authorization).toBe('Bearer first')
    expect(api.asked.at(-1)!.pathname).toBe('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices')
    await writeFile(join(account, 'namespace'), 'messaging')
    expect(await discovery().resolve()).toStrictEqual([])
    expect(api.asked.at(-1)!.pathname).toBe('/apis/discovery.k8s.io/v1/namespaces/messaging/endpointslices')
  })

  test('believes no API but that of its authority', async () => {
    await writeFile(join(account, 'ca.crt'), await readFile(join(folder, 'foreign.pem')))
    await expect(discovery().resolve()).rejects.toMatchObject({
      cause: { code: expect.stringMatching(/SIGNATURE|SELF_SIGNED|UNABLE_TO|CERT/) },
    })
    expect(api.asked).toStrictEqual([])
  })

  test('goes on with a token that was renewed, as they are within the hour', async () => {
    api.set('nats-a', { service: 'nats', addresses: ['10.0.0.1'] })
    const failed = Promise.withResolvers<unknown>()
    const told = Promise.withResolvers<readonly string[]>()
    const watched = api.watched()
    const pod = discovery()
    await pod.watch?.(told.resolve, failed.resolve)
    await watched
    // The library reads the file once a minute.
    await writeFile(join(account, 'token'), 'second')
    api.token = 'second'
    api.drop('broken')
    expect(await failed.promise).toBeInstanceOf(Error)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
    const again = api.watched()
    await again
    expect(api.authorization).toBe('Bearer second')
    api.set('nats-a', { service: 'nats', addresses: ['10.0.0.2'] })
    expect(await told.promise).toStrictEqual([url('10.0.0.2')])
  })

  test('that is none, and has no kubeconfig, says so', async () => {
    await rm(account, { recursive: true })
    await expect(discovery().resolve()).rejects.toThrow('neither a kubeconfig nor the service account of a pod')
    expect(api.asked).toStrictEqual([])
  })
})
