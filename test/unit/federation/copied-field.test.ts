import fc from 'fast-check'
import { GraphQLBoolean, GraphQLFloat, GraphQLID, GraphQLInt, GraphQLString, parseType } from 'graphql'
import { describe, expect, it } from 'vitest'
import { encodeText } from '../../../src/engine/encoding.ts'
import type { Entry } from '../../../src/engine/entry.ts'
import { copiedField } from '../../../src/federation/copied-field.ts'
import { StoredEntity } from '../../../src/federation/stored-entity.ts'
import type { JsonObject } from '../../../src/federation/stored-values.ts'

const scalars = [GraphQLID, GraphQLString, GraphQLInt, GraphQLFloat, GraphQLBoolean]

function copied(type: string, encoded: string, sent?: JsonObject): string | undefined {
  const entity = new StoredEntity(
    { encoded } as Entry,
    { typeName: 'T', keyspace: 'k', fields: [], template: undefined },
    sent,
  )
  return copiedField('field', parseType(type)).copied?.(entity, {})
}

describe('a field that is copied', () => {
  it('is what GraphQL would print', () => {
    const values = fc.oneof(fc.jsonValue(), fc.integer(), fc.double(), fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(values, fc.constantFrom(...scalars), (field, type) => {
        const written = copied(type.name, encodeText(JSON.stringify({ field })))
        if (written === undefined) return
        const value: unknown = JSON.parse(JSON.stringify(field))
        expect(written).toBe(encodeText(JSON.stringify(value === null ? null : type.serialize(value))))
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['String!', '"北京 \\u0000"'],
    ['ID', '"a"'],
    ['Int', '0'],
    ['Int!', '-123456789'],
    ['Float', '5'],
    ['Boolean', 'false'],
    ['String', 'null'],
  ])('is nearly every %s, such as %s', (type, json) => {
    expect(copied(type, encodeText(`{"field":${json}}`))).toBe(encodeText(json))
  })

  it('is a number in quotes for an ID', () => {
    expect(copied('ID!', '{"field":-7}')).toBe('"-7"')
  })

  it.each([
    ['String!', 'null'],
    ['String', '1'],
    ['ID', 'true'],
    ['Int', '"1"'],
    ['Int', '1.5'],
    ['Int', '3000000000'],
    ['Int', '-0'],
    ['Int', '01'],
    ['Float', '1.50'],
    ['Float', '1e2'],
    ['Boolean', '1'],
    ['Boolean', 'trueish'],
    ['[String]', '"a"'],
    ['DateTime', '"2020-01-01T00:00:00Z"'],
  ])('is no %s that is stored as %s', (type, json) => {
    expect(copied(type, `{"field":${json}}`)).toBeUndefined()
  })

  it('is none that is not stored, that a gateway sent, or that is not of a stored entity', () => {
    expect(copied('Int', '{"other":1}')).toBeUndefined()
    expect(copied('Int', '{"field":1}', { field: 2 })).toBeUndefined()
    expect(copiedField('field', parseType('Int')).copied?.({ field: 1 }, {})).toBeUndefined()
  })
})
