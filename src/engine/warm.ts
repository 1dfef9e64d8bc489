import { FedcacheError } from '../errors.ts'
import { requireList } from './input-limits.ts'
import type { KeyspacePolicy } from './policy.ts'
import type { ReadResult, WarmResult } from './results.ts'

/** Whether there are keys to read before the keyspace serves. */
export function warmsAtStart({ warmKeys }: KeyspacePolicy): boolean {
  return typeof warmKeys === 'function' || warmKeys.length > 0
}

/** Reads any number of keys, `maxKeysPerCall` at a time, one call after the other. */
export async function warm(
  keys: readonly string[],
  maxKeysPerCall: number,
  read: (keys: readonly string[]) => readonly ReadResult[] | Promise<readonly ReadResult[]>,
): Promise<WarmResult> {
  requireList(keys, 'Keys to warm')
  const errors: { index: number; key: string; error: FedcacheError }[] = []
  let loaded = 0
  for (let from = 0; from < keys.length; from += maxKeysPerCall) {
    const part = keys.slice(from, from + maxKeysPerCall)
    const results = await read(part)
    results.forEach((result, offset) => {
      if (result instanceof FedcacheError) errors.push({ index: from + offset, key: part[offset]!, error: result })
      else if (result !== null) loaded++
    })
  }
  return { loaded, notFound: keys.length - loaded - errors.length, errors }
}
