import { GraphQLError } from 'graphql'
import { describe, expect, it } from 'vitest'
import { yogaLogger } from '../../../src/http/yoga-logger.ts'
import type { LogFields, Logger } from '../../../src/ports/index.ts'

function recorded(): { readonly lines: readonly LogFields[]; readonly logger: Logger } {
  const lines: LogFields[] = []
  const push = (fields: LogFields) => void lines.push(fields)
  const logger: Logger = { debug: push, info: push, warn: push, error: push, child: () => logger }
  return { lines, logger }
}

describe('yogaLogger', () => {
  it('logs an error once, however often and however wrapped it is told', () => {
    const { lines, logger } = recorded()
    const log = yogaLogger(logger)
    const bug = new TypeError('bug', { cause: new Error('cause') })
    log.error(new GraphQLError('masked', { originalError: bug, path: ['entries', 3] }))
    log.error(bug)
    log.error(new GraphQLError('again', { originalError: new GraphQLError('twice', { originalError: bug }) }))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({
      error: { name: 'TypeError', message: 'bug', stack: bug.stack, cause: expect.stringContaining('Error: cause') },
      path: ['entries', 3],
    })
    expect(() => JSON.stringify(lines)).not.toThrow()
  })

  it('logs what is no error, and nothing that is not wrong', () => {
    const { lines, logger } = recorded()
    const log = yogaLogger(logger)
    log.error('text')
    log.debug('debug')
    log.info('info')
    log.warn('warn')
    expect(lines).toEqual([{ error: 'text' }])
  })
})
