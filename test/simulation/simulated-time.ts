import type { Clock, Timer } from '../../src/ports/index.ts'

interface Event {
  readonly dueMs: number
  readonly order: number
  callback: (() => void) | undefined
}

/** The most events at one moment; with more, something goes round in circles. */
const maxAtOnce = 20_000

/** The time of a simulated world. It passes from event to event, as fast as they can be handled. */
export class SimulatedTime {
  /** Milliseconds since the world began. */
  nowMs = 0
  /** Events handled so far. */
  events = 0
  readonly #heap: Event[] = []
  #order = 0
  #atOnce = 0

  /** Calls back at a time; returns what cancels it. */
  at(dueMs: number, callback: () => void): () => void {
    const event: Event = { dueMs: Math.max(dueMs, this.nowMs), order: this.#order++, callback }
    push(this.#heap, event)
    return () => (event.callback = undefined)
  }

  /** Lets time pass until a moment. Promise callbacks run between events, as between the timers of a real process. */
  async runUntil(endMs: number): Promise<void> {
    await quiet()
    while (true) {
      const event = this.#heap[0]
      if (event === undefined || event.dueMs > endMs) break
      pop(this.#heap)
      if (event.callback === undefined) continue
      this.#atOnce = event.dueMs === this.nowMs ? this.#atOnce + 1 : 0
      if (this.#atOnce > maxAtOnce) throw new Error(`time stands still at ${this.nowMs} ms`)
      this.nowMs = event.dueMs
      this.events++
      event.callback()
      await quiet()
    }
    this.nowMs = endMs
  }
}

/** Resolves when every promise callback has run that needs no time to pass. */
function quiet(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}

/**
 * The clock of one simulated process. While the process is paused its timers wait, and fire all at once when it goes
 * on, as after SIGCONT. When it is killed they never fire.
 */
export class ProcessClock implements Clock {
  readonly #time: SimulatedTime
  readonly #wallStartMs: number
  #paused = false
  #pausedAtMs = 0
  #killed = false
  #late: (() => void)[] = []
  readonly #set = new Set<() => void>()

  constructor(time: SimulatedTime, wallSkewMs: number) {
    this.#time = time
    this.#wallStartMs = Date.UTC(2026, 0, 1) + wallSkewMs
  }

  now(): number {
    return this.#wallStartMs + this.#time.nowMs
  }

  monotonic(): number {
    return 1_000 + this.#time.nowMs
  }

  wallOffsetMs(): number {
    return this.#wallStartMs - 1_000
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#set.size
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const fire = (): void => {
      if (this.#killed || !this.#set.has(fire)) return
      if (this.#paused) return void this.#late.push(fire)
      this.#set.delete(fire)
      callback()
    }
    this.#set.add(fire)
    const cancel = this.#time.at(this.#time.nowMs + Math.max(0, delayMs), fire)
    return {
      cancel: () => {
        this.#set.delete(fire)
        cancel()
      },
    }
  }

  pause(): void {
    this.#paused = true
    this.#pausedAtMs = this.#time.nowMs
  }

  /** @returns for how many milliseconds it was paused. */
  resume(): number {
    this.#paused = false
    for (const fire of this.#late.splice(0)) this.#time.at(this.#time.nowMs, fire)
    return this.#time.nowMs - this.#pausedAtMs
  }

  kill(): void {
    this.#killed = true
  }
}

function before(one: Event, other: Event): boolean {
  return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.order < other.order)
}

function push(heap: Event[], event: Event): void {
  let index = heap.length
  heap.push(event)
  while (index > 0) {
    const parent = (index - 1) >> 1
    if (!before(event, heap[parent]!)) break
    heap[index] = heap[parent]!
    index = parent
  }
  heap[index] = event
}

function pop(heap: Event[]): void {
  const last = heap.pop()!
  if (heap.length === 0) return
  let index = 0
  while (true) {
    let child = 2 * index + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
    if (!before(heap[child]!, last)) break
    heap[index] = heap[child]!
    index = child
  }
  heap[index] = last
}
