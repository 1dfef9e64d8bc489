import type { Source } from '../ports/index.ts'
import { checkRecord, hasMethods } from './checks.ts'
import { type Problems, pathOf } from './problems.ts'
import { didYouMean } from './suggestion.ts'

const namePattern = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/

const optionalMethods = ['storeMany', 'deleteMany', 'watch', 'start', 'close'] as const

/** Notes a name of a keyspace or source that is not made as names are. */
export function checkName(problems: Problems, path: string, name: string): void {
  if (namePattern.test(name)) return
  problems.add(path, 'must have a name made of a letter, then up to 63 letters, digits, "_", "." and "-"', name)
}

/** Reads the `sources` of a configuration. Wrong ones are noted and left out. */
export function resolveSources(problems: Problems, value: unknown): ReadonlyMap<string, Source> {
  const sources = new Map<string, Source>()
  for (const [name, candidate] of Object.entries(checkRecord(problems, 'sources', value))) {
    const path = pathOf('sources', name)
    checkName(problems, path, name)
    const source = checkSource(problems, path, candidate)
    if (source !== undefined) sources.set(name, source)
  }
  return sources
}

/** A source and the name under which clients see it. Both are `undefined` in a keyspace without a source. */
export interface NamedSource {
  readonly sourceName: string | undefined
  readonly source: Source | undefined
}

/** Reads the `source` of a keyspace: a source, or the name of one. */
export function resolveKeyspaceSource(
  problems: Problems,
  path: string,
  value: unknown,
  sources: { readonly named: ReadonlyMap<string, Source>; readonly names: readonly string[] },
): NamedSource {
  if (value === undefined) return { sourceName: undefined, source: undefined }
  if (typeof value === 'string') {
    // A source that is there but wrong has been noted already.
    if (!sources.names.includes(value)) {
      const known = sources.names.length === 0 ? 'there are none' : `which are ${sources.names.join(', ')}`
      const hint = didYouMean(value, sources.names)
      problems.add(path, `must name one of the config's sources, ${known}${hint === '' ? '' : `.${hint}`}`, value)
    }
    return { sourceName: value, source: sources.named.get(value) }
  }
  const source = checkSource(problems, path, value)
  const shared = [...sources.named].find(([, candidate]) => candidate === source)
  return { sourceName: shared?.[0] ?? source?.name, source }
}

function checkSource(problems: Problems, path: string, value: unknown): Source | undefined {
  const message = sourceProblem(value)
  if (message === undefined) return value as Source
  problems.add(path, message, value)
  return undefined
}

function sourceProblem(value: unknown): string | undefined {
  if (typeof value === 'function') return 'must be a source; wrap a function with functionSource'
  if (!hasMethods(value, ['loadMany'])) return 'must be a source: an object with a name and a method loadMany'
  const source = value as Source
  if (typeof source.name !== 'string' || source.name === '') return 'must be a source with a name'
  for (const method of optionalMethods) {
    const member: unknown = source[method]
    if (member !== undefined && typeof member !== 'function') return `must be a source whose ${method} is a method`
  }
  if ((source.storeMany === undefined) !== (source.deleteMany === undefined)) {
    return 'must be a source with both or none of storeMany and deleteMany'
  }
  return undefined
}
