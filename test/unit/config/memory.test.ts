import { describe, expect, it } from 'vitest'
import {
  heapAdvice,
  heapBytesFor,
  memoryLimitFor,
  memoryOfProcess,
  oldSpaceMebibytesFor,
} from '../../../src/config/memory.ts'

const megabyte = 2 ** 20

describe('the heap and memoryLimit', () => {
  it('gives entries half as much again, and the rest of the process 128 mb', () => {
    expect(heapBytesFor(512 * megabyte)).toBe((768 + 128) * megabyte)
    expect(oldSpaceMebibytesFor(512 * megabyte)).toBe(896)
    expect(oldSpaceMebibytesFor(1)).toBe(129)
  })

  it('finds the limit that a heap has room for', () => {
    expect(memoryLimitFor(896 * megabyte)).toBe(512 * megabyte)
    expect(heapBytesFor(memoryLimitFor(1000 * megabyte))).toBeLessThanOrEqual(1000 * megabyte)
    expect(memoryLimitFor(50 * megabyte)).toBe(0)
  })

  it('says how to start Node.js', () => {
    expect(heapAdvice(2048 * megabyte, 492.7 * megabyte)).toBe(
      'needs a larger heap than the 492mb of this process: start Node with --max-old-space-size=3200, or lower it',
    )
  })
})

describe('the memory of a process', () => {
  it.each([
    ['nothing', undefined],
    ['0', 0],
    ['more than any machine has', 2 ** 64],
  ])('is that of the machine where its limit is %s', (_what, constrainedBytes) => {
    expect(memoryOfProcess(constrainedBytes, 24 * megabyte)).toBe(24 * megabyte)
  })

  it('is what its container allows it', () => {
    expect(memoryOfProcess(16 * megabyte, 24 * megabyte)).toBe(16 * megabyte)
  })
})
