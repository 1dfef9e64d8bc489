import {
  type DefinitionNode,
  type DocumentNode,
  Kind,
  isTypeDefinitionNode,
  isTypeExtensionNode,
  specifiedDirectives,
  specifiedScalarTypes,
} from 'graphql'
import { federationDirectives, linksFederation } from './federation-link.ts'
import { typeDefinitions } from './type-definitions.ts'

const rootTypes: ReadonlySet<string> = new Set(['Query', 'Mutation', 'Subscription'])
const ownDirectives: ReadonlySet<string> = new Set([
  'keyspace',
  'entry',
  'link',
  ...federationDirectives,
  ...specifiedDirectives.map(({ name }) => name),
])
/** Names of types that GraphQL and federation keep for themselves. */
export const reservedName: RegExp = /^(_Any|_Entity|_Service|__.*|(federation|link)__.*)$/

function ownTypes(): ReadonlySet<string> {
  const names = typeDefinitions().definitions.flatMap((node) => (isTypeDefinitionNode(node) ? [node.name.value] : []))
  return new Set([...names, ...specifiedScalarTypes.map(({ name }) => name)])
}

function clashOf(node: DefinitionNode, taken: ReadonlySet<string>): string | undefined {
  switch (node.kind) {
    case Kind.OPERATION_DEFINITION:
    case Kind.FRAGMENT_DEFINITION:
      return 'holds an operation; it takes type definitions only'
    case Kind.SCHEMA_DEFINITION:
      return 'defines a schema; fedcache does that. Take `schema { … }` out'
    case Kind.SCHEMA_EXTENSION:
      if ((node.operationTypes ?? []).length > 0) return 'names root types; fedcache does that'
      return linksFederation(node)
        ? 'links the specification of federation; fedcache does that, with what is used of it'
        : undefined
    case Kind.DIRECTIVE_DEFINITION: {
      const name = node.name.value
      return ownDirectives.has(name) ? `@${name} is defined by fedcache; take the definition out` : undefined
    }
    default:
      if (!isTypeDefinitionNode(node) && !isTypeExtensionNode(node)) return undefined
  }
  const name = node.name.value
  if (rootTypes.has(name)) {
    return `${name} is fedcache's; root fields come from the \`one\` and \`many\` of @keyspace`
  }
  if (node.kind === Kind.SCALAR_TYPE_DEFINITION && taken.has(name)) {
    return `${name} is a scalar or type that fedcache has already; take the definition out to use it`
  }
  return taken.has(name) || reservedName.test(name)
    ? `${name} is a type of fedcache's own; choose another name`
    : undefined
}

/** A user's SDL without what is fedcache's to define, and what that was, in words. */
export function typeClashes(document: DocumentNode): {
  readonly document: DocumentNode
  readonly clashes: readonly string[]
} {
  const taken = ownTypes()
  const clashes: string[] = []
  const definitions = document.definitions.filter((node) => {
    const clash = clashOf(node, taken)
    if (clash !== undefined) clashes.push(clash)
    return clash === undefined
  })
  return { document: { ...document, definitions }, clashes }
}
