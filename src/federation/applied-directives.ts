import {
  type ConstDirectiveNode,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  GraphQLError,
  buildASTSchema,
  getArgumentValues,
  parse,
} from 'graphql'

/** The directives by which users tell which keyspaces their types are in. */
export const typeDirectives = `
  "The values of this type are the entries of a keyspace. One for each resolvable @key, in order."
  directive @keyspace(
    "Name of the keyspace."
    name: String!
    "How the key of an entry is made of the fields of the @key, such as {tenant}/{sku}. Default: the only field, as it is."
    key: String
    "Name of a root field that reads one, by the fields of the @key."
    one: String
    "Name of a root field that reads several, by their keys."
    many: String
  ) repeatable on OBJECT

  "The stored value holds the key of what this field gives, or a list of keys."
  directive @entry(
    "The field of the stored value that holds the key, or a template such as {tenant}/{sku}."
    key: String!
    "The keyspace to read, where the type has several. Default: the first."
    keyspace: String
  ) on FIELD_DEFINITION
`

const keyDirective = 'directive @key(fields: String!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE'
const definitions = buildASTSchema(parse(`${typeDirectives} ${keyDirective}`)).getDirectives()

/** Arguments by name. */
export type DirectiveArguments = Readonly<Record<string, unknown>>

interface Annotated {
  readonly directives?: readonly ConstDirectiveNode[] | undefined
}

/** The directives of a name on a type and its extensions, or on a field. */
export function appliedDirectives(
  nodes: readonly (Annotated | null | undefined)[],
  name: string,
): readonly ConstDirectiveNode[] {
  return nodes.flatMap((node) => (node?.directives ?? []).filter((directive) => directive.name.value === name))
}

/** The places where a type is written: its definition and its extensions. */
export function placesOf(type: GraphQLObjectType | GraphQLInterfaceType): readonly (Annotated | null | undefined)[] {
  return [type.astNode, ...type.extensionASTNodes]
}

/** The arguments of `@key`, `@keyspace` or `@entry`, checked against its definition; or what is wrong with them. */
export function directiveArguments(node: ConstDirectiveNode): DirectiveArguments | string {
  const definition = definitions.find(({ name }) => name === node.name.value)
  if (definition === undefined) return `@${node.name.value} is no directive`
  try {
    return getArgumentValues(definition, node)
  } catch (error) {
    if (error instanceof GraphQLError) return error.message
    throw error
  }
}
