import type { LoadContext, LoadResult, Source } from '../../ports/index.ts'
import { answersByKey, type Found } from './answers.ts'
import { ConcurrencyLimit } from './concurrency-limit.ts'
import { type HttpAnswer, httpExchange, type HttpFormat } from './http-exchange.ts'
import { checkBulk, checkHttpConnection, checkStatuses } from './http-option-checks.ts'
import { OptionProblems } from './option-problems.ts'
import { checkUrlTemplate, UrlTemplate } from './url-template.ts'

/** What every HTTP source takes. */
export interface HttpConnectionOptions {
  /**
   * How the source is named in logs and in `Keyspace.source`.
   *
   * @default 'http'
   */
  readonly name?: string
  /** Headers of every request, or a function that gives them for each load, such as one that renews a token. */
  readonly headers?:
    | Readonly<Record<string, string>>
    | ((context: LoadContext) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>)
  /**
   * How long one request may take, up to the last byte of its response, in milliseconds. A whole number from 1.
   *
   * @default 10000
   */
  readonly timeoutMs?: number
  /**
   * How many requests may be under way at a time. A whole number from 1.
   *
   * @default 16
   */
  readonly concurrency?: number
  /**
   * The largest body, unpacked, that is read of a response. A whole number of bytes from 1.
   *
   * @default 16777216
   */
  readonly maxResponseBytes?: number
  /**
   * How bodies are read: as JSON, as UTF-8 text, or as bytes.
   *
   * @default 'json'
   */
  readonly format?: HttpFormat
}

/** An HTTP source that makes a request per key. */
export interface HttpKeyOptions extends HttpConnectionOptions {
  /**
   * The URL to GET, with `{key}` in its path or query: `https://example.com/products/{key}`. The key is
   * percent-encoded. A user name and password in the URL are sent as basic authentication.
   */
  readonly url: string
  /**
   * Statuses that mean not found. So does 204. Other statuses but 2xx fail their key.
   *
   * @default [404, 410]
   */
  readonly notFoundStatuses?: readonly number[]
  /**
   * Makes the value from a body. It is not called for what was not found. What it throws fails that key only.
   *
   * @default the body
   */
  readonly parse?: (body: unknown, response: HttpKeyResponse) => LoadResult
  readonly bulk?: never
}

/** An HTTP source that makes one request per load. */
export interface HttpBulkOptions extends HttpConnectionOptions {
  readonly bulk: HttpBulkRequest
  readonly url?: never
  readonly notFoundStatuses?: never
  readonly parse?: never
}

/** The request that loads many keys, and what its response means. */
export interface HttpBulkRequest {
  /**
   * The URL. It may have `{keys}` in its path or query, which becomes the keys, percent-encoded and with commas
   * between them: `https://example.com/products?ids={keys}`.
   */
  readonly url: string
  /**
   * The method.
   *
   * @default 'GET' when the URL has `{keys}`, else 'POST'
   */
  readonly method?: string
  /**
   * Makes the body, which is sent as JSON. Requests by GET have none.
   *
   * @default the list of keys
   */
  readonly body?: (keys: readonly string[]) => unknown
  /**
   * Takes the answers out of a body: a list in the order of the keys, a list in any order when there is `keyOf`, or a
   * `Map` or plain object by key. What it throws fails the whole load.
   *
   * @default the body
   */
  readonly parse?: (body: unknown, response: HttpBulkResponse) => unknown
  /** Tells the key of an item of a list. Items with keys that were not asked for are ignored. */
  readonly keyOf?: (item: unknown) => string | number
}

/** A response to the request for one key. */
export interface HttpKeyResponse {
  readonly key: string
  readonly status: number
  readonly headers: Headers
}

/** A response to the request for many keys. */
export interface HttpBulkResponse {
  readonly keys: readonly string[]
  readonly status: number
  readonly headers: Headers
}

/** Options of {@link httpSource}: a URL per key, or a bulk request. */
export type HttpSourceOptions = HttpKeyOptions | HttpBulkOptions

/**
 * A source over an HTTP API, on the global `fetch`. Without `bulk` each key is a request of its own and fails by
 * itself. Requests end early when nobody waits for them any more.
 *
 * Up to five redirects of a request per key are followed within its origin; others, and those of bulk requests, fail.
 * Nothing is retried. Errors never hold query strings, credentials, headers or bodies.
 *
 * @throws ConfigError with everything that is wrong with the options.
 */
export function httpSource(options: HttpSourceOptions): Source {
  checkOptions(options)
  const { name = 'http', concurrency = 16 } = options
  const limit = new ConcurrencyLimit(concurrency)
  const loadMany = options.bulk === undefined ? keyByKey(options, limit) : inBulk(options, limit)
  return { name, loadMany }
}

function keyByKey(options: HttpKeyOptions, limit: ConcurrencyLimit): Source['loadMany'] {
  const template = new UrlTemplate(options.url, '{key}')
  const { notFoundStatuses = [404, 410], parse } = options
  return async (keys, context) => {
    const settings = await settingsOf(options, template, context)
    return limit.answerEach(keys, context.signal, async (key) => {
      const url = template.expand(key)
      const { body, status, headers } = await httpExchange({
        ...settings,
        method: 'GET',
        url,
        notFoundStatuses,
        maxRedirects: 5,
      })
      return parse === undefined || body === null ? body : parse(body, { key, status, headers })
    })
  }
}

function inBulk(options: HttpBulkOptions, limit: ConcurrencyLimit): Source['loadMany'] {
  const { bulk } = options
  const hasKeysInUrl = bulk.url.includes('{keys}')
  const method = (bulk.method ?? (hasKeysInUrl ? 'GET' : 'POST')).toUpperCase()
  const template = new UrlTemplate(bulk.url, '{keys}')
  return async (keys, context) => {
    const settings = await settingsOf(options, template, context)
    const body = method === 'GET' ? {} : { body: JSON.stringify(bulk.body === undefined ? keys : bulk.body(keys)) }
    const headers = method === 'GET' ? settings.headers : { 'content-type': 'application/json', ...settings.headers }
    const url = template.expand(...(hasKeysInUrl ? keys : []))
    const request = { ...settings, ...body, method, headers, url, notFoundStatuses: [], maxRedirects: 0 }
    return bulkAnswers(bulk, keys, await limit.run(context.signal, () => httpExchange(request)))
  }
}

async function settingsOf(options: HttpSourceOptions, template: UrlTemplate, context: LoadContext) {
  const { timeoutMs = 10_000, maxResponseBytes = 2 ** 24, format = 'json', headers = {} } = options
  const given = typeof headers === 'function' ? await headers(context) : headers
  const lowerCased = Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]))
  const own: Record<string, string> = {
    accept: format === 'json' ? 'application/json' : '*/*',
    'user-agent': 'fedcache',
  }
  if (template.authorization !== undefined) own['authorization'] = template.authorization
  const { signal } = context
  return { timeoutMs, maxResponseBytes, format, signal, shown: template.shown, headers: { ...own, ...lowerCased } }
}

function bulkAnswers(bulk: HttpBulkRequest, keys: readonly string[], answer: HttpAnswer): readonly LoadResult[] {
  const { status, headers, body } = answer
  const answers: unknown = bulk.parse === undefined ? body : bulk.parse(body, { keys, status, headers })
  if (answers instanceof Map) return answersByKey(keys, answers as ReadonlyMap<string, LoadResult>)
  if (Array.isArray(answers))
    return bulk.keyOf === undefined ? answers : answersByKey(keys, foundBy(bulk.keyOf, answers))
  if (typeof answers === 'object' && answers !== null) return answersByKey(keys, Object.entries(answers))
  throw new Error('the answer to a bulk request is neither a list nor an object by key')
}

function* foundBy(keyOf: (item: unknown) => string | number, items: readonly unknown[]): Iterable<Found> {
  for (const item of items) if (item !== null && item !== undefined) yield [`${keyOf(item)}`, item]
}

function checkOptions(options: HttpSourceOptions): void {
  const problems = new OptionProblems('httpSource')
  problems.requireOptions(options)
  const { url, bulk } = options
  if ((url === undefined) === (bulk === undefined)) problems.add('url', 'give exactly one of url and bulk', url)
  if (url !== undefined) {
    checkUrlTemplate(problems, 'url', url, '{key}')
    if (typeof url === 'string' && !url.includes('{key}'))
      problems.add('url', 'must have {key} where the key goes', url)
  }
  checkBulk(problems, bulk)
  checkHttpConnection(problems, options)
  if (options.format !== undefined && !['json', 'text', 'bytes'].includes(options.format)) {
    problems.add('format', "must be 'json', 'text' or 'bytes'", options.format)
  }
  checkStatuses(problems, 'notFoundStatuses', options.notFoundStatuses)
  problems.type('parse', options.parse, 'function')
  problems.throwIfAny()
}
