import { median, table } from './statistics.ts'

/** What one process showed of each cache. */
export type EngineRun = readonly CacheRun[]

interface CacheRun {
  readonly name: string
  /** CPU nanoseconds. */
  readonly hit: number
  /** The same for each of 64 asked for at once, where a cache has that. */
  readonly of64: number | null
  readonly misses: string
  readonly oneColdKey: string
  readonly deleteRacingLoad: string
}

const head = [
  'in process',
  'CPU ns/hit',
  'of 64 at a time',
  '1,000 misses of 5 ms',
  '10,000 readers of one',
  'read after a delete',
]

/** The medians of several processes as a table, and the ratios that have an aim. */
export function engineReport(runs: readonly EngineRun[]): string {
  const of = (name: string, figure: 'hit' | 'of64'): number =>
    median(runs.map((run) => run.find((cache) => cache.name === name)?.[figure] ?? Number.NaN))
  const rows = runs[0]!.map(({ name, of64, misses, oneColdKey, deleteRacingLoad }) => {
    const hits = [of(name, 'hit').toFixed(0), of64 === null ? '–' : of(name, 'of64').toFixed(0)]
    return [name, ...hits, misses, oneColdKey, deleteRacingLoad]
  })
  const hitAgainst = (name: string): number => of(name, 'hit') / of('fedcache', 'hit')
  const ratios: readonly (readonly [what: string, ratio: number])[] = [
    ['hit / lru-cache fetch', hitAgainst('lru-cache fetch')],
    ['64 / lru-cache get', of('lru-cache get', 'of64') / of('fedcache', 'of64')],
    ['hit / bentocache', hitAgainst('bentocache')],
    ['hit / cacheable', hitAgainst('cacheable')],
  ]
  const shown = [['fedcache', 'times as much'], ...ratios.map(([what, ratio]) => [what, `${ratio.toFixed(2)}×`])]
  return `${table([head, ...rows])}\n\n${table(shown)}`
}
