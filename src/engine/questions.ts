import type { AskedAs, Clock } from '../ports/index.ts'
import type { Flight } from './flights.ts'
import type { ServedKeyspace } from './keyspaces.ts'

/** What is asked of peers in one call. */
export interface Question {
  readonly served: ServedKeyspace
  readonly as: AskedAs
  readonly peers: readonly string[]
  readonly flights: readonly Flight[]
}

/** What questions are gathered with. */
export interface QuestionsContext {
  readonly clock: Clock
  /** The most flights in one question. */
  readonly maxFlights: number
  readonly ask: (question: Question) => void
}

interface Open extends Question {
  readonly flights: Flight[]
  readonly maxFlights: number
}

/** What replies should be like: larger ones cost more a byte, because they pass through memory that is taken for them. */
const replyBytes = 64 * 1024
/** Bytes that an answer takes beside its value. */
const answerOverheadBytes = 32
/** How much of the mean the newest question makes. */
const newestShare = 0.2

/**
 * Gathers flights, whoever began them, into questions to peers: all that begin before the events that are waiting now
 * are handled go together. Loads are gathered by DataLoader; a promise for every key would be most of the cost here,
 * and nobody waits for it, because flights land by themselves.
 */
export class Questions {
  readonly #context: QuestionsContext
  readonly #open: Open[] = []
  /** Bytes of an answer, by what was answered lately. */
  readonly #meanBytes = new WeakMap<ServedKeyspace, number>()
  #isScheduled = false

  constructor(context: QuestionsContext) {
    this.#context = context
  }

  /** Sends a flight with the next question to these peers. */
  add(served: ServedKeyspace, as: AskedAs, peers: readonly string[], flight: Flight): void {
    const open = this.#find(served, as, peers)
    if (open === undefined)
      this.#open.push({ served, as, peers, flights: [flight], maxFlights: this.#maxFlights(served) })
    else open.flights.push(flight)
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#context.clock.setTimer(() => this.#askAll(), 0)
  }

  /** Notes how many bytes the values had that a question brought, so that later ones bring replies of a good size. */
  answered({ served, flights }: Question, valueBytes: number): void {
    const bytes = valueBytes / flights.length
    const before = this.#meanBytes.get(served) ?? bytes
    this.#meanBytes.set(served, before + newestShare * (bytes - before))
  }

  #maxFlights(served: ServedKeyspace): number {
    const bytes = answerOverheadBytes + (this.#meanBytes.get(served) ?? 0)
    return Math.max(1, Math.min(this.#context.maxFlights, Math.floor(replyBytes / bytes)))
  }

  #find(served: ServedKeyspace, as: AskedAs, peers: readonly string[]): Open | undefined {
    for (let index = this.#open.length - 1; index >= 0; index--) {
      const open = this.#open[index]!
      if (open.served !== served || open.as !== as || !sameTexts(open.peers, peers)) continue
      return open.flights.length < open.maxFlights ? open : undefined
    }
    return undefined
  }

  #askAll(): void {
    this.#isScheduled = false
    for (const question of this.#open.splice(0)) this.#context.ask(question)
  }
}

function sameTexts(some: readonly string[], others: readonly string[]): boolean {
  return some === others || (some.length === others.length && some.every((text, index) => text === others[index]))
}
