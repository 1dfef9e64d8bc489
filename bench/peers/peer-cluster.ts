import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'
import type { PeerAnswer, PeerOrder } from './orders.ts'

/** A process that takes orders. */
export class PeerProcess {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #reader: Interface

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, [...args], { stdio: ['pipe', 'pipe', 'inherit'] })
    process.once('exit', () => this.#child.kill('SIGKILL'))
    this.#reader = createInterface({ input: this.#child.stdout! })
    this.#lines = this.#reader[Symbol.asyncIterator]()
  }

  /** Carries out an order. Rejects where that failed. */
  async order(order: PeerOrder): Promise<PeerAnswer> {
    this.#child.stdin!.write(`${JSON.stringify(order)}\n`)
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error('a process of the cluster has ended')
    const answer = JSON.parse(value) as PeerAnswer
    if (answer.error !== undefined && answer.error !== '') throw new Error(answer.error)
    return answer
  }

  end(): void {
    this.#reader.close()
    this.#child.kill('SIGKILL')
  }
}

/** How many cold keys are read: batches of as many as a query has, in rounds. */
export interface ColdKeys {
  readonly batches: number
  readonly rounds: number
}

/** A cluster of three processes of one kind; the first reads, and keeps nothing of what others own. */
export interface PeerCluster {
  readonly name: string
  readonly processes: readonly PeerProcess[]
  readonly cold: ColdKeys
  /** CPU seconds of what the processes need beside themselves, so far. */
  otherCpuSeconds(): number
}

/** Sums of what the processes answered. */
export interface PeerSums {
  readonly keys: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly loads: number
  readonly calls: number
}

/** Gives each process its order at once, and adds up what came of them. */
export async function together(
  { processes, otherCpuSeconds }: PeerCluster,
  orders: readonly PeerOrder[],
): Promise<PeerSums> {
  const before = await Promise.all(processes.map((one) => one.order({ do: 'cpu' })))
  const othersBefore = otherCpuSeconds()
  const startedAtMs = performance.now()
  const answers = await Promise.all(orders.map((order, index) => processes[index]!.order(order)))
  const seconds = (performance.now() - startedAtMs) / 1000
  const after = await Promise.all(processes.map((one) => one.order({ do: 'cpu' })))
  const sum = (read: (answer: PeerAnswer) => number, list: readonly PeerAnswer[]): number =>
    list.reduce((total, answer) => total + read(answer), 0)
  const counted = [...answers, ...after]
  return {
    keys: sum(({ keys }) => keys, answers),
    seconds,
    cpuSeconds:
      sum(({ cpuSeconds }) => cpuSeconds, after) -
      sum(({ cpuSeconds }) => cpuSeconds, before) +
      otherCpuSeconds() -
      othersBefore,
    loads: sum(({ loads }) => loads, counted),
    calls: sum(({ calls, loads }) => calls ?? loads, counted),
  }
}
