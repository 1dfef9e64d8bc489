import { connect } from 'nats'
import type { ClusterWorld } from '../support/cluster-world.ts'
import { fireKeys } from './fire-load.ts'

/** What the writable sources have for every key, `null` where nothing: seen past all peers. */
export async function storedValues(
  world: ClusterWorld,
  bucket: string,
): Promise<Readonly<Record<'ledger' | 'sessions', ReadonlyMap<string, number | null>>>> {
  const ledger = fireKeys.ledger.map((key) => [key, (world.stored(key) ?? null) as number | null] as const)
  const connection = await connect({ servers: world.nats.url })
  try {
    const values = await connection.jetstream().views.kv(bucket, { bindOnly: true })
    const sessions = fireKeys.sessions.map(async (key) => {
      const found = await values.get(key)
      return [key, found?.operation === 'PUT' ? found.json<number>() : null] as const
    })
    return { ledger: new Map(ledger), sessions: new Map(await Promise.all(sessions)) }
  } finally {
    await connection.close()
  }
}
