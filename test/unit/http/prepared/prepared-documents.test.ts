import { buildSchema, parse } from 'graphql'
import { describe, expect, test } from 'vitest'
import { PreparedDocument, PreparedDocuments } from '../../../../src/http/prepared/prepared-documents.ts'

const schema = buildSchema('type Query { a: String }')
const nothingCompiled = new PreparedDocument(schema, parse('{ a }'))

function filled(maxDocuments: number, maxBytes = Infinity): PreparedDocuments {
  return new PreparedDocuments({ maxDocuments, maxBytes })
}

describe('the prepared documents', () => {
  test('keep what is asked for again, whatever is asked for once', () => {
    const documents = filled(10)
    for (const query of ['one', 'two', 'three']) {
      documents.add(query, nothingCompiled)
      documents.get(query)
    }
    for (let index = 0; index < 10_000; index++) documents.add(`hostile ${index}`, nothingCompiled)
    for (const query of ['one', 'two', 'three']) expect(documents.get(query)).toBe(nothingCompiled)
    expect(documents.size).toBe(5)
  })

  test('never are more than they may be, nor take more', () => {
    const documents = filled(1000, 100_000)
    for (let index = 0; index < 5000; index++) {
      const query = `${index} ${'x'.repeat(index % 300)}`
      documents.add(query, nothingCompiled)
      if (index % 2 === 0) documents.get(query)
      expect(documents.bytes).toBeLessThanOrEqual(100_000)
    }
    expect(documents.size).toBeGreaterThan(3)
  })

  test('let go of what was not used for the longest time', () => {
    const documents = filled(5)
    for (const query of ['a', 'b', 'c', 'd']) {
      documents.add(query, nothingCompiled)
      documents.get(query)
    }
    documents.get('a')
    documents.add('e', nothingCompiled)
    documents.get('e')
    expect(documents.get('a')).toBe(nothingCompiled)
    expect(documents.get('b')).toBeUndefined()
  })

  test('let go of the one that was asked for last, too', () => {
    const documents = filled(5)
    documents.add('last', nothingCompiled)
    documents.get('last')
    expect(documents.get('last')).toBe(nothingCompiled)
    for (let index = 0; index < 10; index++) {
      documents.add(`${index}`, nothingCompiled)
      documents.get(`${index}`)
    }
    expect(documents.get('last')).toBeUndefined()
    documents.add('last', nothingCompiled)
    expect(documents.get('last')).toBe(nothingCompiled)
  })

  test('count what was compiled since a document was added', () => {
    const documents = filled(10)
    const document = new PreparedDocument(schema, parse('query Two($x: Boolean!) { a b: a @include(if: $x) }'))
    documents.add('document', document)
    documents.get('document')
    const before = documents.bytes
    for (const x of [true, false]) void document.operation(undefined)?.execute({ x }, {})
    expect(document.fieldCount).toBe(3)
    documents.get('document')
    expect(documents.bytes).toBe(before + 3000)
  })
})

describe('a prepared document', () => {
  test('prepares queries by name, and nothing else', () => {
    const document = new PreparedDocument(schema, parse('query A { a } query B { a } fragment F on Query { a }'))
    expect(document.operation('A')).toBeDefined()
    expect(document.operation('A')).toBe(document.operation('A'))
    expect(document.operation('B')).not.toBe(document.operation('A'))
    expect([document.operation('C'), document.operation(undefined)]).toEqual([undefined, undefined])
  })

  test('leaves to others what would take too much memory', () => {
    const fields = Array.from({ length: 2001 }, (_, index) => `f${index}: a`)
    const large = new PreparedDocument(schema, parse(`{ ${fields.join(' ')} }`))
    expect(large.operation(undefined)?.execute({}, {})).toBeUndefined()
    const conditions = ['a', 'b', 'c', 'd', 'e']
    const definitions = conditions.map((name) => `$${name}: Boolean!`)
    const conditional = conditions.map((name) => `${name}: a @skip(if: $${name})`)
    const many = new PreparedDocument(schema, parse(`query (${definitions.join()}) { ${conditional.join(' ')} }`))
    expect(many.operation(undefined)).toBeUndefined()
  })
})
