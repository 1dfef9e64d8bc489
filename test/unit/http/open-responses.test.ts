import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect, it } from 'vitest'
import { OpenResponse, OpenResponses } from '../../../src/http/open-responses.ts'

it('holds those that were added and not taken out, in whatever order they end', () => {
  const made = Array.from({ length: 6 }, () => new OpenResponse(new IncomingMessage(new Socket())))
  const open = new OpenResponses()
  const expected = new Set<OpenResponse>()
  // Each is added at its first mention and taken out at its second: the first, the last, one between, the only one.
  for (const index of [0, 0, 1, 2, 3, 1, 3, 4, 5, 2, 5, 4, 1, 1]) {
    const response = made[index]!
    if (expected.delete(response)) {
      open.delete(response)
    } else {
      expected.add(response)
      open.add(response)
    }
    expect(open.all()).toHaveLength(expected.size)
    expect(new Set(open.all())).toEqual(expected)
  }
})
