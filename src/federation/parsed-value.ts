import type { Entry } from '../engine/entry.ts'
import type { StoredEntry } from '../engine/stored-entry.ts'

const maxValues = 2000
const maxBytes = 4 * 2 ** 20

// In the order in which they were parsed.
const values = new Map<StoredEntry, unknown>()
let bytes = 0

/**
 * The JSON value of an entry. Those parsed last are kept, some thousands of small ones, because entities refer to the
 * same few entries again and again. Whoever gets one must not change it.
 */
export function parsedValue(entry: Entry): unknown {
  const { stored, size } = entry
  const known = values.get(stored)
  if (known !== undefined) return known
  const { value } = entry
  if (size > maxBytes / 100) return value
  values.set(stored, value)
  bytes += size
  for (const oldest of values.keys()) {
    if (values.size <= maxValues && bytes <= maxBytes) break
    values.delete(oldest)
    bytes -= oldest.encoded?.length ?? 0
  }
  return value
}
