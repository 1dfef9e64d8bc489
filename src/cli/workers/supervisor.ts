import cluster, { type Worker } from 'node:cluster'
import type { FedcacheProcess } from '../../server.ts'
import { isOurs, type ProcessNumbers, type WorkerMessage, type WorkerOrder, workerVariable } from './messages.ts'

/** How workers are started. */
export interface SupervisorOptions {
  readonly count: number
  readonly logger: FedcacheProcess['logger']
  /** Of the command line. */
  readonly args: readonly string[]
  readonly nodeFlags: readonly string[]
}

/** What the workers say when all of them listen. */
export interface Started {
  readonly url: string
  readonly peerIds: readonly string[]
}

/** One of the workers, through all the processes that it has been. */
interface Place {
  readonly number: number
  process: Worker | undefined
  peerId: string | undefined
  url: string | undefined
  startedAtMs: number
  /** Ends in a row, each soon after it was started. */
  failures: number
}

interface Question {
  readonly asker: Worker
  readonly theirNumber: number
  readonly all: ProcessNumbers[]
  readonly asked: Set<Worker>
  readonly timeout: NodeJS.Timeout
}

// A worker that has run this long was not ended by how it starts.
const steadyMs = 30_000
const shortestPauseMs = 100
const longestPauseMs = 10_000
/** A worker that is busy for longer is left out of what `/metrics` tells. */
const numbersTimeoutMs = 2000

/** Starts processes behind one port, starts those anew that end, and stops them all. */
export class Supervisor {
  readonly logger: FedcacheProcess['logger']
  stage = 'starting'
  readonly #options: SupervisorOptions
  readonly #places: readonly Place[]
  readonly #questions = new Map<number, Question>()
  #lastQuestion = 0
  #onAllListen: (started: Started | undefined) => void = () => {}
  #onFailure: (error: Error) => void = () => {}
  #onAllEnded: () => void = () => {}
  #unclean: string[] = []

  constructor(options: SupervisorOptions) {
    this.logger = options.logger
    this.#options = options
    this.#places = Array.from({ length: options.count }, (_, index) => ({
      number: index + 1,
      process: undefined,
      peerId: undefined,
      url: undefined,
      startedAtMs: 0,
      failures: 0,
    }))
    // Whatever has not stopped by then does not outlive this process.
    process.once('exit', () => {
      if (this.stage === 'stopping') for (const { process: worker } of this.#places) worker?.process.kill('SIGKILL')
    })
  }

  /**
   * Starts all.
   *
   * @returns once all listen; `undefined` where they were stopped before. Rejects when one of them ends before.
   */
  start(): Promise<Started | undefined> {
    const { args, nodeFlags } = this.#options
    cluster.setupPrimary({ args: [...args], execArgv: [...nodeFlags] })
    return new Promise((resolve, reject) => {
      this.#onAllListen = resolve
      this.#onFailure = (error) => {
        const fail = (): void => reject(error)
        this.#stopAll().then(fail, fail)
      }
      for (const place of this.#places) this.#fork(place)
    })
  }

  /** Tells all to finish what they have begun. Rejects, when all have ended, where one did not end in order. */
  stop(): Promise<void> {
    this.#onAllListen(undefined)
    return this.#stopAll()
  }

  async #stopAll(): Promise<void> {
    this.stage = 'stopping'
    const ended = new Promise<void>((resolve) => (this.#onAllEnded = resolve))
    for (const { process: worker, url } of this.#places) {
      // One that has not got as far as to listen may not hear what it is told.
      if (url === undefined) worker?.process.kill('SIGTERM')
      else if (worker !== undefined) order(worker, { fedcache: 'stop', signal: 'SIGTERM' })
    }
    this.#checkEnded()
    await ended
    if (this.#unclean.length > 0) throw new Error(`not all workers ended in order: ${this.#unclean.join(', ')}`)
  }

  #fork(place: Place): void {
    const worker = cluster.fork({ [workerVariable]: place.number })
    place.process = worker
    place.startedAtMs = performance.now()
    worker.on('message', (message: unknown) => {
      if (isOurs<WorkerMessage>(message)) this.#hear(place, worker, message)
    })
    worker.once('exit', (code, signal) => this.#ended(place, worker, code, signal))
  }

  #hear(place: Place, worker: Worker, message: WorkerMessage): void {
    switch (message.fedcache) {
      case 'listening':
        return this.#listens(place, message.url, message.peerId)
      case 'numbers wanted':
        return this.#ask(worker, message.question)
      case 'numbers':
        return this.#answered(message.question, worker, message.numbers)
    }
  }

  #listens(place: Place, url: string, peerId: string): void {
    place.url = url
    place.peerId = peerId
    if (this.stage !== 'starting' || this.#places.some((other) => other.url === undefined)) return
    this.stage = 'serving'
    this.#onAllListen({ url, peerIds: this.#places.map((each) => each.peerId ?? '') })
  }

  #ended(place: Place, worker: Worker, code: number | null, signal: string | null): void {
    place.process = undefined
    const wasListening = place.url !== undefined
    place.url = undefined
    for (const [number, { asked }] of this.#questions) if (asked.has(worker)) this.#answered(number, worker, undefined)
    const ending = signal ?? `exit code ${code}`
    if (this.stage === 'stopping') {
      if (code !== 0 && (wasListening || signal !== 'SIGTERM')) this.#unclean.push(`${place.number} (${ending})`)
      return this.#checkEnded()
    }
    if (this.stage === 'starting') {
      return this.#onFailure(new Error(`worker ${place.number} ended before it listened, with ${ending}`))
    }
    const isSteady = performance.now() - place.startedAtMs >= steadyMs
    place.failures = isSteady ? 1 : place.failures + 1
    const pauseMs = Math.min(longestPauseMs, shortestPauseMs * 2 ** (place.failures - 1))
    const { number, peerId } = place
    this.logger.warn(
      { worker: number, peerId, pid: worker.process.pid, ending, pauseMs },
      'worker ended, starting anew',
    )
    setTimeout(() => {
      if (this.stage === 'serving') this.#fork(place)
    }, pauseMs)
  }

  #checkEnded(): void {
    if (this.#places.every((place) => place.process === undefined)) this.#onAllEnded()
  }

  /** Asks all that listen for their numbers, on behalf of one. */
  #ask(asker: Worker, theirNumber: number): void {
    const number = ++this.#lastQuestion
    const listening = this.#places.filter(({ url }) => url !== undefined).map((place) => place.process)
    const asked = new Set(listening.filter((worker) => worker !== undefined))
    const timeout = setTimeout(() => this.#tell(number), numbersTimeoutMs)
    this.#questions.set(number, { asker, theirNumber, all: [], asked, timeout })
    for (const worker of asked) order(worker, { fedcache: 'tell numbers', question: number })
    if (asked.size === 0) this.#tell(number)
  }

  #answered(number: number, worker: Worker, numbers: ProcessNumbers | undefined): void {
    const question = this.#questions.get(number)
    if (question?.asked.delete(worker) !== true) return
    if (numbers !== undefined) question.all.push(numbers)
    if (question.asked.size === 0) this.#tell(number)
  }

  #tell(number: number): void {
    const question = this.#questions.get(number)
    if (question === undefined) return
    clearTimeout(question.timeout)
    this.#questions.delete(number)
    const { asker, theirNumber, all } = question
    order(asker, { fedcache: 'all numbers', question: theirNumber, all })
  }
}

/** Nobody is told who has gone. */
function order(worker: Worker, message: WorkerOrder): void {
  if (worker.isConnected()) worker.send(message, () => {})
}
