import { expect } from 'vitest'
import { ConfigError } from '../../src/errors.ts'
import type { LoadContext, LoadResult, Source } from '../../src/ports/index.ts'

/** A context that nobody aborts, or that `signal` does. */
export function loadContext(signal: AbortSignal = new AbortController().signal): LoadContext {
  return { keyspace: 'test', signal }
}

/** Loads keys from a source that answers in a list. */
export async function loadAll(
  source: Source,
  keys: readonly string[],
  context: LoadContext = loadContext(),
): Promise<readonly LoadResult[]> {
  const answers = await source.loadMany(keys, context)
  expect(Array.isArray(answers)).toBe(true)
  return answers as readonly LoadResult[]
}

/** The paths of what is wrong with options, after `factory.`; empty when nothing is. */
export function problemsOf(make: () => unknown): readonly string[] {
  try {
    make()
    return []
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as ConfigError).problems.map(({ path }) => path.slice(path.indexOf('.') + 1))
  }
}

/** A promise with its handles outside. */
export function deferred<Value = void>(): {
  readonly promise: Promise<Value>
  readonly resolve: (value: Value) => void
} {
  const { promise, resolve } = Promise.withResolvers<Value>()
  return { promise, resolve }
}
