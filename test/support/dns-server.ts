import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'

/** What a {@link DnsServer} knows of one name. */
export interface DnsRecords {
  readonly a?: readonly string[]
  /** Written out in full: eight groups. */
  readonly aaaa?: readonly string[]
  readonly srv?: readonly { readonly target: string; readonly port: number; readonly priority?: number }[]
}

/** A DNS server on 127.0.0.1 that speaks UDP, with records that a test changes. */
export interface DnsServer {
  /** As `address:port`. */
  readonly address: string
  /** Records by name; what is not there does not exist. */
  records: Readonly<Record<string, DnsRecords>>
  /** What it does with questions: answers, fails (SERVFAIL) or says nothing. */
  mode: 'answer' | 'fail' | 'silent'
  /** Every question so far, as `TYPE name`. */
  readonly asked: string[]
  close(): void
}

const types: Readonly<Record<number, keyof DnsRecords>> = { 1: 'a', 28: 'aaaa', 33: 'srv' }

/** Starts a DNS server. */
export async function dnsServer(records: DnsServer['records'] = {}): Promise<DnsServer> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const server: DnsServer = {
    address: `127.0.0.1:${socket.address().port}`,
    records,
    mode: 'answer',
    asked: [],
    close: () => socket.close(),
  }
  socket.on('message', (question: Buffer, { port, address }: RemoteInfo) => {
    const answer = answerTo(question, server)
    if (answer !== undefined) socket.send(answer, port, address)
  })
  return server
}

function answerTo(question: Buffer, server: DnsServer): Buffer | undefined {
  const { name, end } = nameAt(question, 12)
  const type = types[question.readUInt16BE(end)]
  server.asked.push(`${type?.toUpperCase()} ${name}`)
  if (server.mode === 'silent') return undefined
  const known = server.records[name]
  const data = server.mode === 'fail' || type === undefined ? [] : (known?.[type] ?? []).map(dataOf)
  const code = server.mode === 'fail' ? 2 : known === undefined ? 3 : 0
  const header = Buffer.alloc(12)
  question.copy(header, 0, 0, 2)
  header.writeUInt16BE(0x8580 | code, 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(data.length, 6)
  const answers = data.map((bytes) => {
    const head = Buffer.alloc(12)
    // The name is that of the question, which begins at byte 12.
    head.writeUInt16BE(0xc00c, 0)
    question.copy(head, 2, end, end + 4)
    head.writeUInt16BE(bytes.length, 10)
    return Buffer.concat([head, bytes])
  })
  return Buffer.concat([header, question.subarray(12, end + 4), ...answers])
}

function nameAt(message: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = []
  let at = start
  for (let length = message[at]!; length !== 0; length = message[at]!) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 }
}

function dataOf(record: string | NonNullable<DnsRecords['srv']>[number]): Buffer {
  if (typeof record === 'string') {
    if (!record.includes(':')) return Buffer.from(record.split('.').map(Number))
    return Buffer.from(
      record
        .split(':')
        .map((group) => group.padStart(4, '0'))
        .join(''),
      'hex',
    )
  }
  const head = Buffer.alloc(6)
  head.writeUInt16BE(record.priority ?? 0, 0)
  head.writeUInt16BE(record.port, 4)
  const labels = record.target === '.' ? [] : record.target.split('.')
  return Buffer.concat([
    head,
    ...labels.map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`)),
    Buffer.alloc(1),
  ])
}
