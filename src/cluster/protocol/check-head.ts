/** How deep arrays and objects may lie in each other. */
const maxDepth = 16

/**
 * Says what is wrong with a head before msgpackr, which trusts what it reads, gets to see it: it would allocate an
 * array of any length that is claimed, recurse as deep as the input likes, and make records, regular expressions and
 * errors of extension types.
 *
 * @returns `undefined` when `packed` is exactly one MessagePack value made of nil, booleans, numbers of up to 53 bits,
 * strings, bytes, arrays and maps with string keys.
 */
export function checkHead(packed: Uint8Array): string | undefined {
  const checker = new HeadChecker(packed)
  try {
    checker.value(0)
  } catch (error) {
    if (error instanceof HeadProblem) return error.message
    throw error
  }
  return checker.position === packed.length ? undefined : 'bytes after the head'
}

class HeadProblem extends Error {}

class HeadChecker {
  position = 0
  readonly #packed: Uint8Array

  constructor(packed: Uint8Array) {
    this.#packed = packed
  }

  value(depth: number): void {
    const type = this.#number(1)
    if (type < 0x80 || type >= 0xe0) return
    if (type < 0x90) return this.#map(type & 0x0f, depth)
    if (type < 0xa0) return this.#array(type & 0x0f, depth)
    if (type < 0xc0) return this.#skip(type & 0x1f)
    switch (type) {
      case 0xc0: // nil
      case 0xc2: // false
      case 0xc3: // true
        return
      case 0xca: // float 32
      case 0xce: // uint 32
      case 0xd2: // int 32
        return this.#skip(4)
      case 0xcb: // float 64
        return this.#skip(8)
      case 0xcc: // uint 8
      case 0xd0: // int 8
        return this.#skip(1)
      case 0xcd: // uint 16
      case 0xd1: // int 16
        return this.#skip(2)
      case 0xc4: // bin 8
      case 0xd9: // str 8
        return this.#skip(this.#number(1))
      case 0xc5: // bin 16
      case 0xda: // str 16
        return this.#skip(this.#number(2))
      case 0xc6: // bin 32
      case 0xdb: // str 32
        return this.#skip(this.#number(4))
      case 0xdc: // array 16
        return this.#array(this.#number(2), depth)
      case 0xdd: // array 32
        return this.#array(this.#number(4), depth)
      case 0xde: // map 16
        return this.#map(this.#number(2), depth)
      case 0xdf: // map 32
        return this.#map(this.#number(4), depth)
      default:
        // Extensions, and integers of 64 bits, which would become bigints.
        throw new HeadProblem(`type ${type} in a head`)
    }
  }

  // A length that is claimed falsely ends where the bytes do: every element takes at least one.
  #array(length: number, depth: number): void {
    this.#enter(depth)
    for (let index = 0; index < length; index++) this.value(depth + 1)
  }

  #map(size: number, depth: number): void {
    this.#enter(depth)
    for (let index = 0; index < size; index++) {
      const type = this.#packed[this.position] ?? 0
      if (type !== 0xd9 && type !== 0xda && type !== 0xdb && (type < 0xa0 || type >= 0xc0)) {
        throw new HeadProblem('a key that is not a string in a head')
      }
      this.value(depth + 1)
      this.value(depth + 1)
    }
  }

  #enter(depth: number): void {
    if (depth >= maxDepth) throw new HeadProblem(`a head more than ${maxDepth} deep`)
  }

  #skip(bytes: number): void {
    this.position += bytes
    if (this.position > this.#packed.length) throw new HeadProblem('a head that ends too early')
  }

  /** A big-endian number, as all of MessagePack's are. */
  #number(bytes: number): number {
    let number = 0
    for (let index = 0; index < bytes; index++) {
      number = number * 256 + (this.#packed[this.position + index] ?? 0)
    }
    this.#skip(bytes)
    return number
  }
}
