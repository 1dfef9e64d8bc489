import { describe, expect, it } from 'vitest'
import { pinoLogger } from '../../../../src/adapters/logger/pino-logger.ts'

function logged(level: 'debug' | 'info' | 'warn' | 'error' | 'silent'): {
  readonly logger: ReturnType<typeof pinoLogger>
  readonly lines: () => readonly Record<string, unknown>[]
} {
  let text = ''
  const logger = pinoLogger({ level, destination: { write: (line) => (text += line) } })
  const lines = (): readonly Record<string, unknown>[] =>
    text
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  return { logger, lines }
}

describe('pinoLogger', () => {
  it('writes a line of JSON with level, time, message and fields', () => {
    const { logger, lines } = logged('info')
    logger.info({ keys: 3 }, 'loaded')
    expect(lines()).toEqual([
      expect.objectContaining({
        level: 'info',
        msg: 'loaded',
        keys: 3,
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        pid: process.pid,
      }),
    ])
  })

  it.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
    ['silent', []],
  ] as const)('at %s writes %j', (level, expected) => {
    const { logger, lines } = logged(level)
    for (const write of ['debug', 'info', 'warn', 'error'] as const) logger[write]({}, write)
    expect(lines().map(({ msg }) => msg)).toEqual(expected)
    expect(lines().map((line) => line['level'])).toEqual(expected)
  })

  it('adds the fields of a child to its lines', () => {
    const { logger, lines } = logged('info')
    logger.child({ keyspace: 'a' }).child({ source: 'b' }).warn({ keys: 1 }, 'keys failed')
    expect(lines()).toEqual([expect.objectContaining({ keyspace: 'a', source: 'b', keys: 1 })])
  })

  it.each(['error', 'err', 'cause'])('writes an Error under %s with its stack', (field) => {
    const { logger, lines } = logged('info')
    logger.error({ [field]: new TypeError('broken') }, 'failed')
    expect(lines()[0]?.[field]).toMatchObject({
      type: 'TypeError',
      message: 'broken',
      stack: expect.stringContaining('broken'),
    })
  })

  it('never throws, whatever the fields', () => {
    const { logger, lines } = logged('info')
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    logger.info({ circular, big: 5n }, 'circular')
    logger.info(
      {
        get field(): never {
          throw new Error('no')
        },
      },
      'getter',
    )
    expect(lines().map(({ msg }) => msg)).toEqual(['circular', 'getter'])
  })
})
