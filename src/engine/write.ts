import { FedcacheError } from '../errors.ts'
import type { Clock, KeyChange } from '../ports/index.ts'
import { decodeValue } from './encoding.ts'
import type { Flight } from './flights.ts'
import type { KeyQueue } from './key-queue.ts'
import type { Keyspace } from './keyspace.ts'
import { noTags, quote } from './input-limits.ts'
import type { PreparedPut } from './prepare-put.ts'
import type { SourceWriter, SourceWritten } from './source-writer.ts'
import type { FoundEntry } from './stored-entry.ts'
import type { VersionClock } from './version-clock.ts'

/** What the write path needs beside the keyspace. */
export interface WriteContext {
  readonly clock: Clock
  readonly versions: VersionClock
  readonly queue: KeyQueue
  /** The keyspace's writable source; `undefined` where it has none. */
  readonly writer: SourceWriter | undefined
  /** Tells everybody that what is kept of a key may be older than its source. */
  readonly distrust: (key: string) => void
}

/** A write that was applied here. */
export interface Written<Result> {
  readonly change: KeyChange
  readonly result: Result
}

/**
 * Applies one put of a key that this peer owns: first to the source, then to memory.
 *
 * @throws FedcacheError with `outcome`.
 */
export function applyPut(context: WriteContext, keyspace: Keyspace, put: PreparedPut): Promise<Written<FoundEntry>> {
  return inTurn(context, keyspace, put.key, async () => {
    const { key, encoded, ttlMs, isTtlGiven, tags } = put
    const value = context.writer === undefined ? undefined : decodeValue(keyspace.format, encoded)
    const request = { key, value, tags, ttlMs: isTtlGiven ? ttlMs : undefined }
    const way = context.writer === undefined ? undefined : beginWay(context, keyspace, key)
    const written = await toSource(context, key, (writer, onLateEnd) => writer.store(request, onLateEnd)).catch(
      (error: unknown) => {
        if (way !== undefined) keyspace.flights.end(way, noTags)
        throw error
      },
    )
    // What the source took may have been changed by others, who told of it, before its acknowledgement came.
    const isCurrent = way === undefined || keyspace.flights.end(way, tags)
    const kind = written === undefined ? 'PUT' : 'LOADED'
    const entry = keyspace.entry(key, put, written?.revision ?? context.versions.next(), kind)
    // Loads that began before this moment may have read the source before the write.
    keyspace.replace(key, entry.version)
    const kept = isCurrent && put.ttlMs > 0 && keyspace.keep(entry)
    if (!kept && put.ttlMs > 0 && written === undefined) throw refusedByStore(keyspace, key)
    // The source has the new value, so an old copy must not stay either.
    if (!kept) keyspace.drop(key)
    keyspace.counters.puts++
    return { change: { key, kind: 'PUT', version: entry.version }, result: entry }
  })
}

/** Applies one delete of a key that this peer owns: first to the source, then to memory. */
export function applyDelete(context: WriteContext, keyspace: Keyspace, key: string): Promise<Written<true>> {
  return inTurn(context, keyspace, key, async () => {
    const written = await toSource(context, key, (writer, onLateEnd) => writer.delete(key, onLateEnd))
    const version = written?.revision ?? context.versions.next()
    keyspace.invalidate(key, version)
    keyspace.counters.deletes++
    return { change: { key, kind: 'DELETED', version }, result: true }
  })
}

function beginWay({ clock }: WriteContext, keyspace: Keyspace, key: string): Flight {
  const deadlineMs = clock.monotonic() + keyspace.policy.writeTimeoutMs
  return keyspace.flights.beginWrite(key, keyspace.slotOf(key), deadlineMs)
}

async function toSource(
  context: WriteContext,
  key: string,
  write: (writer: SourceWriter, onLateEnd: () => void) => Promise<SourceWritten>,
): Promise<SourceWritten | undefined> {
  if (context.writer === undefined) return undefined
  try {
    return await write(context.writer, () => context.distrust(key))
  } catch (error) {
    if (error instanceof FedcacheError && error.outcome === 'UNKNOWN') context.distrust(key)
    throw error
  }
}

/** Writes of one key happen one after the other, or the cache could end up with another value than the source. */
async function inTurn<Result>(
  context: WriteContext,
  keyspace: Keyspace,
  key: string,
  apply: () => Promise<Result>,
): Promise<Result> {
  const { ready, done } = context.queue.take(key)
  try {
    if (ready !== undefined) await turnOrTimeout(context.clock, keyspace, key, ready)
    return await apply()
  } finally {
    done()
  }
}

function refusedByStore(keyspace: Keyspace, key: string): FedcacheError {
  const message = `The store of the keyspace "${keyspace.name}" refused ${quote(key)}; nothing was changed.`
  return new FedcacheError('VALUE_TOO_LARGE', message, { outcome: 'NONE' })
}

function turnOrTimeout(clock: Clock, keyspace: Keyspace, key: string, ready: Promise<void>): Promise<void> {
  const { writeTimeoutMs } = keyspace.policy
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(() => {
      const message = `Earlier writes of ${quote(key)} took longer than ${writeTimeoutMs} ms; nothing was changed, so try again.`
      reject(new FedcacheError('BUSY', message, { outcome: 'NONE' }))
    }, writeTimeoutMs)
    void ready.then(() => {
      timer.cancel()
      resolve()
    })
  })
}
