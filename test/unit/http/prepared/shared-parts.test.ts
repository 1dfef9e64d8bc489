import { buildSchema } from 'graphql'
import { expect, test } from 'vitest'
import { SharedParts } from '../../../../src/http/prepared/shared-parts.ts'

const schema = buildSchema('type Query { a: String }')

test('parts that say the same are one, for one schema', () => {
  const parts = SharedParts.of(schema)
  const part = parts.part('a', () => 'first')
  expect(parts.part('a', () => 'second')).toBe(part)
  expect(SharedParts.of(schema).part('a', () => 'third')).toBe(part)
  expect(SharedParts.of(buildSchema('type Query { a: String }')).part('a', () => 'other').write).toBe('other')
})

test('never are so many that hostile documents fill the memory, and no two ever have the same id', () => {
  const parts = SharedParts.of(buildSchema('type Query { a: String }'))
  const first = parts.part('first', () => 0)
  const ids = new Set<number>([first.id])
  for (let index = 0; index < 20_000; index++) ids.add(parts.part(`${index}`, () => index).id)
  expect(ids.size).toBe(20_001)
  // It went when there were too many.
  expect(parts.part('first', () => 1).id).not.toBe(first.id)
  const long = 'x'.repeat(1000)
  expect(parts.part(long, () => 0)).not.toBe(parts.part(long, () => 0))
})
