import cluster from 'node:cluster'
import { isOurs, type ProcessNumbers, type WorkerMessage, type WorkerOrder } from './messages.ts'

/** A worker's channel to the process that started it, and over that to the other workers. */
export class WorkerChannel {
  readonly worker: string
  /** Called when this worker is to stop. */
  onStop: (reason: string) => void = () => {}
  #numbers: () => Promise<ProcessNumbers> = async () => []
  readonly #waiting = new Map<number, (all: readonly ProcessNumbers[]) => void>()
  #questions = 0

  /** @param number of this worker, from 1. */
  constructor(number: number) {
    this.worker = String(number)
    process.on('message', (message) => {
      if (isOurs<WorkerOrder>(message)) this.#handle(message)
    })
    cluster.worker?.once('disconnect', () => {
      // Node.js would end a worker at once whose primary is gone; what it holds is handed over first.
      if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true
      this.onStop('the process that started it has ended')
    })
  }

  /** Tells the process that started this one. Nobody hears it once that has ended. */
  tell(message: WorkerMessage): void {
    if (process.connected) process.send?.(message)
  }

  /** What is called whenever the numbers of this process are wanted. */
  answerWith(numbers: () => Promise<ProcessNumbers>): void {
    this.#numbers = numbers
  }

  /** The numbers of all workers that answer in time; of this one, where the process that started it has ended. */
  numbers(): Promise<readonly ProcessNumbers[]> {
    if (!process.connected) return this.#numbers().then((own) => [own])
    const question = ++this.#questions
    return new Promise((resolve) => {
      this.#waiting.set(question, resolve)
      this.tell({ fedcache: 'numbers wanted', question })
    })
  }

  #handle(order: WorkerOrder): void {
    switch (order.fedcache) {
      case 'stop':
        this.onStop(order.signal)
        break
      case 'tell numbers':
        void this.#numbers().then((numbers) => this.tell({ fedcache: 'numbers', question: order.question, numbers }))
        break
      case 'all numbers':
        this.#waiting.get(order.question)?.(order.all)
        this.#waiting.delete(order.question)
        break
    }
  }
}
