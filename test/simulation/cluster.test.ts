import { describe, expect, test } from 'vitest'
import { planOf } from './plan.ts'
import { play } from './schedule.ts'

// Promises 1 to 6, over schedules of random operations and faults; see `schedule.ts`. What fails prints its seed:
// FEDCACHE_SEED=… npx vitest run test/simulation/cluster.test.ts plays it alone, with its log.

const { FEDCACHE_SEED: replayed, FEDCACHE_SCHEDULES: schedules = '2000' } = process.env
const perTest = 250

describe.runIf(replayed !== undefined)('the schedule', () => {
  test(`of seed ${replayed}`, { timeout: 60_000 }, async () => {
    const { problems } = await play(planOf(Number(replayed)), console.log)
    expect(problems).toEqual([])
  })
})

describe.runIf(replayed === undefined)('a cluster keeps its promises', () => {
  const starts = Array.from({ length: Math.ceil(Number(schedules) / perTest) }, (_, index) => 1 + index * perTest)
  test.each(starts)('in the schedules from seed %i on', { timeout: 300_000 }, async (start) => {
    const failed: { seed: number; problems: readonly string[] }[] = []
    let reads = 0
    for (let seed = start; seed < Math.min(start + perTest, Number(schedules) + 1); seed++) {
      const outcome = await play(planOf(seed))
      reads += outcome.reads
      if (outcome.problems.length > 0) failed.push({ seed, problems: outcome.problems.slice(0, 3) })
      if (failed.length === 3) break
    }
    expect(failed, 'replay with FEDCACHE_SEED').toEqual([])
    expect(reads).toBeGreaterThan(0)
  })
})
