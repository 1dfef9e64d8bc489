import { describe, expect, it } from 'vitest'
import { entryId, parseEntryId } from '../../../resolvers/entry-id.ts'
import { FedcacheError } from '../../../src/errors.ts'

const base64url = (text: string): string => Buffer.from(text).toString('base64url')

describe('entryId', () => {
  it.each([
    ['cities', '2950159'],
    ['a b', '北京'],
    ['x', '"],["'],
  ])('names %j %j and is read back', (keyspace, key) => {
    const id = entryId(keyspace, key)
    expect(id).toBe(base64url(JSON.stringify([keyspace, key])))
    expect(id).toMatch(/^[\w-]+$/)
    expect(parseEntryId(id)).toEqual([keyspace, key])
  })

  it.each([
    undefined,
    7,
    '',
    'nonsense',
    base64url('{"a":1}'),
    base64url('["a"]'),
    base64url('["a",1]'),
    base64url('[1,"a"]'),
  ])('refuses %j', (id) => {
    expect(() => parseEntryId(id)).toThrow(FedcacheError)
    expect(() => parseEntryId(id)).toThrow(/received/)
  })
})
