import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { awkwardKeys, type SourceTester } from './source-tester.ts'

type Cases = Readonly<Record<string, (tester: SourceTester) => Promise<void>>>

function succeeded(results: readonly unknown[]): void {
  for (const result of results) ok(!(result instanceof Error), `${result as Error}`)
}

/** What is asked of writable sources as well. */
export const writingCases: Cases = {
  async 'reads what was stored'(tester) {
    await tester.startWith('one')
    succeeded(await tester.store({ two: 'second', three: 'third' }))
    await tester.reads({ three: 'third', one: 'value of one', two: 'second', four: null })
  },
  async 'replaces what is there, and stores new and old together'(tester) {
    await tester.startWith('one', 'two')
    succeeded(await tester.store({ three: 'third', one: 'first' }))
    await tester.reads({ one: 'first', two: 'value of two', three: 'third' })
    succeeded(await tester.store({ one: 'first again' }))
    succeeded(await tester.store({ one: 'first again' }))
    await tester.reads({ one: 'first again' })
  },
  async 'deletes, and does not mind what is not there'(tester) {
    await tester.startWith('one', 'two', 'three')
    succeeded(await tester.delete('one', 'zero', 'three'))
    await tester.reads({ one: null, two: 'value of two', three: null })
    succeeded(await tester.delete('one'))
    await tester.reads({ two: 'value of two' })
  },
  async 'stores again what was deleted'(tester) {
    await tester.startWith('one')
    succeeded(await tester.delete('one'))
    succeeded(await tester.store({ one: 'anew' }))
    await tester.reads({ one: 'anew' })
  },
  async 'stores and deletes 1,000 keys at once'(tester) {
    await tester.startWith('other')
    const keys = Array.from({ length: 1000 }, (_, index) => `key-${index}`)
    const texts = Object.fromEntries(keys.map((key) => [key, `text of ${key}`]))
    succeeded(await tester.store(texts))
    await tester.reads({ ...texts, other: 'value of other' })
    succeeded(await tester.delete(...keys))
    await tester.reads({ ...Object.fromEntries(keys.map((key) => [key, null])), other: 'value of other' })
  },
  async 'keeps every character of keys and values'(tester) {
    await tester.startWith('plain')
    const held = awkwardKeys.filter((key) => tester.holds(key))
    const requests = held.map((key) => ({ key, value: tester.value(`text of ${key}`), ttlMs: undefined, tags: [] }))
    const results = await tester.source.storeMany?.(requests, tester.context)
    equal(results?.length, held.length)
    succeeded(results ?? [])
    deepStrictEqual(
      await tester.load(...held),
      held.map((key) => tester.value(`text of ${key}`)),
    )
    succeeded(await tester.delete(...held.slice(0, 10)))
    deepStrictEqual(await tester.load(...held, 'plain'), [
      ...held.map((key, index) => (index < 10 ? null : tester.value(`text of ${key}`))),
      tester.value('value of plain'),
    ])
  },
  async 'refuses keys that it cannot hold, each by itself'(tester) {
    await tester.startWith()
    const refused = awkwardKeys.filter((key) => !tester.holds(key))
    const results = await tester.store({ ...Object.fromEntries(refused.map((key) => [key, 'text'])), one: 'first' })
    for (const [index, key] of refused.entries()) ok(results[index] instanceof Error, `stored ${JSON.stringify(key)}`)
    await tester.reads({ one: 'first' })
  },
}
