import { buildSubgraphSchema } from '@apollo/subgraph'
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  concatAST,
  isObjectType,
  isTypeDefinitionNode,
  parse,
  visit,
} from 'graphql'
import type { ConfigProblem } from '../errors.ts'
import { typeDirectives } from './applied-directives.ts'
import { federationLink } from './federation-link.ts'
import { type Report, readEntity, refuseKeysOnInterfaces } from './read-entities.ts'
import { readEntryFields, refuseEntriesOnInterfaces } from './read-entry-fields.ts'
import { readableSchema } from './readable-schema.ts'
import { keyInputName, rootFieldDefinitions } from './root-fields.ts'
import { reservedName, typeClashes } from './type-clashes.ts'
import { typeDefinitions } from './type-definitions.ts'
import { type RootField, type TypeableKeyspace, type TypedSchema, noTypes } from './typed-schema.ts'

/** The types of a configuration, and everything that is wrong with them. */
export interface TypesReading {
  /** None where there are problems. */
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
  const found = typesIn(schema, keyspaces, (coordinate, message) => report(`${coordinate}: ${message}`))
  if (problems.length > 0) return { types: noTypes, problems }
  const definitions = [...withoutOwnDirectives(document).definitions, ...rootFieldDefinitions(found.rootFields)]
  return { types: { document: { kind: Kind.DOCUMENT, definitions }, ...found }, problems }
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

/** What the schema says of keyspaces. */
function typesIn(
  schema: GraphQLSchema,
  keyspaces: readonly TypeableKeyspace[],
  report: Report,
): Omit<TypedSchema, 'document'> {
  const own = new Set(
    typeDefinitions().definitions.flatMap((node) => (isTypeDefinitionNode(node) ? [node.name.value] : [])),
  )
  const objects = Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .filter(({ name }) => !own.has(name) && !reservedName.test(name))
  const byName = new Map(keyspaces.map((keyspace) => [keyspace.name, keyspace]))
  const readings = objects.map((type) => readEntity(type, byName, report)).filter((one) => one !== undefined)
  const entities = new Map(readings.map(({ entity }) => [entity.name, entity]))
  const entryFields = objects.flatMap((type) => readEntryFields(type, entities, byName, report))
  refuseKeysOnInterfaces(schema, report)
  refuseEntriesOnInterfaces(schema, report)
  const rootFields = readings.flatMap((reading) => reading.rootFields)
  checkRootNames(rootFields, schema, report)
  return { entities: [...entities.values()], rootFields, entryFields }
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
