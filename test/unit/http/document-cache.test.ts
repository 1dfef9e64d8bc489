import { describe, expect, it } from 'vitest'
import { documentCache } from '../../../src/http/document-cache.ts'

describe('documentCache', () => {
  it('keeps the documents used last', () => {
    const cache = documentCache<number>(2)
    cache.set('a', 1)
    cache.set('b', 2)
    expect(cache.get('a')).toBe(1)
    cache.set('c', 3)
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3])
  })

  it('does not keep large documents', () => {
    const cache = documentCache<number>(2, 3)
    cache.set('abc', 1)
    cache.set('abcd', 2)
    expect([cache.get('abc'), cache.get('abcd')]).toEqual([1, undefined])
  })
})
