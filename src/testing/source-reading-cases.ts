import { deepStrictEqual, equal, notEqual, ok } from 'node:assert/strict'
import { awkwardKeys, type SourceTester } from './source-tester.ts'

type Cases = Readonly<Record<string, (tester: SourceTester) => Promise<void>>>

const thousand: readonly string[] = Array.from({ length: 1000 }, (_, index) => `key-${index}`)

/** What is asked of every source. */
export const readingCases: Cases = {
  async 'has a name'(tester) {
    equal(typeof tester.source.name, 'string')
    notEqual(tester.source.name, '')
  },
  async 'answers at the place of each key, whatever the order'(tester) {
    await tester.startWith('one', 'two', 'three')
    await tester.reads({ three: 'value of three', one: 'value of one', two: 'value of two' })
    await tester.reads({ two: 'value of two', three: 'value of three', one: 'value of one' })
    await tester.reads({ two: 'value of two' })
  },
  async 'answers null, at its place, for what is not there'(tester) {
    await tester.startWith('one', 'three')
    await tester.reads({ zero: null, one: 'value of one', two: null, three: 'value of three', four: null })
    await tester.reads({ zero: null })
  },
  async 'answers null for every key of an empty backend'(tester) {
    await tester.startWith()
    await tester.reads({ one: null, two: null })
  },
  async 'loads 1,000 keys at once'(tester) {
    await tester.startWith(...thousand.filter((_key, index) => index % 3 !== 0))
    const calls = tester.fixture.calls?.()
    const keys = thousand.toReversed()
    const answers = await tester.load(...keys)
    const expected = keys.map((key) => (Number(key.slice(4)) % 3 === 0 ? null : tester.value(`value of ${key}`)))
    deepStrictEqual(answers, expected)
    if (calls !== undefined) equal(tester.fixture.calls?.(), calls + 1, 'one load is one question')
  },
  async 'keeps awkward keys apart'(tester) {
    const held = awkwardKeys.filter((key) => tester.holds(key))
    await tester.startWith(...held)
    const together = await tester.load(...held)
    deepStrictEqual(
      together,
      held.map((key) => tester.value(`value of ${key}`)),
    )
    for (const key of held) deepStrictEqual(await tester.load(key), [tester.value(`value of ${key}`)], key)
  },
  async 'does not find awkward keys that are not there, and is not harmed by them'(tester) {
    await tester.startWith('plain')
    const answers = await tester.load('plain', ...awkwardKeys)
    deepStrictEqual(answers[0], tester.value('value of plain'))
    for (const [index, key] of awkwardKeys.entries()) {
      const answer = answers[index + 1]
      if (tester.holds(key)) equal(answer, null, `answer for ${JSON.stringify(key)}`)
      else ok(answer === null || answer instanceof Error, `answer for ${JSON.stringify(key)}`)
    }
    await tester.reads({ plain: 'value of plain' })
  },
  async 'keeps every character of a value'(tester) {
    const texts = [
      '北京',
      '👩‍👩‍👧',
      'e\u0301 é',
      '"\'`\\',
      'line\nbreak\ttab',
      '\u2028\u2029',
      '</script>',
      '',
      ' ',
      'x'.repeat(100_000),
    ]
    const values = new Map(texts.map((text, index) => [`key-${index}`, tester.value(text)]))
    await tester.fixture.seed(values)
    await tester.startWith()
    deepStrictEqual(await tester.load(...values.keys()), [...values.values()])
  },
  async 'keeps loads apart that run at the same time'(tester) {
    await tester.startWith(...thousand)
    const loads = Array.from({ length: 20 }, (_, index) => thousand.slice(index * 50, index * 50 + 50))
    const answers = await Promise.all(loads.map((keys) => tester.load(...keys)))
    deepStrictEqual(
      answers,
      loads.map((keys) => keys.map((key) => tester.value(`value of ${key}`))),
    )
  },
  async 'fails one key without the others'(tester) {
    await tester.startWith('one', 'two', 'three')
    if (tester.fixture.fail === undefined) return
    await tester.fixture.fail('two')
    const [one, two, three, four] = await tester.load('one', 'two', 'three', 'four')
    ok(two instanceof Error, 'the answer for the failing key is an Error')
    deepStrictEqual([one, three, four], [tester.value('value of one'), tester.value('value of three'), null])
  },
}
