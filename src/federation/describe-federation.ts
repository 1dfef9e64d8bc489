import { type GraphQLSchema, isEnumType, isObjectType } from 'graphql'

const types: Readonly<Record<string, string>> = {
  _Any: 'How a gateway refers to an entity: its `__typename` and the fields of one of its keys.',
  _Entity: 'Everything that a gateway can refer to by key.',
  _Service: 'What this subgraph tells a gateway about itself.',
  federation__FieldSet: 'Fields of a type, written as in a selection.',
  federation__ContextFieldValue: 'A field of a context, written as in a selection.',
  federation__Policy: 'Name of an authorization policy.',
  federation__Scope: 'Name of an authorization scope.',
  link__Import: 'A name that is imported from a linked specification.',
  link__Purpose: 'Why a specification is linked.',
}

const fields: Readonly<Record<string, string>> = {
  _entities: 'Reads the entities that a gateway refers to, each on its own. For gateways.',
  _service: 'What this subgraph tells a gateway about itself. For gateways.',
}

/** Describes what federation adds to a schema, in place, so that GraphiQL shows nothing without a word to it. */
export function describeFederation(schema: GraphQLSchema): void {
  for (const [name, description] of Object.entries(types)) {
    const type = schema.getType(name)
    if (type !== undefined) type.description ??= description
    if (isEnumType(type)) {
      for (const value of type.getValues()) value.description ??= `See the specification of \`@link\`: ${value.name}.`
    }
  }
  for (const directive of schema.getDirectives()) {
    const description = `See the specification of federation: \`@${directive.name}\`.`
    directive.description ??= description
    for (const argument of directive.args) argument.description ??= description
  }
  const query = schema.getQueryType()?.getFields() ?? {}
  for (const [name, description] of Object.entries(fields)) {
    const field = query[name]
    if (field === undefined) continue
    field.description ??= description
    for (const argument of field.args) argument.description ??= 'One reference for each entity.'
  }
  const service = schema.getType('_Service')
  const sdl = isObjectType(service) ? service.getFields()['sdl'] : undefined
  if (sdl !== undefined) sdl.description ??= 'SDL of what this subgraph exposes.'
}
