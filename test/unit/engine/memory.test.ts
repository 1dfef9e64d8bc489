import { expect, test } from 'vitest'
import { type BudgetMember, MemoryBudget } from '../../../src/engine/memory.ts'

interface Shelf extends BudgetMember {
  readonly items: number[]
}

function shelf(...items: number[]): Shelf {
  return {
    items,
    get bytes() {
      return items.reduce((sum, item) => sum + item, 0)
    },
    evict: () => items.shift() !== undefined,
  }
}

test('room is taken from whoever holds most', () => {
  const budget = new MemoryBudget(100)
  const [small, large] = [shelf(20), shelf(30, 30)]
  budget.join(small)
  budget.join(large)
  expect(budget.makeRoom(40)).toBe(true)
  expect([small.items, large.items]).toEqual([[20], [30]])
  expect(budget.usedBytes).toBe(50)
  expect(budget.makeRoom(75)).toBe(true)
  expect([small.items, large.items]).toEqual([[20], []])
})

test('what fits evicts nothing', () => {
  const budget = new MemoryBudget(100)
  const member = shelf(60)
  budget.join(member)
  expect(budget.makeRoom(40)).toBe(true)
  expect(member.items).toEqual([60])
})

test('what could not fit even alone evicts nothing', () => {
  const budget = new MemoryBudget(100)
  const member = shelf(60)
  budget.join(member)
  expect(budget.makeRoom(101)).toBe(false)
  expect(member.items).toEqual([60])
  expect(budget.makeRoom(100)).toBe(true)
  expect(member.items).toEqual([])
})

test('who left no longer counts', () => {
  const budget = new MemoryBudget(100)
  const member = shelf(60)
  budget.join(member)
  budget.leave(member)
  expect(budget.usedBytes).toBe(0)
  expect(budget.makeRoom(100)).toBe(true)
  expect(member.items).toEqual([60])
})

test('a store that gives up nothing does not hang the process', () => {
  const budget = new MemoryBudget(100)
  budget.join({ bytes: 90, evict: () => false })
  expect(budget.makeRoom(20)).toBe(false)
})
