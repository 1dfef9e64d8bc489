import type { LoadResult } from '../../ports/index.ts'

/** An answer of a GraphQL server. */
interface GraphqlAnswer {
  readonly data?: Readonly<Record<string, unknown>> | null
  readonly errors?: readonly GraphqlAnswerError[]
}

interface GraphqlAnswerError {
  readonly message?: unknown
  readonly path?: readonly unknown[]
}

/**
 * Takes a list out of the answer of a GraphQL server, with an error in place of each element that has one anywhere in
 * it: what is whole but for a field that failed would be kept as if the field were empty.
 *
 * @throws Error for an error that belongs to no element.
 */
export function graphqlList(body: unknown, field: string): readonly LoadResult[] {
  const { data, errors = [] } = (body ?? {}) as GraphqlAnswer
  const list = data?.[field]
  const failed = new Map<number, Error>()
  for (const { message, path } of errors) {
    const text = typeof message === 'string' ? message : 'no message'
    const index = path?.[0] === field ? path[1] : undefined
    if (!Array.isArray(list) || typeof index !== 'number')
      throw new Error(`the subgraph answered with an error: ${text}`)
    failed.set(index, new Error(`the subgraph answered with an error: ${text}`))
  }
  if (!Array.isArray(list)) throw new Error(`the subgraph answered without a list in ${field}`)
  return list.map((element: unknown, index) => failed.get(index) ?? element)
}

/**
 * How long a response may be kept by its `Cache-Control`, less its `Age`, in milliseconds; 0 where it may not be kept,
 * and `undefined` where it does not say.
 */
export function keptForMs(headers: Headers): number | undefined {
  const control = headers.get('cache-control')?.toLowerCase()
  if (control === undefined) return undefined
  if (/\b(no-store|no-cache)\b/.test(control)) return 0
  const seconds = /\bs-maxage=(\d+)/.exec(control)?.[1] ?? /\bmax-age=(\d+)/.exec(control)?.[1]
  if (seconds === undefined) return undefined
  const age = Number(headers.get('age') ?? 0)
  return Math.max(0, Number(seconds) - (Number.isFinite(age) ? age : 0)) * 1000
}
