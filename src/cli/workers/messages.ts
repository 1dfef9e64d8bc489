/** The numbers of one process, as `/metrics` tells them. */
export type ProcessNumbers = readonly object[]

/** What a worker tells the process that started it. */
export type WorkerMessage =
  | { readonly fedcache: 'listening'; readonly url: string; readonly peerId: string }
  /** Asks for the numbers of all workers. */
  | { readonly fedcache: 'numbers wanted'; readonly question: number }
  /** Its own numbers, which it was asked for. */
  | { readonly fedcache: 'numbers'; readonly question: number; readonly numbers: ProcessNumbers }

/** What a worker is told. */
export type WorkerOrder =
  | { readonly fedcache: 'stop'; readonly signal: string }
  /** Asks for its own numbers. */
  | { readonly fedcache: 'tell numbers'; readonly question: number }
  /** The numbers of all workers, which it asked for. */
  | { readonly fedcache: 'all numbers'; readonly question: number; readonly all: readonly ProcessNumbers[] }

/** Set in a process that is a worker, to its number, from 1. */
export const workerVariable = 'FEDCACHE_WORKER'

/** Whether a message is one of these; Node.js and packages send others over the same channel. */
export function isOurs<Message extends WorkerMessage | WorkerOrder>(message: unknown): message is Message {
  return typeof message === 'object' && message !== null && 'fedcache' in message
}
