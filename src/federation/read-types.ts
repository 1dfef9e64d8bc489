import { buildSubgraphSchema } from '@apollo/subgraph'
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  buildASTSchema,
  concatAST,
  isObjectType,
  isTypeDefinitionNode,
  parse,
  specifiedScalarTypes,
  visit,
} from 'graphql'
import type { ConfigProblem } from '../errors.ts'
import { typeDirectives } from './applied-directives.ts'
import { federationLink } from './federation-link.ts'
import { type Report, readEntity } from './read-entities.ts'
import { readEntryFields, refuseEntriesOnInterfaces } from './read-entry-fields.ts'
import { keyInputName, rootFieldDefinitions } from './root-fields.ts'
import { typeClashes } from './type-clashes.ts'
import { typeDefinitions } from './type-definitions.ts'
import { type RootField, type TypeableKeyspace, type TypedSchema, noTypes } from './typed-schema.ts'

/** The types of a configuration, and everything that is wrong with them. */
export interface TypesReading {
  /** Of no use where there are problems. */
  readonly types: TypedSchema
  readonly problems: readonly ConfigProblem[]
}

const path = 'subgraph.typeDefs'

/** Reads the SDL of a configuration against its keyspaces. */
export function readTypes(typeDefs: readonly string[], keyspaces: readonly TypeableKeyspace[]): TypesReading {
  const problems: ConfigProblem[] = []
  const report = (message: string): void => void problems.push({ path, message, received: undefined })
  const documents = typeDefs.map((text, index) => parsed(text, typeDefs.length > 1 ? `[${index}]` : '', report))
  const { document, clashes } = typeClashes(concatAST(documents.filter((one) => one !== undefined)))
  clashes.forEach(report)
  if (document.definitions.length === 0) return { types: noTypes, problems }
  const schema = checkedSchema(document, report)
  if (schema === undefined) return { types: noTypes, problems }
  const types = typesOf(document, schema, keyspaces, (coordinate, message) => report(`${coordinate}: ${message}`))
  return { types, problems }
}

function parsed(text: string, place: string, report: (message: string) => void): DocumentNode | undefined {
  // A text of comments has nothing to parse, and is no mistake.
  if (text.replaceAll(/#.*/g, '').trim() === '') return undefined
  try {
    return parse(text, { noLocation: true })
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    const line = error.locations?.[0]?.line
    report(
      `${place}${place === '' ? '' : ' '}cannot be understood: ${error.message}${line === undefined ? '' : ` (line ${line})`}`,
    )
    return undefined
  }
}

/** The schema with fedcache's own directives in it. What GraphQL finds wrong is reported, and the rest read on. */
function checkedSchema(document: DocumentNode, report: (message: string) => void): GraphQLSchema | undefined {
  const own = parse(typeDirectives, { noLocation: true })
  const typeDefs = concatAST([federationLink(document, 'v2.12'), typeDefinitions(), own, document])
  try {
    return buildSubgraphSchema([{ typeDefs }])
  } catch (error) {
    if (!(error instanceof Error) || error instanceof TypeError) throw error
    // What graphql-js and @apollo/subgraph find is thrown as one error with one paragraph each.
    error.message.split('\n\n').forEach(report)
    return readableSchema(typeDefs)
  }
}

/** What can be read of a document that is wrong, so that all that is wrong with it is told at once. */
function readableSchema(document: DocumentNode): GraphQLSchema | undefined {
  const known = new Set([...document.definitions.filter(isTypeDefinitionNode), ...specifiedScalarTypes].map(nameOf))
  const unknown = new Set<string>()
  visit(document, {
    NamedType: ({ name }) => {
      if (!known.has(name.value)) unknown.add(name.value)
    },
  })
  const standIns = [...unknown].map((name) => `scalar ${name}`).join('\n')
  try {
    const whole = standIns === '' ? document : concatAST([document, parse(standIns)])
    return buildASTSchema(whole, { assumeValidSDL: true })
  } catch {
    return undefined
  }
}

function nameOf({ name }: { readonly name: string | { readonly value: string } }): string {
  return typeof name === 'string' ? name : name.value
}

function typesOf(
  document: DocumentNode,
  schema: GraphQLSchema,
  keyspaces: readonly TypeableKeyspace[],
  report: Report,
): TypedSchema {
  const own = new Set(
    typeDefinitions().definitions.flatMap((node) => (isTypeDefinitionNode(node) ? [node.name.value] : [])),
  )
  const objects = Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .filter(({ name }) => !own.has(name) && !name.startsWith('_'))
  const byName = new Map(keyspaces.map((keyspace) => [keyspace.name, keyspace]))
  const readings = objects.map((type) => readEntity(type, byName, report)).filter((one) => one !== undefined)
  const entities = new Map(readings.map(({ entity }) => [entity.name, entity]))
  const entryFields = objects.flatMap((type) => readEntryFields(type, entities, report))
  refuseEntriesOnInterfaces(schema, report)
  const rootFields = readings.flatMap((reading) => reading.rootFields)
  checkRootNames(rootFields, schema, report)
  const stripped = withoutOwnDirectives(document)
  return {
    document: { kind: Kind.DOCUMENT, definitions: [...stripped.definitions, ...rootFieldDefinitions(rootFields)] },
    entities: [...entities.values()],
    rootFields,
    entryFields,
  }
}

function checkRootNames(rootFields: readonly RootField[], schema: GraphQLSchema, report: Report): void {
  const taken = new Set(Object.keys(schema.getQueryType()?.getFields() ?? {}))
  for (const field of rootFields) {
    if (taken.has(field.name)) {
      report(field.entity.name, `@keyspace(${field.kind}: "${field.name}"): there is a root field of that name already`)
    }
    taken.add(field.name)
    const input = keyInputName(field)
    if (field.kind === 'many' && field.key.fields.length > 1 && schema.getType(input) !== undefined) {
      report(
        field.entity.name,
        `@keyspace(many: "${field.name}"): needs the name ${input} for its input; rename the type`,
      )
    }
  }
}

function withoutOwnDirectives(document: DocumentNode): DocumentNode {
  return visit(document, {
    Directive: ({ name }) => (name.value === 'keyspace' || name.value === 'entry' ? null : undefined),
  })
}
