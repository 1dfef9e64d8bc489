import { seededRandom } from '../support/seeded-random.ts'

/** One thing that is done at a moment of a schedule. Numbers from 0 to below 1 pick among what is there then. */
export interface Action {
  readonly atMs: number
  readonly kind: ActionKind
  readonly who: number
  readonly pick: number
  readonly forMs: number
}

type Operation = 'get' | 'getMany' | 'put' | 'delete' | 'clear' | 'tags' | 'change' | 'stampede'
type Fault =
  | 'kill'
  | 'restart'
  | 'leave'
  | 'join'
  | 'pause'
  | 'cut'
  | 'blackout'
  | 'stall'
  | 'drop'
  | 'delay'
  | 'slowConsumer'
  | 'sourceTrouble'
type ActionKind = Operation | Fault

/** What a schedule is made of. All of it follows from the seed, but parts can be left out to make a failure smaller. */
export interface Plan {
  readonly seed: number
  readonly peers: number
  readonly maxDelayMs: number
  readonly maxSkewMs: number
  readonly ttlMs: number
  readonly nearTtlMs: number
  readonly revisions: boolean
  readonly stopTogether: boolean
  readonly actions: readonly Action[]
}

const faultSets: readonly (readonly Fault[])[] = [
  [],
  ['join', 'leave'],
  ['join', 'leave', 'join', 'leave', 'delay'],
  ['pause'],
  ['cut', 'slowConsumer'],
  ['stall'],
  ['drop'],
  ['kill', 'join', 'restart'],
  ['blackout'],
  ['join', 'leave', 'pause', 'delay'],
  [
    'kill',
    'restart',
    'leave',
    'join',
    'pause',
    'cut',
    'blackout',
    'stall',
    'drop',
    'delay',
    'slowConsumer',
    'sourceTrouble',
  ],
]

const operations: readonly (readonly [Operation, number])[] = [
  ['get', 40],
  ['getMany', 10],
  ['put', 24],
  ['delete', 8],
  ['clear', 1],
  ['tags', 2],
  ['change', 6],
  ['stampede', 2],
]

/** Draws a plan. */
export function planOf(seed: number): Plan {
  const random = seededRandom(seed)
  const among = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!
  const faults = among(faultSets)
  const gapMs = among([20, 60, 150])
  const faultGapMs = among([700, 2_000, 4_000])
  const durationMs = among([3_000, 6_000, 10_000])
  const common = {
    seed,
    peers: among([2, 3, 3, 3, 4]),
    maxDelayMs: among([0, 3, 20, 80]),
    maxSkewMs: among([0, 0, 500]),
    ttlMs: among([60_000, 60_000, 3_000]),
    nearTtlMs: among([10_000, 500]),
    revisions: random() < 0.3,
    stopTogether: random() < 0.3,
  }
  const actions: Action[] = []
  for (let atMs = 0; atMs < durationMs; atMs += 1 + Math.floor(random() * 2 * gapMs)) {
    actions.push({ atMs, kind: weighted(random()), who: random(), pick: random(), forMs: 0 })
  }
  if (faults.length > 0) {
    for (
      let atMs = Math.floor(random() * faultGapMs);
      atMs < durationMs;
      atMs += 1 + Math.floor(random() * 2 * faultGapMs)
    ) {
      const forMs = Math.floor(among([100, 900, 1_500, 3_500, 8_000]) * (0.5 + random()))
      actions.push({ atMs, kind: among(faults), who: random(), pick: random(), forMs })
    }
  }
  return { ...common, actions: actions.toSorted((one, other) => one.atMs - other.atMs) }
}

function weighted(number: number): Operation {
  let left = number * operations.reduce((sum, [, weight]) => sum + weight, 0)
  for (const [operation, weight] of operations) {
    left -= weight
    if (left < 0) return operation
  }
  return 'get'
}
