import { createHash } from 'node:crypto'
import { ReadRecord, type ReadSummary } from '../engine/read-record.ts'
import { headerTag } from '../ports/index.ts'

/** Names and values of headers in turn, which is how Node takes them. */
export type Headers = readonly string[]

/** Headers that tell shared caches by which tags to drop an answer. */
export interface CacheTagHeaders {
  readonly headers: readonly ('cache-tag' | 'surrogate-key')[]
  /** Answers whose tags are longer have none, and are not for shared caches. */
  readonly maxBytes: number
}

/** What is known of an answer beside what it read. */
export interface AnswerFacts {
  readonly hasErrors: boolean
  /** Whether it was asked how the answer came about. */
  readonly isReported: boolean
  /** `undefined` where answers have no such headers. */
  readonly cacheTags: CacheTagHeaders | undefined
}

const separators: Readonly<Record<CacheTagHeaders['headers'][number], string>> = {
  'cache-tag': ',',
  'surrogate-key': ' ',
}
const neverKept: Headers = ['cache-control', 'no-store']
const none: Headers = []
const longestSeconds = 31_536_000

/** The request header that asks how an answer came about, and the response header that says so. */
export const reportHeader = 'x-fedcache'

/** The record of what an operation read, which is in its context. */
export function recordIn(context: object | undefined): ReadRecord | undefined {
  const reads: unknown = context !== undefined && 'reads' in context ? context.reads : undefined
  return reads instanceof ReadRecord ? reads : undefined
}

/**
 * What is said of an answer to whoever may keep it: `no-store` for one that has errors, is stale, says how it was
 * served or read no entry; otherwise how long everything in it stays as it is.
 */
export function cacheHeaders(
  reads: ReadRecord | undefined,
  { hasErrors, isReported, cacheTags }: AnswerFacts,
): Headers {
  if (reads === undefined || !reads.hasReadings) return neverKept
  if (!isReported && (hasErrors || reads.isServingShown)) return neverKept
  const summary = reads.summary()
  const report = isReported ? [reportHeader, reportOf(summary)] : none
  if (hasErrors || reads.isServingShown || summary.stale > 0) return [...neverKept, ...report]
  const seconds = Math.min(longestSeconds, Math.floor(summary.remainingMs / 1000))
  const tags = cacheTags === undefined ? none : tagHeaders(reads, cacheTags)
  // A shared cache that cannot be told to drop an answer must not keep it.
  const isPublic = reads.isPublic && tags !== undefined
  const kept: Headers = [
    'cache-control',
    `${isPublic ? 'public' : 'private'}, max-age=${seconds}`,
    'vary',
    // One browser may have several users, one after the other.
    isPublic ? `accept, ${reportHeader}` : `accept, ${reportHeader}, authorization, cookie`,
  ]
  return tags === none && report === none ? kept : kept.concat(tags ?? none, report)
}

function reportOf({ hits, nearHits, peerReads, loads, stale, notFound }: ReadSummary): string {
  return `hits=${hits}, near=${nearHits}, peer=${peerReads}, loads=${loads}, stale=${stale}, notfound=${notFound}`
}

/** The headers with the tags of what was read; `undefined` where these are too long. */
function tagHeaders(reads: ReadRecord, { headers, maxBytes }: CacheTagHeaders): Headers | undefined {
  const tags = reads.tags().map(headerTag)
  // A separator is one byte, and so is every character of a tag.
  const bytes = tags.reduce((sum, tag) => sum + tag.length + 1, -1)
  if (bytes > maxBytes) return undefined
  return tags.length === 0 ? none : headers.flatMap((name) => [name, tags.join(separators[name])])
}

/**
 * The extensions of an answer that tell a gateway's cache by which tags to drop it, where that was asked for; for
 * entities in the order in which they were referred to.
 */
export function tagExtensions(reads: ReadRecord | undefined): Readonly<Record<string, unknown>> | undefined {
  if (reads === undefined || !reads.wantsTags || !reads.hasReadings) return undefined
  const apolloEntityCacheTags = reads.entityTags()
  return apolloEntityCacheTags.length > 0 ? { apolloEntityCacheTags } : { apolloCacheTags: reads.tags() }
}

/** The same headers by their names. */
export function named(headers: Headers): Record<string, string> {
  const byName: Record<string, string> = {}
  for (let index = 0; index < headers.length; index += 2) byName[headers[index]!] = headers[index + 1]!
  return byName
}

/** A tag that changes with the body. */
export function entityTag(body: string | Uint8Array, encoding: 'latin1' | 'utf8' = 'utf8'): string {
  const hash = createHash('sha1')
  const hashed = typeof body === 'string' ? hash.update(body, encoding) : hash.update(body)
  return `"${hashed.digest('base64url')}"`
}

/** Whether a client has what the tag stands for already. */
export function hasTag(ifNoneMatch: string | null | undefined, tag: string): boolean {
  if (ifNoneMatch === null || ifNoneMatch === undefined) return false
  return ifNoneMatch.split(',').some((known) => [tag, `W/${tag}`, '*'].includes(known.trim()))
}
