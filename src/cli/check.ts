import { getHeapStatistics } from 'node:v8'
import { formatDuration, formatSize } from '../config/units.ts'
import type { ResolvedConfig } from '../config/resolve-config.ts'
import { resolvedConfig } from '../server.ts'
import type { Flags } from './command-line.ts'
import { configuration, type Environment } from './configuration.ts'
import { heapRoomNeeded } from './heap-room.ts'

/**
 * Checks a configuration and says what it would serve.
 *
 * @throws ConfigError with everything that is wrong with it.
 */
export async function check(flags: Flags, environment: Environment): Promise<string> {
  const { config, file, origins, problems } = await configuration(flags, environment)
  const heapLimitBytes = getHeapStatistics().heap_size_limit
  const oldSpaceMebibytes = heapRoomNeeded(config, {
    heapLimitBytes,
    nodeFlags: process.execArgv,
    environment,
  })
  const isEnough = oldSpaceMebibytes === undefined
  const heapOfOne = { origins, problems, heapLimitBytes: isEnough ? heapLimitBytes : Infinity }
  const isShared = typeof config.workers === 'number' && config.workers > 1
  const resolved = resolvedConfig(config, isShared ? { origins, problems, heapLimitBytes: Infinity } : heapOfOne)
  const { workers: count } = resolved
  const one = isShared ? resolvedConfig(config, { ...heapOfOne, worker: { number: 1, count } }) : resolved
  const heap = isEnough ? '' : `, for which serve starts Node.js with --max-old-space-size=${oldSpaceMebibytes}`
  return [
    `The configuration is right: ${file ?? 'no file'}\n`,
    row('listens on', `${resolved.host}, port ${resolved.port === 0 ? 'any free one' : resolved.port}`),
    row('memory', `at most ${formatSize(resolved.memoryLimit)}${heap}`),
    row('peer', peerOf(resolved)),
    ...(isShared ? [row('workers', `${count}, each a peer with ${formatSize(one.memoryLimit)} of it`)] : []),
    row('sources', [...resolved.sources.keys()].join(', ') || 'none with a name of their own'),
    '',
    ...keyspacesOf(resolved),
  ]
    .join('\n')
    .concat('\n')
}

function peerOf({ cluster }: ResolvedConfig): string {
  const isAlone = cluster.nats.length === 0 && cluster.discovery === undefined
  return `${cluster.peerId}, ${isAlone ? 'alone' : `in the cluster ${cluster.name}`}`
}

function keyspacesOf({ keyspaces }: ResolvedConfig): readonly string[] {
  if (keyspaces.length === 0) return ['No keyspaces. They can be made while it runs, or written as keyspaces: { … }.']
  return keyspaces.map(({ name, source, sourceName, policy }) => {
    const { ttlMs, negativeTtlMs } = policy
    const isWritable = source?.storeMany !== undefined
    return [
      `keyspace ${name}`,
      row(
        'source',
        source === undefined ? 'none: entries are put' : `${sourceName}, ${isWritable ? 'writable' : 'read only'}`,
      ),
      row(
        'values',
        `${policy.format}, each at most ${formatSize(policy.maxValueBytes)}, together ${formatSize(policy.maxBytes)}`,
      ),
      row('lifetime', `${lifetime(ttlMs)}, not-found answers ${lifetime(negativeTtlMs)}`),
      row('stale', staleOf(policy)),
      row('loads', `at most ${policy.maxBatchSize} keys a call; reads wait ${formatDuration(policy.readTimeoutMs)}`),
      '',
    ].join('\n')
  })
}

function staleOf({ staleWhileRevalidateMs, staleIfErrorMs }: ResolvedConfig['defaultPolicy']): string {
  const times = [
    [staleWhileRevalidateMs, 'while it is loaded anew'],
    [staleIfErrorMs, 'when loading fails'],
  ] as const
  const served = times.filter(([durationMs]) => durationMs > 0)
  return served.map(([durationMs, when]) => `${formatDuration(durationMs)} ${when}`).join(', ') || 'never served'
}

function lifetime(durationMs: number): string {
  return durationMs === Infinity ? 'forever' : formatDuration(durationMs)
}

function row(name: string, value: string): string {
  return `  ${name.padEnd(11)} ${value}`
}
