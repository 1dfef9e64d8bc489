import { spawn } from 'node:child_process'
import type { Config } from '../config/config.ts'
import { heapBytesFor, oldSpaceMebibytesFor } from '../config/memory.ts'
import { parseSize } from '../config/units.ts'

/** What decides how large the heap of a process is. */
export interface HeapSituation {
  readonly heapLimitBytes: number
  /** Flags that Node.js was started with. */
  readonly nodeFlags: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Set in a process that was started anew for its heap, so that it is not started anew for ever. */
export const restartedVariable = 'FEDCACHE_RESTARTED_FOR_HEAP'

const heapFlag = /^--max[-_](old[-_]space|heap)[-_]size/

/**
 * The `--max-old-space-size`, in mebibytes, that the process must be started anew with, because its heap is too small
 * for the configuration's `memoryLimit`, or each of its workers for an equal part of it.
 *
 * @returns `undefined` where the heap has the room, no limit is configured, the process was started anew already, or
 * whoever started Node.js set the size of its heap by a flag; what is too small then is for the check to say.
 */
export function heapRoomNeeded(
  { memoryLimit, workers }: Pick<Config, 'memoryLimit' | 'workers'>,
  situation: HeapSituation,
): number | undefined {
  const memoryLimitBytes = Math.ceil((parseSize(memoryLimit) ?? NaN) / (workers ?? 1))
  if (Number.isNaN(memoryLimitBytes) || heapBytesFor(memoryLimitBytes) <= situation.heapLimitBytes) return undefined
  if (situation.environment[restartedVariable] !== undefined) return undefined
  return situation.nodeFlags.some((flag) => heapFlag.test(flag)) ? undefined : oldSpaceMebibytesFor(memoryLimitBytes)
}

/** A process as far as starting it anew goes. */
export type RestartedProcess = Pick<
  NodeJS.Process,
  'argv' | 'env' | 'execArgv' | 'execPath' | 'execve' | 'exit' | 'kill' | 'on' | 'pid'
>

/**
 * Starts the process anew with a larger heap and the same arguments: in its own place where the system can do that,
 * otherwise as a child that gets its signals and decides its exit code. It never returns to the caller.
 */
export function restartWithHeap(oldSpaceMebibytes: number, current: RestartedProcess): Promise<never> {
  const args = [`--max-old-space-size=${oldSpaceMebibytes}`, ...current.execArgv, ...current.argv.slice(1)]
  const environment = { ...current.env, [restartedVariable]: '1' }
  // Keeps the process id and the signals that a supervisor sends to it.
  current.execve?.(current.execPath, [current.execPath, ...args], environment)
  const child = spawn(current.execPath, args, { stdio: 'inherit', env: environment })
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) current.on(signal, () => child.kill(signal))
  // A terminal sends it to the child as well, and a second one would cut its work off.
  current.on('SIGINT', () => {})
  return new Promise((_resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (signal === null) current.exit(code ?? 1)
      else current.exit(1)
    })
  })
}
