import { FedcacheError, type FedcacheErrorOptions } from '../errors.ts'
import {
  type AskedAs,
  type Bus,
  BusError,
  type Clock,
  type EntryTransfer,
  type PeerAnswer,
  type WriteAnswer,
  type WriteAnswers,
  type WriteTransfer,
} from '../ports/index.ts'
import { unpackAnswers } from './protocol/answers.ts'
import { packEntries, packWrites, rowOverheadBytes, unpackWriteAnswers } from './protocol/entries.ts'
import { decodeFrame, encodeFrame, type Frame } from './protocol/frame.ts'
import { packPieces, pieceLimitBytes } from './protocol/pack-pieces.ts'
import { ProtocolError } from './protocol/protocol-error.ts'
import { fields, list, manyBytes, texts } from './protocol/shape.ts'
import type { RequestChannel, Subjects } from './subjects.ts'

/** What asking needs. */
export interface AskerContext {
  readonly bus: Bus
  readonly clock: Clock
  readonly subjects: Subjects
  /** Hash of the view by which this peer places keys. */
  readonly view: () => string
  /** Names the life of a peer that this one has heard of last. */
  readonly incarnation: (peer: string) => string
  /** Called when the bus says that nobody listens in a peer's place. */
  readonly onNoResponders: (peer: string) => void
  /** Calls `listener` once, when the peer goes suspect; returns a function that stops it. */
  readonly onSuspect: (peer: string, listener: () => void) => () => void
  /** Whether the peer is suspect now. */
  readonly isSuspect: (peer: string) => boolean
}

/** How a request ended: with a reply, or without, and then whether it may have been carried out. */
type Reply =
  | { readonly kind: 'REPLY'; readonly data: Uint8Array }
  | { readonly kind: 'NOT_SENT' }
  | { readonly kind: 'UNKNOWN'; readonly reason: string }

/** That nobody listens is told at once, or not at all. */
const probeTimeoutMs = 1_000

const elsewhere = { kind: 'ELSEWHERE' } as const
const nobody = { confirmedBy: [], unconfirmed: [] }

/** Asks other peers: for entries, to write, to take puts over. No method rejects. */
export class Asker {
  readonly #context: AskerContext

  constructor(context: AskerContext) {
    this.#context = context
  }

  /** Asks for keys; one answer per key, in order. A reply that does not fit into a message is fetched in parts. */
  async read(
    peer: string,
    as: AskedAs,
    keyspace: string,
    keys: readonly string[],
    timeoutMs: number,
  ): Promise<readonly PeerAnswer[]> {
    const answers: PeerAnswer[] = []
    const deadlineMs = this.#context.clock.monotonic() + timeoutMs
    while (answers.length < keys.length) {
      const part = this.#part(keys, answers.length)
      if (part.length === 0) {
        answers.push({ kind: 'ERROR', error: this.#tooLarge(keys[answers.length]!) })
        continue
      }
      const leftMs = deadlineMs - this.#context.clock.monotonic()
      const got = leftMs <= 0 ? [] : await this.#readPart(peer, as, keyspace, part, leftMs)
      // Whoever answers always gives at least one, so a reply without any is none.
      if (got.length === 0) return keys.map((_, index) => answers[index] ?? timedOut(peer, keyspace, timeoutMs))
      if (answers.length === 0 && got.length === keys.length) return got
      for (const answer of got) answers.push(answer)
    }
    return answers
  }

  /** Sends writes to the owner of their keys. */
  async write(
    peer: string,
    keyspace: string,
    writes: readonly WriteTransfer[],
    timeoutMs: number,
  ): Promise<WriteAnswers> {
    const answers = new Map<WriteTransfer, WriteAnswer>()
    const confirmedBy = new Set<string>()
    const unconfirmed = new Set<string>()
    const { pieces, tooLarge } = packPieces(writes, this.#limitBytes(), writeBytes)
    for (const write of tooLarge) {
      answers.set(write, { kind: 'ERROR', error: this.#tooLarge(write.key, { outcome: 'NONE' }) })
    }
    await Promise.all(
      pieces.map(async (piece) => {
        const result = await this.#writePiece(peer, keyspace, piece, timeoutMs)
        piece.forEach((write, index) => answers.set(write, result.answers[index]!))
        for (const id of result.confirmation.confirmedBy) confirmedBy.add(id)
        for (const id of result.confirmation.unconfirmed) unconfirmed.add(id)
      }),
    )
    return {
      answers: writes.map((write) => answers.get(write)!),
      confirmation: { confirmedBy: [...confirmedBy], unconfirmed: [...unconfirmed] },
    }
  }

  /** Hands puts over; tells per put whether the peer has it now. */
  async handOver(
    peer: string,
    keyspace: string,
    puts: readonly EntryTransfer[],
    timeoutMs: number,
  ): Promise<readonly boolean[]> {
    const taken = new Map<EntryTransfer, boolean>()
    for (const piece of packPieces(puts, this.#limitBytes(), entryBytes).pieces) {
      const { rows, values } = packEntries(piece)
      const reply = await this.#request(peer, 'ctl', encodeFrame({ op: 'take', keyspace, rows }, values), timeoutMs)
      if (reply.kind !== 'REPLY') break
      const marks = readable(reply.data, ({ head }) => list(fields(head), 'taken')) ?? []
      piece.forEach((put, index) => taken.set(put, marks[index] === true))
    }
    return puts.map((put) => taken.get(put) ?? false)
  }

  /** Asks for the changes of keyspaces that a peer knows of; `undefined` where it did not answer. */
  async catalogue(peer: string, timeoutMs: number): Promise<readonly unknown[] | undefined> {
    const reply = await this.#request(peer, 'ctl', encodeFrame({ op: 'catalogue' }), timeoutMs)
    return reply.kind === 'REPLY' ? readable(reply.data, ({ head }) => list(fields(head), 'records')) : undefined
  }

  /**
   * Asks a process for the invalidations that it announced after a number: the first of them, none where there are no
   * more, `undefined` where it did not answer.
   */
  async missed(
    peer: string,
    process: string,
    after: number,
    timeoutMs: number,
  ): Promise<readonly Uint8Array[] | undefined> {
    const reply = await this.#request(peer, 'ctl', encodeFrame({ op: 'missed', process, after }), timeoutMs)
    return reply.kind === 'REPLY' ? readable(reply.data, ({ head }) => manyBytes(fields(head), 'messages')) : undefined
  }

  /** Finds out whether anybody listens in a peer's place; `onNoResponders` is told where nobody does. */
  async probe(peer: string): Promise<void> {
    await this.isThere(peer, probeTimeoutMs)
  }

  /** Whether a process answers in a peer's place. */
  async isThere(peer: string, timeoutMs: number): Promise<boolean> {
    const reply = await this.#request(peer, 'ctl', encodeFrame({ op: 'ping' }), timeoutMs)
    return reply.kind === 'REPLY'
  }

  async #readPart(
    peer: string,
    as: AskedAs,
    keyspace: string,
    keys: readonly string[],
    timeoutMs: number,
  ): Promise<readonly PeerAnswer[]> {
    const question = encodeFrame({ op: 'read', as, keyspace, keys, timeoutMs, view: this.#context.view() })
    // A suspect owner is not waited for: its deputy answers. But what a slot's last owner still has, only it can say.
    const reply = await this.#request(peer, 'rpc', question, timeoutMs, as !== 'PREVIOUS')
    if (reply.kind === 'NOT_SENT') return keys.map(() => elsewhere)
    if (reply.kind === 'UNKNOWN') return reply.reason === 'suspect' ? keys.map(() => elsewhere) : []
    return readable(reply.data, (frame) => unpackAnswers(frame, keys)) ?? []
  }

  async #writePiece(
    peer: string,
    keyspace: string,
    writes: readonly WriteTransfer[],
    timeoutMs: number,
  ): Promise<WriteAnswers> {
    const { view, incarnation } = this.#context
    const { rows, values } = packWrites(writes)
    // Not sent to a suspect: a paused owner would find it in its queue later, and nobody could say what became of it.
    if (this.#context.isSuspect(peer)) return { answers: writes.map(() => elsewhere), confirmation: nobody }
    const message = encodeFrame({ op: 'write', keyspace, view: view(), incarnation: incarnation(peer), rows }, values)
    const reply = await this.#request(peer, 'rpc', message, timeoutMs)
    if (reply.kind === 'REPLY') {
      const result = readable(reply.data, (frame) => writeAnswers(frame, writes))
      if (result !== undefined) return result
    }
    const answer: WriteAnswer = reply.kind === 'NOT_SENT' ? elsewhere : { kind: 'ERROR', error: unknownOutcome(peer) }
    return { answers: writes.map(() => answer), confirmation: nobody }
  }

  async #request(
    peer: string,
    channel: RequestChannel,
    message: Uint8Array,
    timeoutMs: number,
    untilSuspect = false,
  ): Promise<Reply> {
    const { bus, subjects, onNoResponders, onSuspect, isSuspect } = this.#context
    if (!bus.connected || (untilSuspect && isSuspect(peer))) return { kind: 'NOT_SENT' }
    const { promise: reply, resolve, reject } = Promise.withResolvers<Reply>()
    const stopListening = untilSuspect
      ? onSuspect(peer, () => resolve({ kind: 'UNKNOWN', reason: 'suspect' }))
      : undefined
    bus
      .request(subjects.request(channel, peer), message, { timeoutMs })
      .then(
        (data) => resolve({ kind: 'REPLY', data }),
        (error: unknown) => {
          if (!(error instanceof BusError)) throw error
          if (error.kind === 'NO_RESPONDERS') onNoResponders(peer)
          const notSent = error.kind === 'NO_RESPONDERS' || error.kind === 'TOO_LARGE'
          const reason = error.kind === 'TIMEOUT' ? 'timeout' : 'suspect'
          resolve(notSent ? { kind: 'NOT_SENT' } : { kind: 'UNKNOWN', reason })
        },
      )
      .catch(reject)
    try {
      return await reply
    } finally {
      stopListening?.()
    }
  }

  /** As many of the keys as fit into a question, from one on; none where that one alone does not. */
  #part(keys: readonly string[], from: number): readonly string[] {
    const limitBytes = this.#limitBytes()
    let bytes = 0
    for (let index = from; index < keys.length; index++) {
      bytes += keyBytes(keys[index]!)
      if (bytes > limitBytes) return keys.slice(from, index)
    }
    return from === 0 ? keys : keys.slice(from)
  }

  #limitBytes(): number {
    return pieceLimitBytes(this.#context.bus.maxPayload)
  }

  #tooLarge(key: string, options?: FedcacheErrorOptions): FedcacheError {
    const limit = this.#context.bus.maxPayload
    const message = `What is to be sent of ${JSON.stringify(key.slice(0, 64))} does not fit into a message between peers (${limit} bytes); raise max_payload of the NATS servers.`
    return new FedcacheError('VALUE_TOO_LARGE', message, options)
  }
}

/** What a reply says; `undefined` where it cannot be read, which is as good as none. */
function readable<Result>(data: Uint8Array, read: (frame: Frame) => Result): Result | undefined {
  try {
    return read(decodeFrame(data))
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

function writeAnswers(frame: Frame, writes: readonly WriteTransfer[]): WriteAnswers {
  const head = fields(frame.head)
  return {
    answers: unpackWriteAnswers({ rows: list(head, 'rows'), values: frame.values }, writes),
    confirmation: { confirmedBy: texts(head, 'confirmedBy'), unconfirmed: texts(head, 'unconfirmed') },
  }
}

function keyBytes(key: string): number {
  return Buffer.byteLength(key) + rowOverheadBytes
}

function writeBytes(write: WriteTransfer): number {
  const keyBytes = Buffer.byteLength(write.key) + rowOverheadBytes
  return write.kind === 'DELETE' ? keyBytes : keyBytes + write.encoded.length + tagBytes(write.tags)
}

function entryBytes({ key, encoded, tags }: EntryTransfer): number {
  return Buffer.byteLength(key) + rowOverheadBytes + (encoded?.length ?? 0) + tagBytes(tags)
}

/** The bytes that tags take in a message, at most. */
export function tagBytes(tags: readonly string[]): number {
  return tags.length === 0 ? 0 : tags.reduce((sum, tag) => sum + Buffer.byteLength(tag) + 5, 0)
}

function timedOut(peer: string, keyspace: string, timeoutMs: number): PeerAnswer {
  const message = `The peer "${peer}", which owns the key in "${keyspace}", did not answer within ${Math.round(timeoutMs)} ms; try again.`
  return { kind: 'ERROR', error: new FedcacheError('READ_TIMEOUT', message) }
}

function unknownOutcome(peer: string): FedcacheError {
  const message = `The peer "${peer}", which owns the key, did not confirm the write in time; it may still appear, so retry.`
  return new FedcacheError('UNAVAILABLE', message, { outcome: 'UNKNOWN' })
}
