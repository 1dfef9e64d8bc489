import { GraphQLError, parseValue } from 'graphql'
import { describe, expect, it } from 'vitest'
import { base64BytesScalar, dateTimeScalar, durationScalar, jsonScalar } from '../../../resolvers/scalars.ts'

function refusalOf(call: () => unknown): GraphQLError {
  try {
    call()
  } catch (error) {
    if (error instanceof GraphQLError) return error
    throw error
  }
  throw new Error('It was not refused.')
}

describe('Duration', () => {
  it.each([
    ['0s', 0],
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['3650d', 315_360_000_000],
  ])('reads %s', (text, ms) => {
    expect(durationScalar.parseValue(text)).toBe(ms)
    expect(durationScalar.parseLiteral(parseValue(JSON.stringify(text)))).toBe(ms)
  })

  it.each([
    [0, '0s'],
    [1, '1ms'],
    [1500, '1500ms'],
    [90_000, '90s'],
    [300_000, '5m'],
    [3_600_000, '1h'],
    [5_400_000, '90m'],
    [86_400_000, '24h'],
    [604_800_000, '168h'],
    [90_000_000, '25h'],
    [12.4, '12ms'],
    [-3, '0s'],
  ])('prints %d ms as %s', (ms, text) => {
    expect(durationScalar.serialize(ms)).toBe(text)
  })

  it.each(['-5m', '1.5h', '5', '5 m', '5M', 'm', '', ' 5m', '5m ', '1h30m', '٣s', 300, null, true, {}, [], 'P1D'])(
    'refuses %j and quotes it',
    (received) => {
      const error = refusalOf(() => durationScalar.parseValue(received))
      expect(error.extensions).toEqual({ code: 'BAD_USER_INPUT' })
      expect(error.message).toContain(JSON.stringify(received))
    },
  )

  it.each(['3651d', '99999999999999999999h', `${'9'.repeat(400)}ms`])('refuses the absurd %s', (received) => {
    const error = refusalOf(() => durationScalar.parseValue(received))
    expect(error.message).toContain('at most "3650d"')
    expect(error.message.length).toBeLessThan(200)
  })

  it('refuses literals that are no strings', () => {
    expect(refusalOf(() => durationScalar.parseLiteral(parseValue('300'))).message).toContain('received 300')
  })

  it.each([Number.NaN, Infinity, '5m', null])('cannot print %s', (output) => {
    expect(() => durationScalar.serialize(output)).toThrow(TypeError)
  })
})

describe('DateTime', () => {
  it.each([
    ['2030-01-31T12:00:00Z', '2030-01-31T12:00:00.000Z'],
    ['2030-01-31T12:00:00.25+01:00', '2030-01-31T11:00:00.250Z'],
    ['2028-02-29T23:59:59-23:59', '2028-03-01T23:58:59.000Z'],
  ])('reads %s', (text, iso) => {
    expect(dateTimeScalar.parseValue(text).toISOString()).toBe(iso)
    expect(dateTimeScalar.parseLiteral(parseValue(JSON.stringify(text))).toISOString()).toBe(iso)
  })

  it.each([
    '2030-01-31T12:00:00',
    '2030-01-31',
    '2030-02-30T12:00:00Z',
    '2029-02-29T12:00:00Z',
    '2030-13-01T12:00:00Z',
    '2030-00-10T12:00:00Z',
    '2030-01-00T12:00:00Z',
    '2030-01-31T24:00:00Z',
    '2030-01-31T12:60:00Z',
    '2030-01-31T12:00:00+24:00',
    '2030-01-31 12:00:00Z',
    'tomorrow',
    1_900_000_000_000,
    null,
  ])('refuses %j and quotes it', (received) => {
    const error = refusalOf(() => dateTimeScalar.parseValue(received))
    expect(error.extensions).toEqual({ code: 'BAD_USER_INPUT' })
    expect(error.message).toContain(JSON.stringify(received))
  })

  it('prints UTC with milliseconds, and nothing but dates', () => {
    expect(dateTimeScalar.serialize(new Date(0))).toBe('1970-01-01T00:00:00.000Z')
    expect(() => dateTimeScalar.serialize('1970-01-01')).toThrow(TypeError)
  })
})

describe('Base64Bytes', () => {
  it.each(['', 'aGVsbG8=', '/+8=', 'AAEC'])('reads and prints %j', (text) => {
    expect(base64BytesScalar.serialize(base64BytesScalar.parseValue(text))).toBe(text)
    expect(base64BytesScalar.serialize(base64BytesScalar.parseLiteral(parseValue(JSON.stringify(text))))).toBe(text)
  })

  it.each(['aGVsbG8', '_-8=', 'aGVs\nbG8=', 'aGVsbG8==', 'aGVsbG9=', 'é', '====', 'a', 7, null])(
    'refuses %j and quotes it',
    (received) => {
      const error = refusalOf(() => base64BytesScalar.parseValue(received))
      expect(error.extensions).toEqual({ code: 'BAD_USER_INPUT' })
      expect(error.message).toContain(JSON.stringify(received))
    },
  )

  it('shortens what it quotes', () => {
    const error = refusalOf(() => base64BytesScalar.parseValue('!'.repeat(10_000)))
    expect(error.message.length).toBeLessThan(250)
  })

  it('prints a part of a larger buffer, and nothing but bytes', () => {
    expect(base64BytesScalar.serialize(new Uint8Array([9, 1, 2, 9]).subarray(1, 3))).toBe('AQI=')
    expect(() => base64BytesScalar.serialize('AQI=')).toThrow(TypeError)
  })
})

describe('JSON', () => {
  it.each([null, true, 1.5, 'x', [1, [2]], { a: { b: [] } }])('is passed through as %j', (value) => {
    expect(jsonScalar.parseValue(value)).toBe(value)
    expect(jsonScalar.serialize(value)).toBe(value)
  })

  it('reads literals, with variables inside', () => {
    const node = parseValue('{ a: [1, 2.5, "x", true, null, $v], __proto__: 1 }')
    const value = jsonScalar.parseLiteral(node, { v: { deep: true } }) as object
    expect(JSON.stringify(value)).toBe('{"a":[1,2.5,"x",true,null,{"deep":true}],"__proto__":1}')
  })

  it('refuses unquoted words', () => {
    const error = refusalOf(() => jsonScalar.parseLiteral(parseValue('{ a: [RED] }')))
    expect(error.extensions).toEqual({ code: 'BAD_USER_INPUT' })
    expect(error.message).toContain('"RED"')
  })
})
