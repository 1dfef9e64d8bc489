import type { Bus, CatalogueRecord, Clock, Confirmation, Invalidation, KeyChange } from '../ports/index.ts'
import type { Members } from './members.ts'
import { NumberedBroadcast } from './numbered-broadcast.ts'
import { encodeChange } from './protocol/changes.ts'
import { rowOverheadBytes } from './protocol/entries.ts'
import { packPieces, pieceLimitBytes } from './protocol/pack-pieces.ts'
import { RecentMessages } from './recent-messages.ts'
import type { Subjects } from './subjects.ts'
import type { Timings } from './timings.ts'

/** What announcing needs. */
export interface AnnouncementsContext {
  readonly bus: Bus
  readonly clock: Clock
  readonly timings: Timings
  readonly subjects: Subjects
  readonly selfId: string
  /** Names this process, for which numbers run. */
  readonly process: string
  readonly members: Members
}

/** Numbers that a peer says it has seen everything up to. */
export interface SeenNumbers {
  readonly process: string
  readonly invalidation: number
  readonly keyspaceChange: number
}

/** The changes that this peer tells everybody of, and who has confirmed them. */
export class Announcements {
  readonly #context: AnnouncementsContext
  readonly #invalidations: NumberedBroadcast
  readonly #keyspaceChanges: NumberedBroadcast
  readonly #recentInvalidations = new RecentMessages()
  #lastTagInvalidation = 0
  #unconfirmed = 0

  constructor(context: AnnouncementsContext) {
    this.#context = context
    this.#invalidations = this.#broadcast('inv')
    this.#keyspaceChanges = this.#broadcast('keyspace')
  }

  /** Number of the last invalidation. */
  get lastInvalidation(): number {
    return this.#invalidations.last
  }

  /** Number of the last invalidation of tags; 0 where there was none. */
  get lastTagInvalidation(): number {
    return this.#lastTagInvalidation
  }

  /** Number of the last change of the catalogue. */
  get lastKeyspaceChange(): number {
    return this.#keyspaceChanges.last
  }

  /** How many confirmations have not come, over all changes. */
  get unconfirmed(): number {
    return this.#unconfirmed
  }

  /** Tells every peer of a change that was applied here. Never rejects; see {@link NumberedBroadcast.send}. */
  async announce(invalidation: Invalidation): Promise<Confirmation> {
    const { bus, process } = this.#context
    const parts = await Promise.all(
      Array.from(inMessages(invalidation, pieceLimitBytes(bus.maxPayload)), (part) =>
        this.#invalidations.send((number) => {
          const tagInvalidation = this.#lastTagInvalidation
          if (part.kind === 'TAGS') this.#lastTagInvalidation = number
          const message = encodeChange({ process, number, tagInvalidation, invalidation: part })
          this.#recentInvalidations.note(number, message)
          return message
        }),
      ),
    )
    return this.#counted(merge(parts))
  }

  /** The invalidations after a number, as they were sent and as far as they are remembered; as many as fit into a message. */
  invalidationsAfter(number: number): readonly Uint8Array[] {
    return this.#recentInvalidations.after(number, pieceLimitBytes(this.#context.bus.maxPayload))
  }

  /** Tells every peer that the catalogue changed. Never rejects. */
  async announceCatalogue(records: readonly CatalogueRecord[]): Promise<Confirmation> {
    const { process } = this.#context
    return this.#counted(await this.#keyspaceChanges.send((number) => encodeChange({ process, number, records })))
  }

  /** Takes a peer's word for what it has seen. What it saw of another process of this peer says nothing. */
  confirmed(peer: string, { process, invalidation, keyspaceChange }: SeenNumbers): void {
    if (process !== this.#context.process) return
    this.#invalidations.confirmed(peer, invalidation)
    this.#keyspaceChanges.confirmed(peer, keyspaceChange)
  }

  /** Stops waiting for a peer that went suspect, or is gone for good. */
  lost(peer: string, gone: boolean): void {
    this.#invalidations.lost(peer, gone)
    this.#keyspaceChanges.lost(peer, gone)
  }

  #broadcast(topic: 'inv' | 'keyspace'): NumberedBroadcast {
    const { bus, clock, timings, subjects, selfId, members } = this.#context
    return new NumberedBroadcast({
      clock,
      timings,
      selfId,
      publish: (_number, message) => bus.publish(subjects.broadcast(topic), message),
      audience: () => {
        const all = Array.from(members.all())
        return {
          waitedFor: all.filter(({ state }) => state !== 'SUSPECT').map(({ id }) => id),
          suspect: all.filter(({ state }) => state === 'SUSPECT').map(({ id }) => id),
        }
      },
      onSilent: (peer) => members.suspect(peer, 'it did not confirm in time'),
    })
  }

  #counted(confirmation: Confirmation): Confirmation {
    this.#unconfirmed += confirmation.unconfirmed.length
    return confirmation
  }
}

/** A change of many keys in as many messages as it takes. */
function* inMessages(invalidation: Invalidation, limitBytes: number): Iterable<Invalidation> {
  if (invalidation.kind !== 'KEYS') return yield invalidation
  const bytes = (change: KeyChange): number => Buffer.byteLength(change.key) + rowOverheadBytes
  for (const changes of packPieces(invalidation.changes, limitBytes, bytes).pieces) yield { ...invalidation, changes }
}

function merge(parts: readonly Confirmation[]): Confirmation {
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return only
  const unconfirmed = new Set(parts.flatMap((part) => part.unconfirmed))
  const confirmedBy = new Set(parts.flatMap((part) => part.confirmedBy))
  return { confirmedBy: [...confirmedBy].filter((peer) => !unconfirmed.has(peer)), unconfirmed: [...unconfirmed] }
}
