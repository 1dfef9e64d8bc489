/** One field of an operation, or one element of a list, and what lies in it. */
export interface TraceNode {
  /** The name in the response, or the position in a list. */
  readonly id: string | number
  /** The field's name where the response has another. */
  originalName?: string
  type?: string
  parentType?: string
  /** Nanoseconds since the operation began. */
  startedAt?: number
  endedAt?: number
  readonly errors: TraceError[]
  readonly children: Map<string | number, TraceNode>
}

/** An error of a field. */
export interface TraceError {
  readonly message: string
  readonly locations: readonly { readonly line: number; readonly column: number }[]
  readonly json: string
}

/** What one operation did, and when. */
export interface Trace {
  readonly startedAt: Date
  readonly endedAt: Date
  readonly durationNs: number
  readonly root: TraceNode
}

// The numbers of fields are those of the message `Trace` of Apollo's reports.proto.

/** Writes a trace as the protobuf message that gateways read from `extensions.ftv1`. */
export function traceMessage({ startedAt, endedAt, durationNs, root }: Trace): Uint8Array {
  return Buffer.concat([
    bytes(3, timestamp(endedAt)),
    bytes(4, timestamp(startedAt)),
    number(11, durationNs),
    bytes(14, node(root)),
  ])
}

function node({ id, originalName, type, parentType, startedAt, endedAt, errors, children }: TraceNode): Uint8Array {
  return Buffer.concat([
    typeof id === 'number' ? number(2, id) : text(1, id),
    text(3, type),
    number(8, startedAt),
    number(9, endedAt),
    ...errors.map((error) => bytes(11, errorMessage(error))),
    ...Array.from(children.values(), (child) => bytes(12, node(child))),
    text(13, parentType),
    text(14, originalName),
  ])
}

function errorMessage({ message, locations, json }: TraceError): Uint8Array {
  const places = locations.map(({ line, column }) => bytes(2, Buffer.concat([number(1, line), number(2, column)])))
  return Buffer.concat([text(1, message), ...places, text(4, json)])
}

function timestamp(date: Date): Uint8Array {
  const milliseconds = date.getTime()
  const seconds = Math.floor(milliseconds / 1000)
  return Buffer.concat([number(1, seconds), number(2, (milliseconds - seconds * 1000) * 1_000_000)])
}

function number(field: number, value: number | undefined): Uint8Array {
  return value === undefined ? empty : Buffer.concat([varint(field << 3), varint(Math.floor(value))])
}

function text(field: number, value: string | undefined): Uint8Array {
  return value === undefined || value === '' ? empty : bytes(field, Buffer.from(value))
}

function bytes(field: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([varint((field << 3) | 2), varint(value.length), value])
}

const empty = new Uint8Array()

/** Seven bits a byte, the lowest first. Numbers may be larger than the 32 bits that shifting has. */
function varint(value: number): Uint8Array {
  const written: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) written.push((rest % 128) | 128)
  written.push(rest)
  return Uint8Array.from(written)
}
