import type { InvalidationEndpoint } from '../ports/index.ts'
import { checkDuration, checkFields, checkWholeNumber, hasMethods, isPlainObject } from './checks.ts'
import type { ApolloRouterEndpointConfig, InvalidationConfig, WebhookEndpointConfig } from './invalidation-config.ts'
import type { Problems } from './problems.ts'
import { checkSecret, type Secret } from './secret.ts'
import { didYouMean } from './suggestion.ts'

const minute = 60_000

/** An endpoint of a configuration, with every default filled in; `custom` is an object of the user's own. */
export type ResolvedEndpoint = (
  | (Omit<Required<ApolloRouterEndpointConfig>, 'subgraph' | 'keyspaces'> & { readonly subgraphs: readonly string[] })
  | Omit<Required<WebhookEndpointConfig>, 'keyspaces'>
  | { readonly kind: 'custom'; readonly name: string; readonly endpoint: InvalidationEndpoint }
) & {
  /** Names of the keyspaces whose changes it is told of; `undefined`: of all. */
  readonly keyspaces: ReadonlySet<string> | undefined
}

/** What endpoints are read against. */
export interface KnownToEndpoints {
  readonly keyspaces: readonly string[]
  readonly tellsTags: boolean
}

/** What is told to caches outside, with every default filled in. */
export interface ResolvedInvalidation {
  readonly endpoints: readonly ResolvedEndpoint[]
  readonly windowMs: number
  readonly timeoutMs: number
  readonly deadlineMs: number
  readonly maxWaiting: number
}

const fieldNames: readonly (keyof InvalidationConfig)[] = ['endpoints', 'window', 'timeout', 'deadline', 'maxWaiting']
const routerFields: readonly string[] = ['kind', 'url', 'sharedKey', 'subgraph', 'name', 'maxTags', 'keyspaces']
const webhookFields: readonly string[] = [
  'kind',
  'url',
  'method',
  'headers',
  'body',
  'separator',
  'name',
  'maxTags',
  'keyspaces',
]

/**
 * Reads the `invalidation` of a configuration. What is wrong is noted.
 *
 * @param known the names of the keyspaces, and whether answers to gateways have tags, without which a router has nothing
 * to drop by.
 */
export function resolveInvalidation(problems: Problems, value: unknown, known: KnownToEndpoints): ResolvedInvalidation {
  const fields = checkFields(problems, 'invalidation', value, fieldNames)
  const duration = (field: keyof InvalidationConfig, range: Parameters<typeof checkDuration>[3]): number =>
    checkDuration(problems, `invalidation.${field}`, fields[field], range)
  return {
    endpoints: value === undefined ? [] : resolveEndpoints(problems, fields['endpoints'], known),
    windowMs: duration('window', { min: 0, max: 10_000, fallback: 50 }),
    timeoutMs: duration('timeout', { min: 1, max: minute, fallback: 5000 }),
    deadlineMs: duration('deadline', { min: 1000, max: 1440 * minute, fallback: 5 * minute }),
    maxWaiting: checkWholeNumber(problems, 'invalidation.maxWaiting', fields['maxWaiting'], {
      min: 1,
      max: 10_000_000,
      fallback: 10_000,
    }),
  }
}

function resolveEndpoints(problems: Problems, value: unknown, known: KnownToEndpoints): readonly ResolvedEndpoint[] {
  if (!Array.isArray(value) || value.length === 0) {
    problems.add('invalidation.endpoints', 'must be a list of endpoints that is not empty', value)
    return []
  }
  const names = new Set<string>()
  return value.flatMap((item: unknown, index) => {
    const path = `invalidation.endpoints[${index}]`
    const endpoint = resolveEndpoint(problems, path, item, known)
    if (endpoint === undefined) return []
    if (names.has(endpoint.name)) {
      problems.add(`${path}.name`, 'must be another than that of an endpoint before', endpoint.name)
    }
    names.add(endpoint.name)
    return [endpoint]
  })
}

function resolveEndpoint(
  problems: Problems,
  path: string,
  value: unknown,
  known: KnownToEndpoints,
): ResolvedEndpoint | undefined {
  const kind = isPlainObject(value) ? value['kind'] : undefined
  if (kind === 'apollo-router') return resolveRouter(problems, path, value, known)
  if (kind === 'webhook') return resolveWebhook(problems, path, value, known)
  if (!hasMethods(value, ['invalidate'])) {
    const form = "{ kind: 'apollo-router', … }, { kind: 'webhook', … } or an object with name and invalidate"
    problems.add(path, `must be ${form}`, value)
    return undefined
  }
  const endpoint = value as InvalidationEndpoint
  const name = resolveName(problems, path, endpoint.name, undefined)
  resolveMaxTags(problems, path, endpoint.maxTags)
  return { kind: 'custom', name, endpoint, keyspaces: resolveKeyspaces(problems, path, endpoint.keyspaces, known) }
}

function resolveRouter(problems: Problems, path: string, value: unknown, known: KnownToEndpoints): ResolvedEndpoint {
  const fields = checkFields(problems, path, value, routerFields)
  const { subgraph } = fields
  const names: readonly unknown[] = subgraph === undefined ? [] : [subgraph].flat()
  if (names.length === 0 || !names.every((name) => typeof name === 'string' && name !== '')) {
    problems.add(
      `${path}.subgraph`,
      'must be the name that fedcache has in the supergraph, or a list of names',
      subgraph,
    )
  }
  checkSecret(problems, `${path}.sharedKey`, fields['sharedKey'])
  if (!known.tellsTags) {
    problems.add(path, 'needs subgraph.cacheTags: true: the router drops by tags that it found in answers', value)
  }
  return {
    kind: 'apollo-router',
    name: resolveName(problems, path, fields['name'], 'apollo-router'),
    url: resolveUrl(problems, path, fields['url']),
    sharedKey: fields['sharedKey'] as Secret,
    subgraphs: names as readonly string[],
    maxTags: resolveMaxTags(problems, path, fields['maxTags']),
    keyspaces: resolveKeyspaces(problems, path, fields['keyspaces'], known),
  }
}

function resolveWebhook(problems: Problems, path: string, value: unknown, known: KnownToEndpoints): ResolvedEndpoint {
  const fields = checkFields(problems, path, value, webhookFields)
  const { method = 'POST', separator = ' ', body = { tags: '{tags}' } } = fields
  if (typeof method !== 'string' || !/^[A-Za-z]+$/.test(method)) {
    problems.add(`${path}.method`, "must be a method such as 'POST' or 'PURGE'", method)
  }
  const hasNoBody = typeof method === 'string' && /^(get|head)$/i.test(method)
  if (hasNoBody && fields['body'] !== undefined && fields['body'] !== false) {
    problems.add(`${path}.body`, `must be left out with ${method}, whose requests have none`, body)
  }
  if (typeof separator !== 'string') problems.add(`${path}.separator`, 'must be a text', separator)
  if (!isJson(body)) problems.add(`${path}.body`, 'must be a text or JSON', body)
  return {
    kind: 'webhook',
    name: resolveName(problems, path, fields['name'], 'webhook'),
    url: resolveUrl(problems, path, fields['url']),
    method: String(method).toUpperCase(),
    headers: resolveHeaders(problems, path, fields['headers']),
    body: hasNoBody ? false : body,
    separator: String(separator),
    maxTags: resolveMaxTags(problems, path, fields['maxTags']),
    keyspaces: resolveKeyspaces(problems, path, fields['keyspaces'], known),
  }
}

function resolveKeyspaces(
  problems: Problems,
  path: string,
  value: unknown,
  { keyspaces }: KnownToEndpoints,
): ReadonlySet<string> | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value) || value.length === 0) {
    problems.add(`${path}.keyspaces`, 'must be a list of names of keyspaces that is not empty', value)
    return undefined
  }
  for (const [index, name] of value.entries()) {
    if (keyspaces.includes(name)) continue
    const hint = typeof name === 'string' ? didYouMean(name, keyspaces) : ''
    problems.add(`${path}.keyspaces[${index}]`, `must be one of the configuration's keyspaces.${hint}`, name)
  }
  return new Set(value)
}

function resolveHeaders(problems: Problems, path: string, value: unknown): Readonly<Record<string, Secret>> {
  if (value === undefined) return {}
  if (!isPlainObject(value)) {
    problems.add(`${path}.headers`, 'must be an object', value)
    return {}
  }
  for (const [name, secret] of Object.entries(value)) {
    const headerPath = `${path}.headers[${JSON.stringify(name)}]`
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) problems.add(headerPath, 'must be the name of a header', '***')
    checkSecret(problems, headerPath, secret)
  }
  return value as Readonly<Record<string, Secret>>
}

function resolveUrl(problems: Problems, path: string, value: unknown): string {
  // With something in place of the tags: braces stand for themselves in some parts of URLs only.
  const url = typeof value === 'string' ? URL.parse(value.replaceAll('{tags}', 'tags')) : null
  if (url === null || !/^https?:$/.test(url.protocol)) {
    problems.add(`${path}.url`, 'must be an http or https URL', value)
  } else if (url.username !== '' || url.password !== '') {
    problems.add(`${path}.url`, 'must not have a user name or password in it: put them into a header', value)
  }
  return String(value)
}

function resolveName(problems: Problems, path: string, value: unknown, fallback: string | undefined): string {
  const name = value ?? fallback
  if (typeof name === 'string' && /^[\w.-]{1,64}$/.test(name)) return name
  problems.add(`${path}.name`, "must be a name made of 1 to 64 letters, digits, '_', '.' and '-'", value)
  return fallback ?? ''
}

function resolveMaxTags(problems: Problems, path: string, value: unknown): number {
  return checkWholeNumber(problems, `${path}.maxTags`, value, { min: 1, max: 10_000, fallback: 100 })
}

function isJson(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (Array.isArray(value)) return value.every(isJson)
  return isPlainObject(value) && Object.values(value).every(isJson)
}
