import { asFedcacheError, FedcacheError } from '../errors.ts'
import type { Clock, Confirmation, Peers, WriteAnswer, WriteTransfer } from '../ports/index.ts'
import type { Entry } from './entry.ts'
import { EntryView } from './entry-view.ts'
import { type InputLimits, keyProblem, requireKeyCount } from './input-limits.ts'
import type { Keyspace } from './keyspace.ts'
import type { ServedKeyspace } from './keyspaces.ts'
import { preparePuts } from './prepare-put.ts'
import type { DeleteManyResult, PutInput, PutManyResult } from './results.ts'
import type { FoundEntry } from './stored-entry.ts'
import type { WriteRouter } from './write-router.ts'

/** What writes of callers need. */
export interface WriteManyContext {
  readonly clock: Clock
  readonly peers: Peers
  readonly limits: InputLimits
  readonly router: WriteRouter
}

const nothingChanged = { outcome: 'NONE' } as const

/** Puts entries; each succeeds or fails alone. Of several of one key the last counts. */
export async function putMany(
  context: WriteManyContext,
  served: ServedKeyspace,
  inputs: readonly PutInput[],
): Promise<PutManyResult> {
  const { limits, clock } = context
  requireKeyCount(inputs, limits, nothingChanged, 'Entries to put')
  const prepared = preparePuts(served.keyspace, inputs, limits, clock)
  const { answers, confirmation } = await write(context, served, prepared)
  const results = answers.map((answer) =>
    answer instanceof FedcacheError ? answer : entryPut(context, served.keyspace, answer),
  )
  return { results, ...confirmation }
}

/** Deletes entries; each succeeds or fails alone. Deleting what is not there succeeds. */
export async function deleteMany(
  context: WriteManyContext,
  served: ServedKeyspace,
  keys: readonly string[],
): Promise<DeleteManyResult> {
  const { limits } = context
  requireKeyCount(keys, limits, nothingChanged)
  // Deleting a key twice in one call is deleting it once.
  const unique = [...new Set(keys)]
  const writes = unique.map((key) => keyProblem(key, limits, nothingChanged) ?? ({ kind: 'DELETE', key } as const))
  const { answers, confirmation } = await write(context, served, writes)
  const byKey = new Map(unique.map((key, index) => [key, answers[index]!]))
  const results = keys.map((key) => {
    const answer = byKey.get(key)!
    return answer instanceof FedcacheError ? answer : true
  })
  return { results, ...confirmation }
}

/** Routes the writes that are in order; the others keep their errors. */
async function write(
  { router }: WriteManyContext,
  served: ServedKeyspace,
  writes: readonly (WriteTransfer | FedcacheError)[],
): Promise<{ answers: (WriteAnswer | FedcacheError)[]; confirmation: Confirmation }> {
  const inOrder = writes.filter((each): each is WriteTransfer => !(each instanceof FedcacheError))
  const { answers, confirmation } = await router.route(served, inOrder)
  const byWrite = new Map(inOrder.map((each, index) => [each, answers[index]!]))
  return {
    confirmation,
    answers: writes.map((each) => {
      if (each instanceof FedcacheError) return each
      const answer = byWrite.get(each)!
      return answer.kind === 'ERROR' ? asFedcacheError(answer.error) : answer
    }),
  }
}

function entryPut({ clock, peers }: WriteManyContext, keyspace: Keyspace, answer: WriteAnswer): Entry {
  if (answer.kind !== 'WRITTEN' || answer.entry === undefined) throw new Error('a put was answered without an entry')
  const nowMs = clock.monotonic()
  const { key, version } = answer.entry
  const held = keyspace.store.peek(key)
  const way = { sentAtMs: nowMs, atMs: nowMs }
  const entry =
    held?.version === version
      ? held
      : keyspace.received({ key, slot: keyspace.slotOf(key) }, answer.entry, 'PUT', way, false)
  return new EntryView(keyspace, entry as FoundEntry, 'OWNER', peers.ownerOf(entry.slot), nowMs)
}
