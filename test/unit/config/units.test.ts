import { describe, expect, it } from 'vitest'
import { formatDuration, formatSize, parseDuration, parseSize } from '../../../src/config/units.ts'

describe('parseDuration', () => {
  it.each([
    [0, 0],
    [1500, 1500],
    [1.4, 1],
    [-5, -5],
    ['250ms', 250],
    ['30s', 30_000],
    ['1.5s', 1500],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['-1s', -1000],
  ])('reads %j as %d ms', (duration, expected) => {
    expect(parseDuration(duration)).toBe(expected)
  })

  it.each([
    '',
    '5',
    '5 m',
    '5M',
    'm',
    '5min',
    '1h30m',
    '1e3s',
    '.5s',
    'forever',
    null,
    undefined,
    true,
    {},
    NaN,
    Infinity,
  ])('does not read %j', (duration) => {
    expect(parseDuration(duration)).toBeUndefined()
  })
})

describe('parseSize', () => {
  it.each([
    [1024, 1024],
    ['0b', 0],
    ['512b', 512],
    ['1kb', 1024],
    ['256mb', 268_435_456],
    ['256MB', 268_435_456],
    ['1.5gb', 1_610_612_736],
  ])('reads %j as %d bytes', (size, expected) => {
    expect(parseSize(size)).toBe(expected)
  })

  it.each(['', '1', '1tb', '1mib', '1 mb', '5m', null, undefined, [], Infinity])('does not read %j', (size) => {
    expect(parseSize(size)).toBeUndefined()
  })
})

describe('formatting', () => {
  it.each([
    [0, '0ms'],
    [250, '250ms'],
    [1500, '1500ms'],
    [60_000, '1m'],
    [5_400_000, '90m'],
    [86_400_000, '24h'],
    [0.5, '0.5ms'],
  ])('prints %d ms with the largest unit that divides it: %s', (durationMs, expected) => {
    expect(formatDuration(durationMs)).toBe(expected)
  })

  it.each([
    [0, '0b'],
    [1000, '1000b'],
    [2048, '2kb'],
    [512 * 2 ** 20, '512mb'],
    [3 * 2 ** 30, '3gb'],
  ])('prints %d bytes as %s', (bytes, expected) => {
    expect(formatSize(bytes)).toBe(expected)
  })
})
