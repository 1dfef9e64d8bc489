import { setTimeout as passed } from 'node:timers/promises'
import { bodyOf, httpOrigin } from './http-origin.ts'

/** The source of the keyspace `feed`: an HTTP server in the test's own process that counts every key it is asked for. */
export interface ClusterOrigin {
  readonly url: string
  /** How often each key was asked for. */
  readonly loads: ReadonlyMap<string, number>
  /** Requests answered or under way. */
  readonly requests: number
  /** What every key is answered with; `undefined` for not found. */
  value: (key: string) => unknown
  /** How long every answer takes. */
  delayMs: number
  /** Whether every request fails. */
  down: boolean
  /** Called with the keys of every request as it comes. */
  onRequest: (keys: readonly string[]) => void
  /** Forgets what was counted. */
  reset(): void
  close(): Promise<void>
}

/** Starts an origin that knows every key, with its own name as the value. */
export async function clusterOrigin(): Promise<ClusterOrigin> {
  const loads = new Map<string, number>()
  const server = await httpOrigin(async (request, response) => {
    const keys = JSON.parse(await bodyOf(request)) as string[]
    for (const key of keys) loads.set(key, (loads.get(key) ?? 0) + 1)
    origin.requests++
    origin.onRequest(keys)
    if (origin.down) {
      response.statusCode = 503
      response.end()
      return
    }
    // Read before the wait, as a database would: what changes meanwhile is not in this answer.
    const values = JSON.stringify(Object.fromEntries(keys.map((key) => [key, origin.value(key)])))
    if (origin.delayMs > 0) await passed(origin.delayMs)
    response.setHeader('content-type', 'application/json')
    response.end(values)
  })
  const origin = {
    url: server.url,
    loads,
    requests: 0,
    value: (key: string): unknown => ({ key }),
    delayMs: 0,
    down: false,
    onRequest: (_keys: readonly string[]): void => {},
    reset: (): void => {
      loads.clear()
      origin.requests = 0
    },
    close: () => server.close(),
  }
  return origin
}
