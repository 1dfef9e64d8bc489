/**
 * What a broadcast is about: `member` heartbeats and leaves, `inv` invalidations, `keyspace` changes of the catalogue.
 */
export type BroadcastTopic = 'member' | 'inv' | 'keyspace'

/** Which of a peer's two request channels: `rpc` reads and writes of entries, `ctl` control between peers. */
export type RequestChannel = 'rpc' | 'ctl'

/** What {@link parseSubject} finds in a subject. */
export type ParsedSubject =
  | { readonly kind: 'request'; readonly channel: RequestChannel; readonly owner: string; readonly caller: string }
  | { readonly kind: 'broadcast'; readonly topic: BroadcastTopic; readonly sender: string }

/**
 * The NATS subjects of one peer in one cluster, all under `fedcache.v1.<cluster>.`:
 *
 * | subject | what | who publishes | who subscribes |
 * |---|---|---|---|
 * | `node.<owner>.rpc.<caller>` | requests for entries | the caller | the owner, as `node.<owner>.rpc.*` |
 * | `node.<owner>.ctl.<caller>` | requests between peers | the caller | the owner, as `node.<owner>.ctl.*` |
 * | `bcast.member.<sender>` | heartbeats, leaves | the sender | everybody, the sender included |
 * | `bcast.inv.<sender>` | invalidations | the sender | everybody |
 * | `bcast.keyspace.<sender>` | keyspace changes | the sender | everybody |
 * | `inbox.<caller>.>` | replies | whoever was asked | the caller |
 *
 * The sender is always in the subject, so that NATS permissions can pin a peer to its own name. Keys and other text of
 * users never are: nats.js sends a subject as it is, and a line break in it would end the command.
 */
export interface Subjects {
  /** What all of the cluster's subjects begin with, the last dot included. */
  readonly prefix: string
  /** For the `inboxPrefix` of the bus. */
  readonly inboxPrefix: string
  /** Where this peer asks another. */
  request(channel: RequestChannel, owner: string): string
  /** Where this peer is asked. */
  requests(channel: RequestChannel): string
  /** Where this peer tells everybody. */
  broadcast(topic: BroadcastTopic): string
  /** Where everybody is heard. */
  broadcasts(topic: BroadcastTopic): string
}

const tokenPattern = /^[A-Za-z0-9_-]{1,64}$/

/**
 * Whether a text can be a cluster's name or a peer's id: 1 to 64 letters (ASCII), digits, `_` and `-`, which is one
 * token of a NATS subject, and safe in a service name and in metrics.
 */
export function isSubjectToken(text: string): boolean {
  return tokenPattern.test(text)
}

/**
 * Builds a peer's subjects.
 *
 * @throws RangeError where the cluster or a peer is not named as {@link isSubjectToken} says.
 */
export function subjects(cluster: string, peerId: string): Subjects {
  const prefix = `fedcache.v1.${token('cluster name', cluster)}.`
  const self = token('peer id', peerId)
  return {
    prefix,
    inboxPrefix: `${prefix}inbox.${self}`,
    request: (channel, owner) => `${prefix}node.${token('peer id', owner)}.${channel}.${self}`,
    requests: (channel) => `${prefix}node.${self}.${channel}.*`,
    broadcast: (topic) => `${prefix}bcast.${topic}.${self}`,
    broadcasts: (topic) => `${prefix}bcast.${topic}.*`,
  }
}

/**
 * Reads a subject that a message came on.
 *
 * @param prefix of the cluster's {@link Subjects}.
 * @returns `undefined` for anything that {@link subjects} does not build.
 */
export function parseSubject(prefix: string, subject: string): ParsedSubject | undefined {
  if (!subject.startsWith(prefix)) return undefined
  const tokens = subject.slice(prefix.length).split('.')
  const [family, first = '', second = '', third = ''] = tokens
  if (family === 'node' && tokens.length === 4) {
    if ((second !== 'rpc' && second !== 'ctl') || !isSubjectToken(first) || !isSubjectToken(third)) return undefined
    return { kind: 'request', channel: second, owner: first, caller: third }
  }
  if (family === 'bcast' && tokens.length === 3) {
    if ((first !== 'member' && first !== 'inv' && first !== 'keyspace') || !isSubjectToken(second)) return undefined
    return { kind: 'broadcast', topic: first, sender: second }
  }
  return undefined
}

function token(what: string, text: string): string {
  if (isSubjectToken(text)) return text
  throw new RangeError(`A ${what} has 1 to 64 of A-Z a-z 0-9 _ -, received ${JSON.stringify(text)}.`)
}
