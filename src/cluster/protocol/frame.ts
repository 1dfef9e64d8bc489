import { Packr } from 'msgpackr'
import { checkHead } from './check-head.ts'
import { ProtocolError } from './protocol-error.ts'

/** The version of the protocol, the first byte of every frame and the `v1` of every subject. */
export const protocolVersion = 1

/** Bytes that a frame has before its head, beside {@link valueOverheadBytes} for each value. */
export const frameOverheadBytes = 9

/** Bytes that a value takes in a frame in addition to its own. */
export const valueOverheadBytes = 4

/** Stands for `null` among the lengths. */
const nullLength = 0xffffffff

/** What {@link decodeFrame} reads. */
export interface Frame {
  /** Plain data of unchecked shape; see {@link encodeFrame} for what it can consist of. Bytes in it are the message's. */
  readonly head: unknown
  /** Copies: they do not keep the message they came in. */
  readonly values: readonly (string | null)[]
}

// Records would make messages depend on messages before them. Fields that are `undefined` are left out; msgpackr's
// types do not know that option.
const codecOptions = { useRecords: false, mapsAsObjects: true, skipValues: [undefined] }
const codec = new Packr(codecOptions)

/**
 * Packs a message:
 *
 * | bytes | what |
 * |---|---|
 * | 1 | {@link protocolVersion} |
 * | 4 | length of the head in bytes, little-endian as all numbers here |
 * | 4 | number of values |
 * | 4 each | lengths of the values in bytes; 0xffffffff for `null` |
 * | … | the head as MessagePack |
 * | … | the values, end to end |
 *
 * Values stay out of the MessagePack part because it would transcode them, and because msgpackr is several times slower
 * on large one-byte strings than a copy.
 *
 * @param head `null`, booleans, numbers, strings, bytes, arrays, and objects with string keys, at most 16 deep; not checked
 * here, and refused by {@link decodeFrame}. Unpaired surrogates in strings are not preserved.
 * @param values one character per byte, U+0000 to U+00FF; of other characters the high bits are lost.
 * @param allocate gives the memory that is returned; by default such as nobody else writes to.
 */
export function encodeFrame(
  head: unknown,
  values: readonly (string | null)[] = [],
  allocate: (bytes: number) => Buffer = ownMemory,
): Uint8Array {
  const packedHead = codec.pack(head)
  let tailBytes = 0
  for (const value of values) if (value !== null) tailBytes += value.length

  const headStart = frameOverheadBytes + valueOverheadBytes * values.length
  const frame = allocate(headStart + packedHead.length + tailBytes)
  frame[0] = protocolVersion
  frame.writeUInt32LE(packedHead.length, 1)
  frame.writeUInt32LE(values.length, 5)
  frame.set(packedHead, headStart)
  let lengthPosition = frameOverheadBytes
  let valuePosition = headStart + packedHead.length
  for (const value of values) {
    frame.writeUInt32LE(value === null ? nullLength : value.length, lengthPosition)
    lengthPosition += valueOverheadBytes
    if (value !== null) valuePosition += frame.write(value, valuePosition, 'latin1')
  }
  return frame
}

/**
 * Unpacks what {@link encodeFrame} packed, and trusts nothing in it: what it allocates is bounded by the length of
 * `data`, whatever lengths are claimed inside.
 *
 * @throws ProtocolError for anything else, and nothing but that.
 */
export function decodeFrame(data: Uint8Array): Frame {
  const frame = Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  if (frame.length < frameOverheadBytes) throw malformed(`a frame of ${frame.length} bytes`)
  if (frame[0] !== protocolVersion) {
    throw new ProtocolError('VERSION', `This peer speaks version ${protocolVersion}, received version ${frame[0]}.`)
  }
  const headBytes = frame.readUInt32LE(1)
  const valueCount = frame.readUInt32LE(5)
  const headStart = frameOverheadBytes + valueOverheadBytes * valueCount
  const tailStart = headStart + headBytes
  if (tailStart > frame.length) {
    throw malformed(`${valueCount} values and a head of ${headBytes} bytes in ${frame.length} bytes`)
  }

  let tailEnd = tailStart
  for (let position = frameOverheadBytes; position < headStart; position += valueOverheadBytes) {
    const length = frame.readUInt32LE(position)
    if (length !== nullLength) tailEnd += length
  }
  if (tailEnd !== frame.length) throw malformed(`values up to byte ${tailEnd} in ${frame.length} bytes`)

  const head = decodeHead(frame.subarray(headStart, tailStart))
  const values: (string | null)[] = []
  let valuePosition = tailStart
  for (let position = frameOverheadBytes; position < headStart; position += valueOverheadBytes) {
    const length = frame.readUInt32LE(position)
    if (length === nullLength) {
      values.push(null)
    } else {
      values.push(frame.toString('latin1', valuePosition, valuePosition + length))
      valuePosition += length
    }
  }
  return { head, values }
}

function ownMemory(bytes: number): Buffer {
  return Buffer.allocUnsafeSlow(bytes)
}

function decodeHead(packed: Buffer): unknown {
  const problem = checkHead(packed)
  if (problem !== undefined) throw malformed(problem)
  try {
    return codec.unpack(packed)
  } catch (error) {
    throw new ProtocolError('MALFORMED', 'The head of a message cannot be read.', { cause: error })
  }
}

function malformed(found: string): ProtocolError {
  return new ProtocolError('MALFORMED', `A malformed message was received: ${found}.`)
}
