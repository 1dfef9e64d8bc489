import { describe, expect, it } from 'vitest'
import {
  heapRoomNeeded,
  type RestartedProcess,
  restartedVariable,
  restartWithHeap,
} from '../../../src/cli/heap-room.ts'

const gigabyte = 2 ** 30
const situation = { heapLimitBytes: 2 * gigabyte, nodeFlags: [], environment: {} }

describe('the room that the heap needs', () => {
  it('is asked for where the heap is too small', () => {
    expect(heapRoomNeeded({ memoryLimit: '2gb' }, situation)).toBe(3200)
    expect(heapRoomNeeded({ memoryLimit: 2 * gigabyte }, situation)).toBe(3200)
    expect(heapRoomNeeded({ memoryLimit: '8gb', workers: 4 }, situation)).toBe(3200)
  })

  it.each([
    ['there is room', '1gb', {}],
    ['there is just enough', '1gb', { heapLimitBytes: (1536 + 128) * 2 ** 20 }],
    ['no limit is configured', undefined, {}],
    ['the limit is nonsense, which the check tells', '2 gb', {}],
    ['it was started anew already', '2gb', { environment: { [restartedVariable]: '1' } }],
    ['Node.js was told', '2gb', { nodeFlags: ['--enable-source-maps', '--max-old-space-size=100'] }],
    ['Node.js was told with underscores', '2gb', { nodeFlags: ['--max_old_space_size=100'] }],
    ['Node.js was told a share', '2gb', { nodeFlags: ['--max-old-space-size-percentage=50'] }],
    ['Node.js was told the whole heap', '2gb', { nodeFlags: ['--max-heap-size=100'] }],
  ] as const)('is not asked for where %s', (_why, memoryLimit, changes) => {
    expect(heapRoomNeeded({ memoryLimit }, { ...situation, ...changes })).toBeUndefined()
  })

  it('is not asked for where each worker has room for its part', () => {
    expect(heapRoomNeeded({ memoryLimit: '4gb', workers: 4 }, situation)).toBeUndefined()
  })
})

/** This process, as something that can be started anew and tells its exit code. */
function startable(script: string, ended: (code: number) => void): RestartedProcess {
  return {
    argv: ['node', '-e', script],
    env: { PATH: '' },
    execArgv: ['--no-warnings'],
    execPath: process.execPath,
    // As on Windows.
    execve: undefined,
    exit: (code: number) => ended(code),
    kill: process.kill,
    on: process.on,
    pid: process.pid,
  } as unknown as RestartedProcess
}

describe('starting anew', () => {
  it('takes the place of the process where the system can do that', () => {
    const calls: unknown[] = []
    const execve = (file: string, args: readonly string[], environment: object): never => {
      calls.push([file, args, environment])
      throw new Error('nothing is left of the process')
    }
    const current = { ...startable('', () => {}), execve, argv: ['node', 'cli.js', 'serve'] } as RestartedProcess
    expect(() => restartWithHeap(3200, current)).toThrow('nothing is left of the process')
    expect(calls).toEqual([
      [
        process.execPath,
        [process.execPath, '--max-old-space-size=3200', '--no-warnings', 'cli.js', 'serve'],
        { PATH: '', [restartedVariable]: '1' },
      ],
    ])
  })

  it.each([
    ['process.exit(7)', 7],
    [`process.exit(process.env.${restartedVariable} === '1' ? 0 : 1)`, 0],
    ['process.exit(v8.getHeapStatistics().heap_size_limit >= 3200 * 2 ** 20 ? 3 : 1)', 3],
    ['process.kill(process.pid, "SIGKILL")', 1],
  ])('otherwise waits for a child, and ends as that does: %s', async (script, expected) => {
    const exitCode = await new Promise<number>((resolve, reject) => {
      restartWithHeap(3200, startable(script, resolve)).catch(reject)
    })
    expect(exitCode).toBe(expected)
  })

  it('passes signals on to the child', async () => {
    const handlers = new Map<string, () => void>()
    const exitCode = await new Promise<number>((resolve, reject) => {
      const current = {
        ...startable('process.on("SIGTERM", () => process.exit(5)); setTimeout(() => process.exit(9), 5000)', resolve),
        on: (signal: string, handler: () => void) => handlers.set(signal, handler),
      } as unknown as RestartedProcess
      restartWithHeap(3200, current).catch(reject)
      expect([...handlers.keys()]).toEqual(['SIGTERM', 'SIGHUP', 'SIGINT'])
      handlers.get('SIGINT')?.()
      const again = setInterval(() => handlers.get('SIGTERM')?.(), 50)
      again.unref()
    })
    expect([1, 5]).toContain(exitCode)
  })

  it('fails where no child can be started', async () => {
    const current = { ...startable('', () => {}), execPath: '/nowhere/node' } as RestartedProcess
    await expect(restartWithHeap(3200, current)).rejects.toThrow('ENOENT')
  })
})
