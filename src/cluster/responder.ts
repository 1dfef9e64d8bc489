import { FedcacheError } from '../errors.ts'
import {
  type AskedAs,
  type Bus,
  BusError,
  type BusMessage,
  type Clock,
  type Logger,
  type PeerAnswer,
  type PeerHost,
  type WriteAnswer,
} from '../ports/index.ts'
import { tagBytes } from './asker.ts'
import { packAnswers } from './protocol/answers.ts'
import { packWriteAnswers, rowOverheadBytes, unpackEntries, unpackWrites } from './protocol/entries.ts'
import { decodeFrame, encodeFrame, type Frame } from './protocol/frame.ts'
import { pieceLimitBytes } from './protocol/pack-pieces.ts'
import { type Fields, fields, list, number, text, texts, word } from './protocol/shape.ts'
import { ReplyMemory } from './reply-memory.ts'

/** What answering needs. */
export interface ResponderContext {
  readonly bus: Bus
  readonly clock: Clock
  readonly logger: Logger
  readonly host: PeerHost
  /** Hash of the view by which this peer places keys. */
  readonly view: () => string
  /** Names this life of this peer; another after it may have been taken for dead. */
  readonly incarnation: () => string
  /** Whether this peer has heard of another, and so waits for its confirmations. */
  readonly knows: (peer: string) => boolean
  /** Resolves when this peer may take part in writes; rejects otherwise. */
  readonly whenWritable: (timeoutMs: number) => Promise<void>
  /** Invalidations of this process after a number, as many as fit into a message. */
  readonly invalidationsAfter: (number: number) => readonly Uint8Array[]
  /** Names this process, for which numbers run. */
  readonly process: string
  /** Takes a peer's word that it has seen the numbered messages of a process of this peer. */
  readonly onSeen: (peer: string, seen: { process: string; invalidation: number; keyspaceChange: number }) => void
}

/** Keys that may be under way for other peers at once; beyond it they are told to come back. */
const maxKeysUnderWay = 100_000
/** How long the owner of a key waits for the peers to agree before it turns a write away. */
const maxAgreementMs = 500

/** Answers other peers. What it cannot read it refuses by throwing a ProtocolError. */
export class Responder {
  readonly #context: ResponderContext
  readonly #memory: ReplyMemory
  #keysUnderWay = 0

  constructor(context: ResponderContext) {
    this.#context = context
    this.#memory = new ReplyMemory(context.clock)
  }

  /** Answers a request for entries. */
  async rpc(caller: string, message: BusMessage): Promise<void> {
    const frame = decodeFrame(message.data)
    const head = fields(frame.head)
    if (word(head, 'op', ['read', 'write']) === 'read') return this.#read(caller, message, head)
    return this.#write(message, head, frame)
  }

  /** Answers a request between peers. */
  ctl(caller: string, message: BusMessage): void {
    const frame = decodeFrame(message.data)
    const head = fields(frame.head)
    const { host, process, invalidationsAfter, onSeen } = this.#context
    switch (word(head, 'op', ['seen', 'take', 'catalogue', 'missed', 'ping'])) {
      case 'seen':
        return onSeen(caller, {
          process: text(head, 'process'),
          invalidation: number(head, 'invalidation'),
          keyspaceChange: number(head, 'keyspaceChange'),
        })
      case 'take': {
        const puts = unpackEntries({ rows: list(head, 'rows'), values: frame.values })
        return respond(message, encodeFrame({ taken: host.takePuts(text(head, 'keyspace'), puts) }))
      }
      case 'catalogue':
        return respond(message, encodeFrame({ records: host.catalogue() }))
      case 'missed': {
        // Of what a predecessor said this process knows nothing.
        const messages = text(head, 'process') === process ? invalidationsAfter(number(head, 'after')) : []
        return respond(message, encodeFrame({ messages }))
      }
      case 'ping':
        return respond(message, encodeFrame({}))
    }
  }

  async #read(caller: string, message: BusMessage, head: Fields): Promise<void> {
    const as: AskedAs = word(head, 'as', ['OWNER', 'DEPUTY', 'PREVIOUS'])
    const keys = texts(head, 'keys')
    const keyspace = text(head, 'keyspace')
    const timeoutMs = number(head, 'timeoutMs')
    const { host, knows, view } = this.#context
    const placesAlike = view() === '' || view() === text(head, 'view')
    // Who is not heard of is not waited for when what it asks for changes.
    const answers = knows(caller)
      ? await this.#underAdmission(keys, () => host.readFor(as, keyspace, keys, timeoutMs))
      : keys.map((): PeerAnswer => elsewhere)
    const { head: columns, values } = packAnswers(
      this.#fitting(as === 'PREVIOUS' && !placesAlike ? answers.map(unlessGone) : answers),
    )
    respond(message, encodeFrame(columns, values, this.#memory.take))
  }

  async #underAdmission(
    keys: readonly string[],
    answer: () => Promise<readonly PeerAnswer[]>,
  ): Promise<readonly PeerAnswer[]> {
    if (this.#keysUnderWay + keys.length > maxKeysUnderWay && this.#keysUnderWay > 0) {
      const error = new FedcacheError('BUSY', 'The owner of the key has too many reads under way; try again shortly.')
      return keys.map(() => ({ kind: 'ERROR', error }))
    }
    this.#keysUnderWay += keys.length
    try {
      return await answer()
    } finally {
      this.#keysUnderWay -= keys.length
    }
  }

  /** As many of the answers as fit into one message; the caller asks again for the others. */
  #fitting(answers: readonly PeerAnswer[]): readonly PeerAnswer[] {
    const limit = pieceLimitBytes(this.#context.bus.maxPayload)
    const fitting: PeerAnswer[] = []
    let bytes = 0
    for (const answer of answers) {
      let size = answerBytes(answer)
      const alone = size > limit
      if (alone) size = rowOverheadBytes
      if (fitting.length > 0 && bytes + size > limit) break
      fitting.push(alone ? { kind: 'ERROR', error: this.#tooLarge(answer) } : answer)
      bytes += size
    }
    return fitting
  }

  async #write(message: BusMessage, head: Fields, frame: Frame): Promise<void> {
    const writes = unpackWrites({ rows: list(head, 'rows'), values: frame.values })
    const { host, view, incarnation } = this.#context
    // A write that waited here while others took this peer for dead may have been made again at another owner.
    const isMeant = (): boolean => text(head, 'view') === view() && text(head, 'incarnation') === incarnation()
    const agreed = isMeant() && (await this.#isWritable()) && isMeant()
    const { answers, confirmation } = agreed
      ? await host.writeFor(text(head, 'keyspace'), writes)
      : { answers: writes.map((): WriteAnswer => ({ kind: 'ELSEWHERE' })), confirmation: nobody }
    const { rows, values } = packWriteAnswers(answers.map(withoutValue))
    respond(message, encodeFrame({ rows, ...confirmation }, values))
  }

  async #isWritable(): Promise<boolean> {
    try {
      await this.#context.whenWritable(maxAgreementMs)
      return true
    } catch {
      return false
    }
  }

  #tooLarge(answer: PeerAnswer): FedcacheError {
    const key = answer.kind === 'ENTRY' ? JSON.stringify(answer.entry.key.slice(0, 64)) : 'the key'
    const limit = this.#context.bus.maxPayload
    return new FedcacheError(
      'VALUE_TOO_LARGE',
      `The value of ${key} does not fit into a message between peers (${limit} bytes); raise max_payload of the NATS servers or ask its owner.`,
    )
  }
}

const nobody = { confirmedBy: [], unconfirmed: [] }
const elsewhere = { kind: 'ELSEWHERE' } as const

/** Who places keys otherwise than whoever asks may have handed over what it had, to a peer that was not asked. */
function unlessGone(answer: PeerAnswer): PeerAnswer {
  return answer.kind === 'NO_SOURCE' ? elsewhere : answer
}

/** Without a connection there is nobody to answer; whoever asked finds out by itself. */
function respond(message: BusMessage, data: Uint8Array): void {
  try {
    message.respond?.(data)
  } catch (error) {
    if (!(error instanceof BusError) || error.kind === 'TOO_LARGE') throw error
  }
}

function answerBytes(answer: PeerAnswer): number {
  if (answer.kind !== 'ENTRY') return rowOverheadBytes * 8
  const { encoded, tags } = answer.entry
  return rowOverheadBytes + (encoded?.length ?? 0) + tagBytes(tags)
}

/** The sender of a put has its value. */
function withoutValue(answer: WriteAnswer): WriteAnswer {
  return answer.kind === 'WRITTEN' && answer.entry !== undefined
    ? { kind: 'WRITTEN', entry: { ...answer.entry, encoded: null } }
    : answer
}
