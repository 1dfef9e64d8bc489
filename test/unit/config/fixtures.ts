import { ConfigError, type ConfigProblem } from '../../../src/errors.ts'
import { type ResolveContext, type ResolvedConfig, resolveConfig } from '../../../src/config/resolve-config.ts'
import type { Source, StoreFactory } from '../../../src/ports/index.ts'

export const defaultStore: StoreFactory = () => {
  throw new Error('no store is made while a config is read')
}

export const context: ResolveContext = {
  heapLimitBytes: 4 * 2 ** 30,
  memoryBytes: 24 * 2 ** 30,
  hostname: 'web-1.example',
  processId: 4711,
  defaultStore,
}

export const source: Source = { name: 'answers', loadMany: () => Promise.resolve([]) }

export const writableSource: Source = {
  ...source,
  name: 'writable',
  storeMany: () => Promise.resolve([]),
  deleteMany: () => Promise.resolve([]),
}

/** Resolves what types would not allow. */
export function resolveAnything(config: unknown, changes: Partial<ResolveContext> = {}): ResolvedConfig {
  return resolveConfig(config as object, { ...context, ...changes })
}

/** The problems of a config that is wrong. */
export function problemsOf(config: unknown, changes: Partial<ResolveContext> = {}): readonly ConfigProblem[] {
  try {
    resolveAnything(config, changes)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}
