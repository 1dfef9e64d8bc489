import { once } from 'node:events'
import { type ServerResponse, createServer } from 'node:http'
import { type AddressInfo, Socket, connect } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { WholeBodyRequest } from '../../../src/http/whole-body-request.ts'

/** A request that the parser has made, and that is given pieces of its body by hand. */
function begun(): WholeBodyRequest {
  return new WholeBodyRequest(new Socket())
}

function end(request: WholeBodyRequest): void {
  request.complete = true
  request.push(null)
}

describe('takes a body', () => {
  it.each([
    ['in one piece', ['one']],
    ['in several', ['one', 'two', 'three']],
    ['that is empty', []],
  ])('%s', (_name, pieces) => {
    const request = begun()
    const onBody = vi.fn<(body: Buffer) => void>()
    request.takeBody(onBody)
    for (const piece of pieces) expect(request.push(Buffer.from(piece))).toBe(true)
    expect(onBody).not.toHaveBeenCalled()
    end(request)
    expect(onBody.mock.calls).toEqual([[Buffer.from(pieces.join(''))]])
    expect(request.readableEnded).toBe(true)
  })

  it.each([0, 1, 2, 3])('of which %i of 3 pieces came before it was asked for', async (early) => {
    const request = begun()
    const onBody = vi.fn<(body: Buffer) => void>()
    const pieces = ['one', 'two', 'three'].map((piece) => Buffer.from(piece))
    for (const piece of pieces.slice(0, early)) request.push(piece)
    await nextTurn()
    request.takeBody(onBody)
    for (const piece of pieces.slice(early)) request.push(piece)
    expect(onBody).not.toHaveBeenCalled()
    end(request)
    expect(onBody.mock.calls).toEqual([[Buffer.from('onetwothree')]])
  })

  it('that was complete before it was asked for', async () => {
    const request = begun()
    request.push(Buffer.from('one'))
    request.push(Buffer.from('two'))
    end(request)
    await nextTurn()
    const onBody = vi.fn<(body: Buffer) => void>()
    request.takeBody(onBody)
    expect(onBody.mock.calls).toEqual([[Buffer.from('onetwo')]])
  })
})

it('gives no body where it was cut off before that was asked for', async () => {
  const request = begun()
  request.push(Buffer.from('one'))
  request.push(Buffer.from('two'))
  request.destroy()
  await nextTurn()
  const onBody = vi.fn<(body: Buffer) => void>()
  request.takeBody(onBody)
  await nextTurn()
  expect(onBody).not.toHaveBeenCalled()
})

it('is a stream as any request, where its body is not taken', async () => {
  const request = begun()
  request.push(Buffer.from('one'))
  request.push(Buffer.from('two'))
  end(request)
  expect(Buffer.concat(await request.toArray())).toEqual(Buffer.from('onetwo'))
  expect(request.readableEnded).toBe(true)
})

async function connectedTo(listener: (request: WholeBodyRequest, response: ServerResponse) => void): Promise<Socket> {
  const server = createServer({ IncomingMessage: WholeBodyRequest }, listener)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  onTestFinished(() => {
    socket.destroy()
    server.close()
  })
  await once(socket, 'connect')
  return socket.setEncoding('latin1')
}

function post(body: string): string {
  return `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}

/** What stands between angle brackets in so many answers. */
async function answers(socket: Socket, count: number): Promise<readonly string[]> {
  let text = ''
  for (;;) {
    text += (await once(socket, 'data'))[0]
    const found = Array.from(text.matchAll(/<(.*?)>/g), ([, answer]) => answer!)
    if (found.length >= count) return found
  }
}

describe('over a connection', () => {
  it('one request comes after the other, and Node lets go of each', async () => {
    const answered: WholeBodyRequest[] = []
    const socket = await connectedTo((request, response) => {
      request.takeBody((body) => response.end(`<${body.toString()}>`))
      response.once('close', () => answered.push(request))
    })
    for (const body of ['one', 'two', 'three']) {
      socket.write(post(body))
      expect(await answers(socket, 1)).toEqual([body])
    }
    socket.end()
    await once(socket, 'close')
    expect(answered).toHaveLength(3)
    // Node waits for the end of those that it cannot let go of yet.
    for (const request of answered) expect([request.destroyed, request.listenerCount('end')]).toEqual([false, 0])
  })

  it('requests that are sent together are answered in order', async () => {
    const late: (() => void)[] = []
    const socket = await connectedTo((request, response) => {
      request.takeBody((body) => {
        // The last is answered first.
        if (late.unshift(() => response.end(`<${body.toString()}>`)) === 3) for (const answer of late) answer()
      })
    })
    const bodies = ['one', 'two', 'three']
    socket.write(bodies.map(post).join(''))
    expect(await answers(socket, 3)).toEqual(bodies)
  })

  it.each(['at once', 'later'])('a body of many pieces is taken %s', async (when) => {
    const large = 'x'.repeat(5_000_000)
    const socket = await connectedTo((request, response) => {
      const answer = (): void =>
        request.takeBody((body) => response.end(`<${body.length} ${body.equals(Buffer.from(large))}>`))
      const answerWhenFull = (): void => {
        // More than this the stream does not take in before somebody reads.
        const isFull = request.complete || request.readableLength >= request.readableHighWaterMark
        if (isFull) answer()
        else setImmediate(answerWhenFull)
      }
      if (when === 'later') answerWhenFull()
      else answer()
    })
    socket.write(post(large) + post('small'))
    expect(await answers(socket, 2)).toEqual([`${large.length} true`, '5 false'])
  })

  it('a body that ends too early is given to nobody', async () => {
    const onBody = vi.fn<(body: Buffer) => void>()
    const { promise, resolve } = Promise.withResolvers<WholeBodyRequest>()
    const socket = await connectedTo((request, response) => {
      request.takeBody(onBody)
      response.once('close', () => resolve(request))
    })
    socket.write(post('complete').slice(0, -1))
    socket.end()
    const request = await promise
    expect(request.destroyed).toBe(true)
    expect(onBody).not.toHaveBeenCalled()
  })
})
