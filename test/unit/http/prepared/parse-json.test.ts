import * as fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { AlikeObjects } from '../../../../src/engine/alike-objects.ts'
import { parseJson } from '../../../../src/http/prepared/parse-json.ts'

const query = `query Entities($representations: [_Any!]!) { _entities(representations: $representations) { ${'__typename '.repeat(40)} } }`

/** What comes of a text: a value, written so that the order of properties and odd prototypes show, or an error. */
function outcome(parse: (text: string) => unknown, text: string): string {
  try {
    const value = parse(text)
    return JSON.stringify(value, (_name, kept: unknown) => {
      const part = kept instanceof AlikeObjects ? kept.objects : kept
      return typeof part === 'object' &&
        part !== null &&
        !Array.isArray(part) &&
        Object.getPrototypeOf(part) !== Object.prototype
        ? 'of another prototype'
        : part
    })
  } catch (error) {
    return String(error)
  }
}

const parsed = (text: string): unknown => parseJson(Buffer.from(text))

const expectSame = (sent: string): void => {
  // As it comes over the wire.
  const text = sent.toWellFormed()
  expect(outcome(parsed, text)).toBe(outcome(JSON.parse, text))
}

function times<Item>(count: number, make: (index: number) => Item): Item[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

/** A request whose variables have a list of these, written before its query or behind it. */
const bodies = (items: readonly unknown[]): readonly string[] => [
  JSON.stringify({ query, variables: { keyspace: 'cities', list: items } }),
  JSON.stringify({ operationName: null, variables: { list: items, first: 10 }, query }),
]

describe('the JSON of a request', () => {
  it.each<readonly [string, readonly unknown[]]>([
    ['texts', times(20, (index) => `city:${index}`)],
    ['texts of other alphabets', times(20, (index) => `城市 ${index} 🇨🇳`)],
    ['empty texts', times(200, () => '')],
    ['texts that are escaped', times(20, (index) => `"${index}"\n\\`)],
    ['texts and a number', [...times(20, String), 20]],
    ['references', times(20, (index) => ({ __typename: 'Entry', keyspace: 'cities', key: `city:${index}` }))],
    ['references of two types', times(20, (index) => ({ __typename: index < 10 ? 'A' : 'B', id: `${index}` }))],
    ['references, of which one is longer', times(20, (index) => ({ id: `${index}`, ...(index === 7 && { a: 'b' }) }))],
    ['references by a number', times(20, (id) => ({ __typename: 'City', id }))],
    ['references with an object inside', times(20, (id) => ({ __typename: 'City', key: { id: `${id}` } }))],
    ['names in the order of numbers', times(20, (index) => ({ a: '', 7: `${index}` }))],
  ])('with a list of %s is what JSON.parse makes of it', (_, items) => {
    for (const body of bodies(items)) expectSame(body)
  })

  it.each([
    ['a list that a property of the same name replaces', '"list": 5'],
    ['variables that others replace', '}, "variables": {'],
    ['a property of the prototype', '"__proto__": ["x"]'],
  ])('is that with %s as well', (_, behind) => {
    for (const body of bodies(times(20, String))) expectSame(body.replace(/"\]/, `"],${behind}`))
    for (const body of bodies(times(20, (id) => ({ id: `${id}` })))) expectSame(body.replace(/"\}\]/, `"}],${behind}`))
  })

  it.each([
    ['a list called __proto__', '"list":', '"__proto__":'],
    ['items with a property called __proto__', '"id":', '"__proto__":'],
    ['items that begin with one', '{"id":', '{"__proto__":{"a":1},"id":'],
    ['items that say a name twice', '{"id":', '{"id":"x","id":'],
    ['line breaks in texts', '"1', '"\n1'],
    ['a list inside a text', '"list":', '"text":"'],
    ['a list of texts that a brace closes', '"]', '"}'],
    ['a list of objects that a brace closes', '"}]', '"}}'],
  ])('is that with %s too', (_, from, to) => {
    for (const body of bodies(times(20, (id) => ({ id: `${id}` })))) expectSame(body.replaceAll(from, to))
    for (const body of bodies(times(20, String))) expectSame(body.replaceAll(from, to))
  })

  it('is that whatever is done to it', () => {
    const item = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.record({ __typename: fc.constant('City'), id: fc.oneof(fc.string({ maxLength: 12 }), fc.nat()) }),
    )
    const alike = fc.oneof(
      fc.array(fc.string({ maxLength: 12 }), { minLength: 9, maxLength: 40 }),
      fc.array(fc.string({ unit: 'grapheme', maxLength: 12 }), { minLength: 9, maxLength: 40 }),
      fc
        .tuple(fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }), fc.nat(40))
        .map(([part, count]) => times(count, (index) => ({ ...part, id: `${index}` }))),
    )
    const edit = fc.record({
      at: fc.nat(3_000),
      cut: fc.nat(3),
      paste: fc.constantFrom('', '"', '\\', '{', '}', '[', ']', ',', ':', '"},{"', '["', '[{"', '"]', '\u0001', '1'),
    })
    fc.assert(
      fc.property(
        fc.tuple(alike, fc.array(item, { maxLength: 2 })),
        fc.array(edit, { maxLength: 2 }),
        (lists, edits) => {
          for (const body of bodies(lists.flat())) {
            const edited = edits.reduce((text, { at, cut, paste }) => {
              const place = at % text.length
              return text.slice(0, place) + paste + text.slice(place + cut)
            }, body)
            expectSame(edited)
          }
        },
      ),
      { numRuns: 5_000 },
    )
  })

  it('is not parsed as a whole where a list is long and its items are alike', () => {
    const references = times(20, (index) => ({ __typename: 'Entry', keyspace: 'cities', key: `city:${index}` }))
    const parse = vi.spyOn(JSON, 'parse')
    for (const body of [...bodies(times(20, String)), ...bodies(references)]) {
      parse.mockClear()
      parsed(body)
      expect(parse).not.toHaveBeenCalledWith(body)
      expect(parse).toHaveBeenCalled()
    }
  })

  it('has lists of objects that are alike as the first of them and the texts in which they differ', () => {
    const references = times(20, (id) => ({ __typename: 'City', id: `${id}` }))
    const { variables } = parsed(bodies(references)[0]!) as { readonly variables: { readonly list: AlikeObjects } }
    expect(variables.list).toMatchObject({ first: references[0], name: 'id', texts: times(20, String), length: 20 })
    expect(variables.list.objects).toEqual(references)
    expect(new Set(variables.list.objects).size).toBe(20)
  })
})
