import { type DocumentNode, Kind, type SchemaExtensionNode, parse, visit } from 'graphql'

/** Where the specification of federation lies; its versions are below it. */
const federationSpecification = 'https://specs.apollo.dev/federation'

/** A version of the specification: the one that every composition takes, or the one that has `@cacheTag`. */
export type FederationVersion = 'v2.9' | 'v2.12'

const names: readonly string[] = [
  'authenticated',
  'cacheTag',
  'composeDirective',
  'context',
  'cost',
  'external',
  'fromContext',
  'inaccessible',
  'interfaceObject',
  'key',
  'listSize',
  'override',
  'policy',
  'provides',
  'requires',
  'requiresScopes',
  'shareable',
  'tag',
]

/** The directives of federation that a document may use, without their `@`. */
export const federationDirectives: ReadonlySet<string> = new Set(names)

/** The schema extension that makes a document a subgraph of federation 2, with the directives that it uses. */
export function federationLink(document: DocumentNode, version: FederationVersion): DocumentNode {
  const used = new Set(['key'])
  visit(document, {
    Directive: ({ name }) => {
      if (federationDirectives.has(name.value)) used.add(name.value)
    },
  })
  const imports = [...used].toSorted().map((name) => `"@${name}"`)
  const url = `${federationSpecification}/${version}`
  return parse(`extend schema @link(url: "${url}", import: [${imports.join(', ')}])`, { noLocation: true })
}

/** Whether an extension of the schema links the specification of federation, or that of `@link`. */
export function linksFederation({ directives = [] }: SchemaExtensionNode): boolean {
  return directives.some(({ name, arguments: args }) => {
    const url = args?.find((argument) => argument.name.value === 'url')?.value
    const text = url?.kind === Kind.STRING ? url.value : ''
    return name.value === 'link' && /^https:\/\/specs\.apollo\.dev\/(federation|link)(\/|$)/.test(text)
  })
}
