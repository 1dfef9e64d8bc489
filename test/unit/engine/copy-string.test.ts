import { setFlagsFromString } from 'node:v8'
import { expect, it } from 'vitest'
import { copyString } from '../../../src/engine/input-limits.ts'

setFlagsFromString('--allow-natives-syntax')
// oxlint-disable-next-line no-implied-eval -- nothing else parses V8's own syntax
const isSameObject = new Function('one', 'other', 'return %IsSameHeapObject(one, other)') as (
  one: string,
  other: string,
) => boolean

/** A text as a request brings it. */
const requested = (text: string): string => (JSON.parse(JSON.stringify({ key: text })) as { readonly key: string }).key

it.each(['42', 'city:1234', 'k-1'])('the key %j, as it is kept, is the very string that requests bring', (text) => {
  expect(isSameObject(copyString(`${text}`), requested(text))).toBe(true)
  expect(isSameObject(Buffer.from(text).toString(), requested(text))).toBe(false)
})

it.each(['', 'k', '城市', '"\\\n', 'a key that is longer', '🇨🇳'.repeat(400)])('a copy of %j is equal to it', (text) => {
  expect(copyString(text)).toBe(text)
})
