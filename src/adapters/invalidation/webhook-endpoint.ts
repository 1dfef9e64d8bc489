import { headerTag, type InvalidationEndpoint } from '../../ports/index.ts'
import { requestEndpoint } from './endpoint-request.ts'

/** The request that tells a cache what to drop. `{tags}` stands for the tags wherever it is written. */
export interface WebhookEndpointOptions {
  readonly name: string
  readonly url: string
  readonly method: string
  /** Gives the headers; asked for every request, so that secrets in them may change. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>
  /** A text is sent as it is, anything else as JSON; `undefined`: no body. */
  readonly body: unknown
  /** What stands between the tags in a text. */
  readonly separator: string
  readonly maxTags: number
}

const placeholder = '{tags}'

/** A cache that is told what to drop by any request at all. Tags are named as headers name them. */
export function webhookEndpoint(options: WebhookEndpointOptions): InvalidationEndpoint {
  const { name, url, method, headers, body, separator, maxTags } = options
  return {
    name,
    maxTags,
    invalidate: async (tags, signal) => {
      const shown = tags.map(headerTag)
      const joined = shown.join(separator)
      const filled = (text: string): string => text.replaceAll(placeholder, () => joined)
      const given = Object.entries(await headers()).map(([header, text]) => [header.toLowerCase(), filled(text)])
      const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json'
      await requestEndpoint({
        method,
        url: url.replaceAll(placeholder, () => encodeURIComponent(joined)),
        headers: { ...(body === undefined ? {} : { 'content-type': type }), ...Object.fromEntries(given) },
        body: bodyOf(body, shown, filled),
        signal,
      })
    },
  }
}

function bodyOf(body: unknown, tags: readonly string[], filled: (text: string) => string): string | undefined {
  if (body === undefined) return undefined
  return typeof body === 'string' ? filled(body) : JSON.stringify(withTags(body, tags, filled))
}

/** The same JSON with the tags in it: as a list where a text is the placeholder alone, joined where it is part of one. */
function withTags(value: unknown, tags: readonly string[], filled: (text: string) => string): unknown {
  if (typeof value === 'string') return value === placeholder ? tags : filled(value)
  if (Array.isArray(value)) return value.map((item: unknown) => withTags(item, tags, filled))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withTags(item, tags, filled)]))
}
