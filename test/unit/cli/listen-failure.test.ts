import { describe, expect, it } from 'vitest'
import { listenFailure } from '../../../src/cli/listen-failure.ts'

const address = { host: '127.0.0.1', port: 4000 }

function systemError(code: string): Error {
  return Object.assign(new Error(`listen ${code}`), { code, syscall: 'listen' })
}

describe('what hinders a process to listen', () => {
  it.each([
    [
      'EADDRINUSE',
      'port 4000 of 127.0.0.1 is taken by another process. Choose another with --port, or --port 0 for any free one.',
    ],
    ['EACCES', 'this user may not listen on port 4000 of 127.0.0.1. Choose a port from 1024 up with --port.'],
    ['EADDRNOTAVAIL', '127.0.0.1 is no address of this machine. Choose one with --host.'],
    ['ENOTFOUND', '127.0.0.1 is no address of this machine. Choose one with --host.'],
  ])('is told in words: %s', (code, message) => {
    const error = systemError(code)
    expect(listenFailure(error, address)).toEqual(new Error(message, { cause: error }))
  })

  it('is left as it is when there are no words for it', () => {
    const other = systemError('EMFILE')
    expect(listenFailure(other, address)).toBe(other)
    const ofSource = new Error('the database is gone')
    expect(listenFailure(ofSource, address)).toBe(ofSource)
    expect(listenFailure('text', address)).toBe('text')
  })
})
