/** How many messages are remembered at most, and how many bytes they may have together. */
const maxMessages = 65_536
const maxBytes = 8 * 2 ** 20

interface Numbered {
  readonly number: number
  /** One character for each byte. Memory of its own outside of the heap would cost a small message many times its size. */
  readonly message: string
}

/** The last messages of a numbered broadcast, for peers that missed some. The newest half of what it has room for stays. */
export class RecentMessages {
  #older: Numbered[] = []
  #newer: Numbered[] = []
  #newerBytes = 0

  note(number: number, message: Uint8Array): void {
    if (this.#newer.length >= maxMessages / 2 || this.#newerBytes + message.length > maxBytes / 2) {
      this.#older = this.#newer
      this.#newer = []
      this.#newerBytes = 0
    }
    const bytes = Buffer.from(message.buffer, message.byteOffset, message.length)
    this.#newer.push({ number, message: bytes.toString('latin1') })
    this.#newerBytes += message.length
  }

  /** The messages after a number, in order: as many as have room in `limitBytes`, and one in any case. */
  after(number: number, limitBytes: number): readonly Uint8Array[] {
    const messages: Uint8Array[] = []
    let bytes = 0
    for (const half of [this.#older, this.#newer]) {
      for (const each of half) {
        if (each.number <= number) continue
        bytes += each.message.length
        if (bytes > limitBytes && messages.length > 0) return messages
        messages.push(Buffer.from(each.message, 'latin1'))
      }
    }
    return messages
  }
}
