import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dumpYaml, loadYaml } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { loadConfig } from '../../src/index.ts'
import { resolvedConfig } from '../../src/server.ts'

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  // oxlint-disable-next-line typescript/no-explicit-any -- manifests are of every shape
  readonly [field: string]: any
}

const file = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const manifests = parseAllDocuments(file('deploy/kubernetes/fedcache.yaml')).map((one) => one.toJS() as Manifest)
const ofKind = (kind: string) => manifests.find((manifest) => manifest.kind === kind)!

/** Throws where a manifest is not what the API of Kubernetes takes, unknown fields included. */
async function validate(manifest: Manifest): Promise<void> {
  const models = (await import(`kubernetes-models/${manifest.apiVersion}`)) as Record<
    string,
    new (data: object) => { validate(): void }
  >
  new models[manifest.kind]!(manifest).validate()
  // Those models let fields pass that they do not know; the client's drop them.
  expect(parse(dumpYaml(loadYaml(stringify(manifest)))), 'unknown fields are dropped').toEqual(manifest)
}

describe('the manifests', () => {
  test.each(manifests.map((manifest) => [manifest.kind, manifest] as const))(
    '%s keeps the schema',
    async (_kind, manifest) => {
      await expect(validate(manifest)).resolves.toBeUndefined()
    },
  )

  test('that are wrong are found out', async () => {
    const wrong = structuredClone(ofKind('StatefulSet'))
    wrong['spec'].replicas = 'three'
    await expect(validate(wrong)).rejects.toThrow(/replicas/)
    const misspelt = structuredClone(ofKind('StatefulSet'))
    misspelt['spec'].template.spec.containers[0].readinesProbe = {}
    await expect(validate(misspelt)).rejects.toThrow('unknown fields')
  })

  test('give no right but to see EndpointSlices', () => {
    expect(ofKind('Role')['rules']).toEqual([
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] },
    ])
    expect(manifests.some(({ kind }) => kind.startsWith('Cluster'))).toBe(false)
  })

  test('run without rights on the machine, and read-only', () => {
    const { spec } = ofKind('StatefulSet')['spec'].template
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
    expect(spec.containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
  })

  test('leave the time that leaving takes', () => {
    const { spec } = ofKind('StatefulSet')['spec'].template
    const sleepSeconds = Number(spec.containers[0].lifecycle.preStop.exec.command[1])
    const requestGrace = Number(/requestGraceMs = ([\d_]+)/.exec(file('src/server.ts'))![1]!.replaceAll('_', '')) / 1000
    // Agreeing without the peer, and the longest read of a keyspace that says nothing else.
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(sleepSeconds + requestGrace + 5 + 10)
  })

  test('have one set of names: what selects pods selects these', () => {
    const { labels } = ofKind('StatefulSet')['spec'].template.metadata
    expect(ofKind('StatefulSet')['spec'].selector.matchLabels).toEqual(labels)
    expect(ofKind('Service')['spec'].selector).toEqual(labels)
    expect(ofKind('PodDisruptionBudget')['spec'].selector.matchLabels).toEqual(labels)
    expect(ofKind('NetworkPolicy')['spec'].podSelector.matchLabels).toEqual(labels)
    const account = ofKind('ServiceAccount')['metadata'].name
    expect(ofKind('StatefulSet')['spec'].template.spec.serviceAccountName).toBe(account)
    expect(ofKind('RoleBinding')['subjects']).toEqual([{ kind: 'ServiceAccount', name: account }])
    expect(ofKind('RoleBinding')['roleRef'].name).toBe(ofKind('Role')['metadata'].name)
    expect(ofKind('ServiceAccount')['automountServiceAccountToken']).toBe(false)
  })

  test('let one peer go at a time', () => {
    expect(ofKind('PodDisruptionBudget')['spec'].maxUnavailable).toBe(1)
  })

  test('let in clients of the API, and out to names, NATS and Kubernetes only', () => {
    const { policyTypes, ingress, egress } = ofKind('NetworkPolicy')['spec']
    expect(policyTypes).toEqual(['Ingress', 'Egress'])
    for (const { from, ports } of ingress) {
      expect(from).not.toHaveLength(0)
      expect(ports).toEqual([{ protocol: 'TCP', port: 4000 }])
    }
    const out = (egress as { ports: { port: number }[] }[]).flatMap(({ ports }) => ports.map(({ port }) => port))
    expect(out.toSorted((a, b) => a - b)).toEqual([53, 53, 443, 4222, 6443])
  })

  test('keep secrets in files that only the process may read, and out of the environment', () => {
    const { spec } = ofKind('StatefulSet')['spec'].template
    const secrets = spec.volumes.filter((volume: object) => 'secret' in volume)
    expect(secrets).toHaveLength(2)
    for (const { name, secret } of secrets) {
      expect(secret.defaultMode).toBe(0o440)
      expect(spec.containers[0].volumeMounts.find((mount: { name: string }) => mount.name === name).readOnly).toBe(true)
    }
    expect(JSON.stringify(spec.containers[0].env)).not.toMatch(/secretKeyRef|token/i)
    expect(manifests.some(({ kind }) => kind === 'Secret')).toBe(false)
  })

  test('give the process the memory that its configuration takes', () => {
    const { resources } = ofKind('StatefulSet')['spec'].template.spec.containers[0]
    const memoryLimit = /memoryLimit: '(\d+)mb'/.exec(ofKind('ConfigMap')['data']['fedcache.config.ts'])![1]
    expect([resources.limits.memory, resources.requests.memory]).toEqual(['1Gi', '1Gi'])
    expect(Number(memoryLimit)).toBeLessThanOrEqual(512)
  })

  test('send probes to paths that answer without credentials', () => {
    const [container] = ofKind('StatefulSet')['spec'].template.spec.containers
    expect(container.readinessProbe.httpGet.path).toBe('/ready')
    expect(container.livenessProbe.httpGet.path).toBe('/health')
  })
})

describe('the configuration in the manifests', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedcache-deploy-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('is right, and fits the permissions of deploy/nats', async () => {
    const path = join(folder, 'fedcache.config.ts')
    await writeFile(path, ofKind('ConfigMap')['data']['fedcache.config.ts'])
    const { cluster } = resolvedConfig({ ...(await loadConfig(path)), host: '0.0.0.0' }, { heapLimitBytes: Infinity })
    expect(cluster.discovery?.name).toBe('kubernetes')
    for (const id of ['fedcache-0', 'fedcache-1', 'fedcache-2']) {
      expect(file('deploy/nats/nats.conf')).toContain(`user: "CN=${id}"`)
      expect(file('deploy/nats/nats.conf')).toContain(`fedcache.v1.${cluster.name}.bcast.inv.${id}`)
    }
  })
})

test('the image runs as nobody, from files that nobody who runs there can change', () => {
  const text = file('Dockerfile')
  expect(text.match(/^FROM /gm)).toHaveLength(2)
  expect(text).toMatch(/^USER 1000:1000$/m)
  const [, last = ''] = text.split(/^FROM .*$/m).slice(1)
  expect(last.match(/^COPY (?!--from=build --chown=root:root )/gm)).toBeNull()
  expect(last).not.toMatch(/^RUN|^ADD/m)
  expect(text).toMatch(/^ENTRYPOINT \["node", "dist\/src\/cli.js", "serve"\]$/m)
})
