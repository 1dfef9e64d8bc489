import type { ClusterPeer } from './cluster-peer.ts'

/** An entry as tests ask for it. */
export interface ReadEntry {
  readonly key: string
  readonly value: unknown
  readonly version: string
  readonly servedFrom: 'OWNER' | 'NEAR' | 'PEER' | 'SOURCE' | 'STALE'
  readonly owner: { readonly id: string } | null
}

/** Who confirmed a change. */
export interface Confirmed {
  readonly confirmedBy: readonly { readonly id: string }[]
  readonly unconfirmed: readonly { readonly id: string }[]
}

const entriesQuery = `query ($keyspace: String!, $keys: [String!]!) {
  entries(keyspace: $keyspace, keys: $keys) { key value version servedFrom owner { id } }
}`
const statsQuery =
  'query ($name: String!) { keyspace(name: $name) { stats { entries loads loadedKeys peerReads nearHits puts } } }'
const confirmation = 'confirmedBy { id } unconfirmed { id }'

/** Reads keys; fails where one of them fails. */
export async function readEntries(
  peer: ClusterPeer,
  keyspace: string,
  keys: readonly string[],
): Promise<readonly (ReadEntry | null)[]> {
  return (await peer.data(entriesQuery, { keyspace, keys })).entries as (ReadEntry | null)[]
}

/** The values of keys; `null` where there is none. */
export async function readValues(peer: ClusterPeer, keyspace: string, keys: readonly string[]): Promise<unknown[]> {
  return (await readEntries(peer, keyspace, keys)).map((entry) => entry?.value ?? null)
}

/** The keys among these that a peer owns, as `asked` sees it. */
export async function keysOwnedBy(
  owner: string,
  asked: ClusterPeer,
  keyspace: string,
  keys: readonly string[],
): Promise<readonly string[]> {
  const entries = await readEntries(asked, keyspace, keys)
  return entries.flatMap((entry) => (entry?.owner?.id === owner ? [entry.key] : []))
}

/** Puts one value. */
export async function put(peer: ClusterPeer, keyspace: string, key: string, value: unknown): Promise<Confirmed> {
  const mutation = `mutation ($input: PutEntryInput!) { putEntry(input: $input) { ${confirmation} } }`
  return (await peer.data(mutation, { input: { keyspace, key, value } })).putEntry as Confirmed
}

/** Puts many values. */
export async function putMany(
  peer: ClusterPeer,
  keyspace: string,
  values: ReadonlyMap<string, unknown>,
): Promise<Confirmed> {
  const mutation = `mutation ($input: PutEntriesInput!) {
    putEntries(input: $input) { errors { key code message } ${confirmation} }
  }`
  const entries = Array.from(values, ([key, value]) => ({ key, value }))
  const payload = (await peer.data(mutation, { input: { keyspace, entries } })).putEntries as Confirmed & {
    readonly errors: readonly unknown[]
  }
  if (payload.errors.length > 0) throw new Error(JSON.stringify(payload.errors.slice(0, 3)))
  return payload
}

/** Deletes keys. */
export async function deleteMany(peer: ClusterPeer, keyspace: string, keys: readonly string[]): Promise<Confirmed> {
  const mutation = `mutation ($input: DeleteEntriesInput!) {
    deleteEntries(input: $input) { errors { key code message } ${confirmation} }
  }`
  const payload = (await peer.data(mutation, { input: { keyspace, keys } })).deleteEntries as Confirmed & {
    readonly errors: readonly unknown[]
  }
  if (payload.errors.length > 0) throw new Error(JSON.stringify(payload.errors.slice(0, 3)))
  return payload
}

/** What a peer counted for a keyspace. */
export async function statsOf(peer: ClusterPeer, name: string): Promise<Readonly<Record<string, number>>> {
  return (await peer.data(statsQuery, { name })).keyspace.stats as Record<string, number>
}
