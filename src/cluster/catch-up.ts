import type { BusMessage, Invalidation, PeerHost } from '../ports/index.ts'
import type { CatalogueSync } from './catalogue-sync.ts'
import type { ClusterParts } from './cluster-parts.ts'
import { decodeChange } from './protocol/changes.ts'
import { encodeFrame } from './protocol/frame.ts'
import type { Heartbeat } from './protocol/heartbeat.ts'
import { ProtocolError } from './protocol/protocol-error.ts'
import type { Pulse } from './pulse.ts'
import { Sequences } from './sequences.ts'
import { tell } from './tell.ts'

/** What catching up needs. */
export interface CatchUpContext extends Pick<ClusterParts, 'options' | 'subjects' | 'members' | 'lease' | 'asker'> {
  readonly host: PeerHost
  readonly catalogue: CatalogueSync
  readonly pulse: Pulse
}

/** Up to where a process has counted, and since when this peer knows that it has not heard so much. */
interface Behind {
  readonly process: string
  readonly number: number
  readonly tagInvalidation: number
  readonly sinceMs: number
}

/** What a peer has still to be asked for: its catalogue, and what a process of it announced after one number, up to another. */
interface Owed {
  readonly process: string
  readonly after: number
  readonly upTo: number
}

const requestTimeoutMs = 2_000

/**
 * Hears of what others changed, confirms it, and notices by the numbers what it has not heard of. Then everything that
 * may be outdated is dropped at once. What stays, because nobody else may have it, may have been deleted or cleared: so
 * the sender is asked for its catalogue, and for what it remembers of its messages.
 */
export class CatchUp {
  readonly #context: CatchUpContext
  readonly #invalidations = new Sequences()
  readonly #keyspaceChanges = new Sequences()
  /** Per sender that waits for a confirmation, the process whose messages were seen. */
  readonly #toConfirm = new Map<string, string>()
  /** Senders whose heartbeats told of invalidations that have not come. */
  readonly #behind = new Map<string, Behind>()
  /** Peers that changed something of which this one does not know what it was. */
  readonly #owed = new Map<string, Owed>()
  #gaps = 0

  constructor(context: CatchUpContext) {
    this.#context = context
  }

  /** How often changes were missed. */
  get gaps(): number {
    return this.#gaps
  }

  /** Whether some peer must tell what was missed before this one may serve. */
  get isOwed(): boolean {
    return this.#owed.size > 0
  }

  /** Takes a change that another peer announced. */
  onChange(sender: string, message: BusMessage): void {
    const { host, catalogue, options } = this.#context
    if (sender === options.peerId) return
    const change = decodeChange(message.data)
    if ('records' in change) {
      const heard = this.#keyspaceChanges.message(sender, change.process, change.number)
      if (heard === 'GAP') void catalogue.fetch(sender)
      void host.adopt(change.records).then(() => this.#confirm(sender, change.process))
      return
    }
    this.#closeAccount(sender, change.process)
    const { process, number, tagInvalidation } = change
    const seen = this.#invalidations.lastOf(sender, process)
    const isGap = this.#invalidations.message(sender, process, number) === 'GAP'
    if (isGap) this.#missed(sender, { process, after: seen, upTo: number - 1 }, tagInvalidation > seen)
    this.#apply(change.invalidation)
    this.#confirm(sender, change.process)
  }

  /** Compares the numbers that a heartbeat repeats with what was heard. */
  onNumbers(sender: string, { process, invalidation, tagInvalidation, keyspaceChange }: Heartbeat): void {
    const { options, lease } = this.#context
    this.#closeAccount(sender, process)
    if (this.#invalidations.isBehind(sender, process, invalidation)) {
      if (!this.#behind.has(sender)) {
        const sinceMs = options.clock.monotonic()
        this.#behind.set(sender, { process, number: invalidation, tagInvalidation, sinceMs })
      }
      // The heartbeat may only have overtaken the message. While the lease is held the sender waits for a confirmation.
      const mayStillCome = lease.held && this.#invalidations.knows(sender, process)
      if (!mayStillCome) this.catchUp(0)
    } else {
      this.#invalidations.catchUp(sender, process, invalidation)
    }
    this.#keyspaceChanges.catchUp(sender, process, keyspaceChange)
  }

  /** Fetches the catalogue of a peer that knows other changes of keyspaces, or of which a clear may have been missed. */
  onCatalogue(sender: string, { state, catalogue }: Heartbeat): void {
    if (this.#owed.has(sender)) void this.#fetchOwed(sender)
    else if (state !== 'LEFT' && catalogue !== this.#context.catalogue.hash) void this.#context.catalogue.fetch(sender)
  }

  /** Makes up for invalidations that have not come within a time after a heartbeat told of them. */
  catchUp(afterMs: number): void {
    const nowMs = this.#context.options.clock.monotonic()
    for (const [sender, behind] of this.#behind) {
      if (nowMs - behind.sinceMs < afterMs) continue
      this.#behind.delete(sender)
      this.#makeUpFor(sender, behind)
    }
  }

  /** Owes nothing to a peer that is gone: what it cleared the others know. */
  forget(peer: string): void {
    this.#owed.delete(peer)
  }

  /** Of a process that has a successor nothing more is awaited, and soon nobody knows how far it was heard. */
  #closeAccount(sender: string, process: string): void {
    const behind = this.#behind.get(sender)
    if (behind === undefined || behind.process === process) return
    this.#behind.delete(sender)
    this.#makeUpFor(sender, behind)
  }

  #makeUpFor(sender: string, { process, number, tagInvalidation }: Behind): void {
    const seen = this.#invalidations.lastOf(sender, process)
    if (number <= seen) return
    this.#invalidations.catchUp(sender, process, number)
    this.#missed(sender, { process, after: seen, upTo: number }, tagInvalidation > seen)
  }

  /** @param hasTags whether tags were invalidated among what was missed. */
  #missed(sender: string, owed: Owed, hasTags: boolean): void {
    const { host, members, options } = this.#context
    this.#gaps++
    options.logger.warn({ peer: sender }, 'invalidations of a peer were missed; what may be outdated is dropped')
    host.distrustAll(hasTags)
    // Of one that has left the others know.
    if (members.get(sender) === undefined) return
    const before = this.#owed.get(sender)
    this.#owed.set(sender, before?.process === owed.process ? { ...owed, after: before.after } : owed)
    void this.#fetchOwed(sender)
  }

  /** Until what was missed is made up for nothing of its sender is confirmed. */
  async #fetchOwed(sender: string): Promise<void> {
    const { members, catalogue, lease, pulse } = this.#context
    const process = members.get(sender)?.heartbeat.process
    const owed = this.#owed.get(sender)
    const isFetched = owed !== undefined && (await catalogue.fetch(sender)) && (await this.#hearAgain(sender, owed))
    // Where more was missed meanwhile, that is asked for in turn.
    if (!isFetched || process === undefined || this.#owed.get(sender) !== owed) return
    this.#owed.delete(sender)
    this.#confirm(sender, process)
    if (!lease.held) pulse.beat()
  }

  /**
   * Only as far as it was missed: a sender that goes on writing would never have told all.
   *
   * @returns whether the sender has told what it remembers of it.
   */
  async #hearAgain(sender: string, { process, after, upTo }: Owed): Promise<boolean> {
    const { asker, options } = this.#context
    let last = after
    while (last < upTo) {
      const messages = await asker.missed(sender, process, last, requestTimeoutMs)
      if (messages === undefined) return false
      const before = last
      try {
        for (const message of messages) last = Math.max(last, this.#hearOneAgain(message))
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        options.logger.warn({ peer: sender, error }, 'what a peer repeats could not be read')
        return true
      }
      // It remembers no more.
      if (last === before) return true
    }
    return true
  }

  #hearOneAgain(message: Uint8Array): number {
    const change = decodeChange(message)
    if ('invalidation' in change) this.#apply(change.invalidation)
    return change.number
  }

  #apply(invalidation: Invalidation): void {
    const { host } = this.#context
    for (const version of versionsOf(invalidation)) host.observeVersion(version)
    host.applyInvalidation(invalidation)
  }

  /** Confirms to a sender, at most once a turn of the event loop, everything that was seen of it. */
  #confirm(sender: string, process: string): void {
    if (this.#owed.has(sender)) return
    const isScheduled = this.#toConfirm.has(sender)
    this.#toConfirm.set(sender, process)
    if (isScheduled) return
    const { options, subjects } = this.#context
    options.clock.setTimer(() => {
      const seenProcess = this.#toConfirm.get(sender)
      this.#toConfirm.delete(sender)
      tell(options.bus, subjects.request('ctl', sender), () =>
        encodeFrame({
          op: 'seen',
          process: seenProcess,
          invalidation: this.#invalidations.last(sender),
          keyspaceChange: this.#keyspaceChanges.last(sender),
        }),
      )
    }, 0)
  }
}

function versionsOf(invalidation: Invalidation): readonly number[] {
  return invalidation.kind === 'KEYS' ? invalidation.changes.map(({ version }) => version) : [invalidation.version]
}
