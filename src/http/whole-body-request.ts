import { IncomingMessage } from 'node:http'

/**
 * A request whose body can be had in one piece, as Node's parser hands it over. Read as a stream, as any request can be,
 * it takes several events and turns of the event loop, however short it is.
 */
export class WholeBodyRequest extends IncomingMessage {
  #onBody: ((body: Buffer) => void) | undefined
  #first: Buffer | undefined
  #others: Buffer[] | undefined
  #isTaken = false

  static {
    // For types it is a property, in whose place no accessor may stand. Node looks whether it may let go of the request.
    Object.defineProperty(this.prototype, 'readableEnded', {
      get(this: WholeBodyRequest): boolean {
        return this.#isTaken || Reflect.get(IncomingMessage.prototype, 'readableEnded', this)
      },
    })
  }

  /**
   * Takes the body, which is not to be read in any other way then. Calls nothing where it ends too early: its sender is
   * gone.
   */
  takeBody(onBody: (body: Buffer) => void): void {
    // What has come already lies in the stream.
    let early: Buffer | null = this.readableLength > 0 ? this.read() : null
    for (; early !== null; early = this.read()) this.#add(early)
    this.#onBody = onBody
    if (this.complete) this.#giveBody(onBody)
  }

  /** What the parser calls with each piece of the body, and with `null` at its end. */
  override push(chunk: Buffer | null): boolean {
    if (this.#onBody === undefined) return super.push(chunk)
    if (chunk !== null) this.#add(chunk)
    else this.#giveBody(this.#onBody)
    return true
  }

  /** Node reads to its end what nobody has read, so that the next request can come. Here nothing is left to be read. */
  override resume(): this {
    return this.#isTaken ? this : super.resume()
  }

  #add(chunk: Buffer): void {
    if (this.#first === undefined) this.#first = chunk
    else (this.#others ??= [this.#first]).push(chunk)
  }

  #giveBody(onBody: (body: Buffer) => void): void {
    const body = this.#others === undefined ? (this.#first ?? Buffer.alloc(0)) : Buffer.concat(this.#others)
    // An answer may take long, and the request lives as long.
    this.#first = this.#others = undefined
    this.#isTaken = true
    onBody(body)
  }
}
