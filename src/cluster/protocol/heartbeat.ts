import { decodeFrame, encodeFrame } from './frame.ts'
import { ProtocolError } from './protocol-error.ts'
import { fields, list, number, text, word } from './shape.ts'

/** What a peer says of itself. `LEFT` is its last word. */
export type SaidState = 'JOINING' | 'ALIVE' | 'LEAVING' | 'LEFT'

/** What every peer broadcasts about once a second, and whenever something of it has changed. */
export interface Heartbeat {
  /** Names the process: of two with one `peerId` the one that sorts first is the older. */
  readonly process: string
  /** The process and how often it has come back after it may have been taken for dead. */
  readonly incarnation: string
  readonly state: SaidState
  /** Counts the sender's heartbeats, so that it knows its own when it comes back. */
  readonly beat: number
  /** Whether everybody should answer with a heartbeat at once. */
  readonly rollCall: boolean
  /** Roll calls that this heartbeat answers: the processes that called, and the beats they called with. */
  readonly answers: readonly RollCall[]
  /** Hash of the view that the sender places keys by; empty where it has none. */
  readonly view: string
  /** How many views the sender has placed keys by, so that one who was away knows whether others took its place. */
  readonly views: number
  /** Hash of the last view by which the sender had handed over all puts of slots that were not its own. */
  readonly handedOver: string
  readonly catalogue: string
  readonly config: string
  /** Number of the sender's last invalidation. */
  readonly invalidation: number
  /** Number of the last of them that was an invalidation of tags; 0 where there was none. */
  readonly tagInvalidation: number
  /** Number of the sender's last change of the catalogue. */
  readonly keyspaceChange: number
  /** The highest version that the sender knows. */
  readonly version: number
  /** Where its GraphQL API is reached; empty where it does not say. */
  readonly url: string
}

/** Who called the roll, and with which of its heartbeats. */
export type RollCall = readonly [process: string, beat: number]

/** Packs a heartbeat. */
export function encodeHeartbeat(heartbeat: Heartbeat): Uint8Array {
  return encodeFrame({ ...heartbeat, rollCall: heartbeat.rollCall ? 1 : 0 })
}

/** @throws ProtocolError for what is no heartbeat. */
export function decodeHeartbeat(data: Uint8Array): Heartbeat {
  const head = fields(decodeFrame(data).head)
  return {
    process: text(head, 'process'),
    incarnation: text(head, 'incarnation'),
    state: word(head, 'state', ['JOINING', 'ALIVE', 'LEAVING', 'LEFT']),
    beat: number(head, 'beat'),
    rollCall: number(head, 'rollCall') === 1,
    answers: list(head, 'answers').map(rollCallOf),
    view: text(head, 'view'),
    views: number(head, 'views'),
    handedOver: text(head, 'handedOver'),
    catalogue: text(head, 'catalogue'),
    config: text(head, 'config'),
    invalidation: number(head, 'invalidation'),
    tagInvalidation: number(head, 'tagInvalidation'),
    keyspaceChange: number(head, 'keyspaceChange'),
    version: number(head, 'version'),
    url: text(head, 'url'),
  }
}

function rollCallOf(pair: unknown): RollCall {
  const [process, beat] = Array.isArray(pair) ? (pair as readonly unknown[]) : []
  if (typeof process === 'string' && typeof beat === 'number') return [process, beat]
  throw new ProtocolError('MALFORMED', 'An answer to a roll call has no process or no beat.')
}
