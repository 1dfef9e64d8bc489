import type { KeyspaceDefinition } from '../engine/policy.ts'
import type { ConfigProblem } from '../errors.ts'
import { checkBoolean, checkFields, checkOneOf, checkWholeNumber } from './checks.ts'
import type { SubgraphConfig, SubgraphPart } from './config.ts'
import { processDefaults } from './defaults.ts'
import type { Problems } from './problems.ts'

/** The parts of `subgraph.expose`. */
const subgraphParts: readonly SubgraphPart[] = ['types', 'entries', 'admin']

const fieldNames: readonly (keyof SubgraphConfig)[] = ['expose', 'typeDefs', 'cacheTags', 'maxRepresentations']

/** What a configuration says about the subgraph, checked. */
export interface ResolvedSubgraph {
  /** `undefined` where the config does not say. */
  readonly expose: readonly SubgraphPart[] | undefined
  /** The SDL of typed keyspaces; empty where there are none. */
  readonly typeDefs: readonly string[]
  readonly cacheTags: boolean
  readonly maxRepresentations: number
}

/** Finds what is wrong with the SDL of typed keyspaces. */
export type CheckTypes = (
  typeDefs: readonly string[],
  keyspaces: readonly KeyspaceDefinition[],
) => readonly ConfigProblem[]

/** Reads the `subgraph` of a configuration. */
export function resolveSubgraph(
  problems: Problems,
  value: unknown,
  keyspaces: readonly KeyspaceDefinition[],
  checkTypes: CheckTypes,
): ResolvedSubgraph {
  const fields = checkFields(problems, 'subgraph', value, fieldNames)
  const typeDefs = resolveTypeDefs(problems, fields['typeDefs'])
  for (const problem of checkTypes(typeDefs, keyspaces)) problems.include(problem)
  return {
    expose: resolveExpose(problems, fields['expose']),
    typeDefs,
    cacheTags: checkBoolean(problems, 'subgraph.cacheTags', fields['cacheTags'], false),
    maxRepresentations: checkWholeNumber(problems, 'subgraph.maxRepresentations', fields['maxRepresentations'], {
      min: 1,
      max: 1_000_000,
      fallback: processDefaults.maxRepresentations,
    }),
  }
}

function resolveTypeDefs(problems: Problems, value: unknown): readonly string[] {
  if (value === undefined) return []
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (texts.every((text) => typeof text === 'string')) return texts
  problems.add('subgraph.typeDefs', 'must be GraphQL SDL, or a list of it', value)
  return []
}

function resolveExpose(problems: Problems, expose: unknown): readonly SubgraphPart[] | undefined {
  if (expose === undefined) return undefined
  if (!Array.isArray(expose)) {
    problems.add('subgraph.expose', "must be a list of 'types', 'entries' and 'admin'", expose)
    return undefined
  }
  const parts = expose.map((part: unknown, index) =>
    checkOneOf(problems, `subgraph.expose[${index}]`, part, subgraphParts, undefined),
  )
  return parts.filter((part) => part !== undefined)
}
