import { planOf } from './plan.ts'
import { play } from './schedule.ts'

// node test/simulation/run-schedules.ts FROM COUNT [--first], or with one number to replay a seed with its log. With
// --first it ends with the first failure.
const [from = 1, count] = process.argv.slice(2, 4).map(Number)
const endsWithFirst = process.argv.includes('--first')
if (count === undefined) {
  const plan = planOf(from)
  const { problems, events } = await play(plan, (line) => console.log(line))
  console.log(JSON.stringify({ ...plan, actions: plan.actions.length }), events, 'events')
  for (const problem of problems) console.log('PROBLEM', problem)
} else {
  const startedAt = performance.now()
  let failed = 0
  let reads = 0
  const kinds = new Map<string, number[]>()
  for (let seed = from; seed < from + count; seed++) {
    const outcome = await play(planOf(seed))
    reads += outcome.reads
    if (outcome.problems.length === 0) continue
    failed++
    if (endsWithFirst) {
      console.log(`FAILED ${seed} after ${seed - from + 1}: ${outcome.problems[0]}`)
      process.exit(1)
    }
    const kind = outcome.problems[0]!.replaceAll(/[0-9]+/g, '#').slice(0, 60)
    const seeds = kinds.get(kind)
    if (seeds === undefined) kinds.set(kind, [seed])
    else seeds.push(seed)
    if ((seeds?.length ?? 0) < 2)
      console.log(seed, outcome.problems.length, outcome.problems.slice(0, 3).join('\n      '))
  }
  const seconds = (performance.now() - startedAt) / 1000
  console.log(`${count} schedules, ${failed} failed, ${reads} reads, ${(count / seconds).toFixed(1)} a second`)
  for (const [kind, seeds] of [...kinds].toSorted((one, other) => other[1].length - one[1].length)) {
    console.log(seeds.length, kind, seeds.slice(0, 8).join())
  }
}
