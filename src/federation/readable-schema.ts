import {
  type DocumentNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  Kind,
  buildASTSchema,
  concatAST,
  isScalarType,
  isTypeDefinitionNode,
  parse,
  specifiedScalarTypes,
  visit,
} from 'graphql'
import { appliedDirectives } from './applied-directives.ts'

const standIn = 'standIn'

/** What can be read of a document that is wrong, so that all that is wrong with it is told at once. */
export function readableSchema(document: DocumentNode): GraphQLSchema | undefined {
  const known = new Set([...document.definitions.filter(isTypeDefinitionNode), ...specifiedScalarTypes].map(nameOf))
  // Federation takes them for definitions.
  const extended = new Set(document.definitions.filter((node) => node.kind === Kind.OBJECT_TYPE_EXTENSION).map(nameOf))
  const unknown = new Set<string>()
  visit(document, {
    NamedType: ({ name }) => {
      if (!known.has(name.value) && !extended.has(name.value)) unknown.add(name.value)
    },
  })
  const definitions = [
    ...[...extended].filter((name) => !known.has(name)).map((name) => `type ${name}`),
    ...[...unknown].map((name) => `scalar ${name} @${standIn}`),
  ]
  try {
    const whole = definitions.length === 0 ? document : concatAST([document, parse(definitions.join('\n'))])
    return buildASTSchema(whole, { assumeValidSDL: true })
  } catch {
    return undefined
  }
}

/** Whether a type of a {@link readableSchema} stands for one that is defined nowhere, which GraphQL tells. */
export function isStandIn(type: GraphQLNamedType): boolean {
  return isScalarType(type) && appliedDirectives([type.astNode], standIn).length > 0
}

function nameOf({ name }: { readonly name: string | { readonly value: string } }): string {
  return typeof name === 'string' ? name : name.value
}
