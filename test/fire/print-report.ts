import type { Violation } from './check-history.ts'
import type { FireReport } from './fire.ts'
import { type Read, type Write } from './history.ts'

/** What a run showed, for people: a table, and everything around each violation. */
export function printReport(report: FireReport, maxViolations = 3): string {
  const { seed, seconds, faults, counts, codes, slowestReadMs, verdict, problems } = report
  const { violations, excused, checkedReads } = verdict
  const rows: (readonly [string, string | number])[] = [
    ['seed', seed],
    ['seconds', Math.round(seconds)],
    ['faults', faults.length],
    ...Array.from(counts).toSorted(([one], [other]) => (one < other ? -1 : 1)),
    ...Array.from(codes)
      .toSorted(([, one], [, other]) => other - one)
      .map(([code, count]) => [`error ${code}`, count] as const),
    ['slowest read, ms', Math.round(slowestReadMs)],
    ['readings checked', checkedReads],
    ['older within the stated bound', excused],
    ['violations', violations.length],
    ['other problems', problems.length],
  ]
  rows.push(...failedReadings(report))
  const width = Math.max(...rows.map(([name]) => name.length))
  const table = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
  const details = violations.slice(0, maxViolations).flatMap((violation) => describe(violation, report))
  return [...table, ...problems.slice(0, 10).map((problem) => `PROBLEM ${problem}`), ...details].join('\n')
}

/** Readings that failed, by what was being done to the cluster meanwhile. */
function failedReadings({ history, faults }: FireReport): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>()
  for (const { keyspace, reads } of history.keys()) {
    for (const { code, completedMs, invokedMs } of reads) {
      if (code === undefined) continue
      const during = faults.find(({ atMs, tookMs }) => atMs <= completedMs && invokedMs <= atMs + tookMs + 500)
      const name = `${keyspace} read ${code} during ${during?.name.replaceAll(/peer-\d|\d+/g, '…') ?? 'no fault'}`
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
  }
  return Array.from(counts).toSorted(([, one], [, other]) => other - one)
}

const time = (ms: number): string => new Date(ms).toISOString().slice(11, 23)

function describe({ history, read, overlooked, reason }: Violation, report: FireReport): readonly string[] {
  const { keyspace, key, reads, writes } = history
  const fromMs = (overlooked?.invokedMs ?? read.invokedMs) - 3_000
  const untilMs = read.completedMs + 500
  const isNear = ({ completedMs, invokedMs }: Read | Write): boolean => completedMs >= fromMs && invokedMs <= untilMs
  const operations = [...reads, ...writes].filter(isNear).toSorted((one, other) => one.invokedMs - other.invokedMs)
  const lines = report.log
    .filter((line) => {
      const atMs = Date.parse(line.time)
      return atMs >= fromMs && atMs <= untilMs && !['loaded', 'stored', 'deleted'].includes(line.msg)
    })
    .toSorted((one, other) => (one.time < other.time ? -1 : 1))
  const faults = report.faults.filter(({ atMs, tookMs }) => atMs + tookMs >= fromMs && atMs <= untilMs)
  return [
    '',
    `VIOLATION in ${keyspace}: ${key} read through ${read.via} is ${reason}`,
    `  read        ${operationLine(read)}`,
    ...(overlooked === undefined ? [] : [`  overlooked  ${operationLine(overlooked)}`]),
    '  faults:',
    ...faults.map(({ name, atMs, tookMs }) => `    ${time(atMs)} + ${Math.round(tookMs)} ms: ${name}`),
    `  what was done to the key:`,
    ...operations.map((operation) => `    ${operation === read ? '>' : ' '} ${operationLine(operation)}`),
    '  what the peers logged:',
    ...lines
      .slice(0, 200)
      .map(
        (line) =>
          `    ${line.time.slice(11, 23)} ${line.peerId} ${JSON.stringify({ ...line, time: undefined, pid: undefined, hostname: undefined, level: undefined })}`,
      ),
  ]
}

function operationLine(operation: Read | Write): string {
  const { kind, via, invokedMs, completedMs, value, code } = operation
  const span = `${time(invokedMs)} … ${time(completedMs)} ${via} ${kind.padEnd(10)} ${value}`
  if (operation.kind === 'READ') return `${span} ${operation.servedFrom ?? ''} ${code ?? ''}`
  const { outcome, unconfirmed } = operation
  return `${span} ${outcome} ${code ?? ''}${unconfirmed.length > 0 ? `unconfirmed: ${unconfirmed.join(' ')}` : ''}`
}
