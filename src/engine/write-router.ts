import { asFedcacheError, FedcacheError } from '../errors.ts'
import type { Clock, KeyChange, Peers, WriteAnswer, WriteAnswers, WriteTransfer } from '../ports/index.ts'
import type { Changes } from './changes.ts'
import type { ServedKeyspace } from './keyspaces.ts'
import type { Confirmation } from './results.ts'
import type { VersionClock } from './version-clock.ts'
import { applyDelete, applyPut, type WriteContext } from './write.ts'

/** What the router needs. */
export interface WriteRouterContext {
  readonly clock: Clock
  readonly versions: VersionClock
  readonly peers: Peers
  readonly changes: Changes
}

/** Sent to the owner, a write may take as long there as here, and then the confirmations of its peers. */
const confirmationAllowanceMs = 2_000

/** Takes writes to the owners of their keys, and applies those that this peer owns. */
export class WriteRouter {
  readonly #context: WriteRouterContext
  /** Groups of writes being applied here. */
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(context: WriteRouterContext) {
    this.#context = context
  }

  /** Resolves when the writes that are being applied now have ended. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#underWay)
  }

  /** Sends every write where it belongs; one answer per write, in order, never `ELSEWHERE`. */
  async route(served: ServedKeyspace, writes: readonly WriteTransfer[]): Promise<WriteAnswers> {
    const { clock, peers } = this.#context
    const { slotOf, policy } = served.keyspace
    const deadlineMs = clock.monotonic() + policy.writeTimeoutMs
    const answers = new Array<WriteAnswer>(writes.length)
    const confirmations: Confirmation[] = []
    let pending = writes.map((_, index) => index)
    while (pending.length > 0) {
      try {
        await peers.whenWritable(Math.max(0, deadlineMs - clock.monotonic()))
      } catch (error) {
        for (const index of pending) answers[index] = { kind: 'ERROR', error: asFedcacheError(error) }
        break
      }
      const groups = Map.groupBy(pending, (index) => peers.ownerOf(slotOf(writes[index]!.key)) ?? peers.selfId)
      const sent = Array.from(groups, async ([owner, indices]) => {
        const group = indices.map((index) => writes[index]!)
        const result = await this.#send(served, owner, group, deadlineMs)
        confirmations.push(result.confirmation)
        indices.forEach((index, position) => (answers[index] = result.answers[position]!))
      })
      await Promise.all(sent)
      pending = pending.filter((index) => answers[index]!.kind === 'ELSEWHERE')
      if (pending.length === 0) break
      if (clock.monotonic() >= deadlineMs) {
        for (const index of pending) answers[index] = { kind: 'ERROR', error: nobodyOwns(served) }
        break
      }
      await peers.routeChange()
    }
    return { answers, confirmation: merge(confirmations) }
  }

  /** Applies writes whose keys this peer owns, tells every peer and waits for their confirmations. */
  async applyHere(served: ServedKeyspace, writes: readonly WriteTransfer[]): Promise<WriteAnswers> {
    const work = this.#apply(served, writes)
    const settled: Promise<unknown> = work.then(
      () => this.#underWay.delete(settled),
      () => this.#underWay.delete(settled),
    )
    this.#underWay.add(settled)
    return work
  }

  async #apply(served: ServedKeyspace, writes: readonly WriteTransfer[]): Promise<WriteAnswers> {
    const { keyspace } = served
    const context = this.#writeContext(served)
    const changes: KeyChange[] = []
    const answers = await Promise.all(
      writes.map(async (write): Promise<WriteAnswer> => {
        try {
          if (write.kind === 'DELETE') {
            const { change } = await applyDelete(context, keyspace, write.key)
            changes.push(change)
            return { kind: 'WRITTEN', entry: undefined }
          }
          const { change, result } = await applyPut(context, keyspace, write)
          changes.push(change)
          return { kind: 'WRITTEN', entry: keyspace.transfer(result, this.#context.clock.monotonic()) }
        } catch (error) {
          // What is no FedcacheError is a bug, and is thrown where the answers are used; here it must not keep the
          // other writes from being announced.
          return { kind: 'ERROR', error: error instanceof Error ? error : new Error(String(error)) }
        }
      }),
    )
    if (changes.length === 0) return { answers, confirmation: nobody }
    return { answers, confirmation: await this.#context.changes.announceWritten(keyspace.name, changes) }
  }

  async #send(
    served: ServedKeyspace,
    owner: string,
    writes: readonly WriteTransfer[],
    deadlineMs: number,
  ): Promise<WriteAnswers> {
    const { peers, clock } = this.#context
    if (owner === peers.selfId) return this.applyHere(served, writes)
    const timeoutMs = deadlineMs - clock.monotonic() + confirmationAllowanceMs
    const result = await peers.write(owner, served.keyspace.name, writes, timeoutMs)
    if (served.writer !== undefined) this.#distrustUnknown(served, writes, result)
    return result
  }

  /** The owner may have died between writing to the source and telling anybody; then copies are old, and nobody knows. */
  #distrustUnknown({ keyspace }: ServedKeyspace, writes: readonly WriteTransfer[], { answers }: WriteAnswers): void {
    const { changes, versions } = this.#context
    writes.forEach(({ key }, index) => {
      const answer = answers[index]
      const isUnknown = answer?.kind === 'ERROR' && (answer.error as Partial<FedcacheError>).outcome === 'UNKNOWN'
      if (isUnknown) changes.distrust(keyspace, key, versions.next())
    })
  }

  #writeContext({ keyspace, queue, writer }: ServedKeyspace): WriteContext {
    const { clock, versions, changes } = this.#context
    const distrust = (key: string): void => changes.distrust(keyspace, key, versions.next())
    return { clock, versions, queue, writer, distrust }
  }
}

const nobody: Confirmation = { confirmedBy: [], unconfirmed: [] }

function merge(confirmations: readonly Confirmation[]): Confirmation {
  const unconfirmed = new Set(confirmations.flatMap((confirmation) => confirmation.unconfirmed))
  const confirmedBy = new Set(confirmations.flatMap((confirmation) => confirmation.confirmedBy))
  return { confirmedBy: [...confirmedBy].filter((peer) => !unconfirmed.has(peer)), unconfirmed: [...unconfirmed] }
}

function nobodyOwns({ keyspace }: ServedKeyspace): FedcacheError {
  return new FedcacheError(
    'UNAVAILABLE',
    `No peer took the write to "${keyspace.name}" within ${keyspace.policy.writeTimeoutMs} ms; nothing was changed, so try again.`,
    { outcome: 'NONE' },
  )
}
