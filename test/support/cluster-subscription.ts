import { request } from 'node:http'
import type { ClusterPeer } from './cluster-peer.ts'

/** A GraphQL subscription at a peer, over server-sent events. */
export interface PeerSubscription<Event> {
  /** Everything that came so far. */
  readonly events: readonly Event[]
  /** The first event that is wanted, whether it has come or is still to come. */
  seen(isWanted: (event: Event) => boolean, timeoutMs?: number): Promise<Event>
  /** Resolves when the peer has ended it. */
  readonly ended: Promise<void>
  stop(): void
}

/** Subscribes; resolves when the peer has taken the subscription. `query` has one root field, which events are. */
export async function peerSubscription<Event>(
  peer: ClusterPeer,
  query: string,
  variables: object = {},
): Promise<PeerSubscription<Event>> {
  const events: Event[] = []
  const watchers = new Set<(event: Event) => void>()
  let end = (): void => {}
  const ended = new Promise<void>((resolve) => (end = resolve))
  const payload = JSON.stringify({ query, variables })
  const outgoing = request({
    host: '127.0.0.1',
    port: peer.port,
    method: 'POST',
    path: '/graphql',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      'content-length': Buffer.byteLength(payload),
    },
  })
  const take = (text: string): void => {
    const data = text.split('\n').find((line) => line.startsWith('data: {'))
    if (data === undefined) return
    const result = JSON.parse(data.slice(6)) as { readonly data?: Record<string, Event>; readonly errors?: unknown }
    if (result.data === undefined) throw new Error(`the subscription failed: ${JSON.stringify(result.errors)}`)
    const event = Object.values(result.data)[0]!
    events.push(event)
    for (const watcher of watchers) watcher(event)
  }
  await new Promise<void>((resolve, reject) => {
    outgoing.on('error', (error) => {
      end()
      reject(error)
    })
    outgoing.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        const parts = (text + chunk).split('\n\n')
        text = parts.pop() ?? ''
        for (const part of parts) take(part)
      })
      response.on('error', end)
      response.on('close', end)
      if (response.statusCode === 200) resolve()
      else reject(new Error(`${peer.id} answered a subscription with ${response.statusCode}`))
    })
    outgoing.end(payload)
  })
  return {
    events,
    ended,
    stop: () => void outgoing.destroy(),
    seen(isWanted, timeoutMs = 15_000) {
      const past = events.find(isWanted)
      if (past !== undefined) return Promise.resolve(past)
      return new Promise((resolve, reject) => {
        const settle = (): void => {
          clearTimeout(timer)
          watchers.delete(watcher)
        }
        const watcher = (event: Event): void => {
          if (!isWanted(event)) return
          settle()
          resolve(event)
        }
        const timer = setTimeout(() => {
          settle()
          reject(new Error(`${peer.id} did not tell ${isWanted.toString()}, but ${JSON.stringify(events)}`))
        }, timeoutMs)
        watchers.add(watcher)
      })
    },
  }
}
