import type { GraphQLObjectType } from 'graphql'
import { type DirectiveArguments, appliedDirectives, directiveArguments, placesOf } from './applied-directives.ts'
import { type FieldPath, type KeyTemplate, isUnambiguous, keyTemplate } from './key-template.ts'
import { type KeyDirective, keysOf } from './read-keys.ts'
import type { RootField, TypeableKeyspace, TypedEntity, TypedKey } from './typed-schema.ts'

/** Takes what is wrong, in words; the coordinate, such as `City.country`, is where. */
export type Report = (coordinate: string, message: string) => void

interface KeyspaceDirective {
  readonly name: string
  readonly key?: string
  readonly one?: string
  readonly many?: string
}

/** What the `@keyspace`s of one type say. */
export interface EntityReading {
  readonly entity: TypedEntity
  readonly rootFields: readonly RootField[]
}

/**
 * Reads the `@keyspace`s of a type: one for each of its resolvable keys, in order. `undefined` for a type that has
 * none, and for one whose directives are wrong, which is reported.
 */
export function readEntity(
  type: GraphQLObjectType,
  keyspaces: ReadonlyMap<string, TypeableKeyspace>,
  report: Report,
): EntityReading | undefined {
  const keys = keysOf(type)
  const wrong = keys.filter((key) => typeof key === 'string')
  for (const problem of wrong) report(type.name, problem)
  const directives = keyspaceDirectives(type, report)
  if (wrong.length > 0 || directives === undefined) return undefined
  const resolvable = keys.filter((key): key is KeyDirective => typeof key !== 'string' && key.isResolvable)
  if (directives.length !== resolvable.length) {
    report(type.name, countProblem(directives.length, resolvable.length))
    return undefined
  }
  const [first, ...others] = directives.map((directive, index) =>
    typedKey(type.name, directive, resolvable[index]!, keyspaces, report),
  )
  if (first === undefined) return undefined
  const externalFields = Object.values(type.getFields())
    .filter((field) => appliedDirectives([field.astNode], 'external').length > 0)
    .map(({ name }) => name)
  const entity = { name: type.name, keys: [first, ...others].filter((key) => key !== undefined), externalFields }
  return {
    entity,
    rootFields: directives.flatMap((directive, index) => rootFieldsOf(entity, directive, index, report)),
  }
}

function countProblem(directives: number, keys: number): string {
  if (directives === 0) {
    return 'has a @key that a gateway may read it by, and no @keyspace to read from. Add @keyspace(name: …), or say resolvable: false'
  }
  const count = (number: number, name: string): string => `${number} ${name}${number === 1 ? '' : 's'}`
  return `needs one @keyspace for each resolvable @key, in order; has ${count(directives, '@keyspace')} and ${count(keys, 'resolvable @key')}`
}

function keyspaceDirectives(type: GraphQLObjectType, report: Report): readonly KeyspaceDirective[] | undefined {
  const found = appliedDirectives(placesOf(type), 'keyspace').map((node) => directiveArguments(node))
  for (const problem of found) if (typeof problem === 'string') report(type.name, `@keyspace: ${problem}`)
  const right = found.filter((values): values is DirectiveArguments => typeof values !== 'string')
  return right.length === found.length ? (right as unknown as readonly KeyspaceDirective[]) : undefined
}

function typedKey(
  typeName: string,
  directive: KeyspaceDirective,
  { fields, text }: KeyDirective,
  keyspaces: ReadonlyMap<string, TypeableKeyspace>,
  report: Report,
): TypedKey | undefined {
  const { name, key } = directive
  const keyspace = keyspaces.get(name)
  const problems = [
    keyspace === undefined ? `there is no keyspace "${name}"; there ${existing(keyspaces)}` : undefined,
    keyspace !== undefined && keyspace.policy.format !== 'json'
      ? `the keyspace "${name}" holds ${keyspace.policy.format}; a type needs format: 'json'`
      : undefined,
    fields.length > 1 && (key ?? undefined) === undefined
      ? `the @key "${text}" has several fields: say how they make a key, such as key: "${exampleOf(fields)}"`
      : undefined,
  ].filter((problem) => problem !== undefined)
  const template = key === undefined || key === null ? undefined : checkedTemplate(key, fields, problems)
  for (const problem of problems) report(typeName, `@keyspace(name: "${name}"): ${problem}`)
  return problems.length > 0 ? undefined : { typeName, keyspace: name, fields, template }
}

function checkedTemplate(text: string, fields: KeyDirective['fields'], problems: string[]): KeyTemplate | undefined {
  const template = keyTemplate(text)
  const names = fields.map(({ path }) => path.join('.'))
  const shown = `key: "${text}"`
  if (template === undefined || template.paths.length === 0) {
    problems.push(`${shown} must be a template over the fields of the @key, such as "${exampleOf(fields)}"`)
    return undefined
  }
  const used = template.paths.map((path) => path.join('.'))
  const unknown = used.filter((name) => !names.includes(name))
  const missing = names.filter((name) => !used.includes(name))
  if (unknown.length > 0) problems.push(`${shown} uses ${unknown.join(', ')}; the @key has ${names.join(', ')}`)
  if (missing.length > 0)
    problems.push(`${shown} leaves out ${missing.join(', ')}: different entities would share a key`)
  if (!isUnambiguous(template)) {
    problems.push(
      `${shown} needs a character such as "/" or ":" between fields: "a-b" and "c" would meet "a" and "b-c"`,
    )
  }
  return template
}

function rootFieldsOf(
  entity: TypedEntity,
  directive: KeyspaceDirective,
  index: number,
  report: Report,
): readonly RootField[] {
  const key = entity.keys[index]
  if (key === undefined) return []
  const named = [
    ['one', directive.one],
    ['many', directive.many],
  ] as const
  return named.flatMap(([kind, name]): readonly RootField[] => {
    if (name === undefined || name === null) return []
    if (!/^(?!__)[_A-Za-z]\w*$/.test(name)) {
      report(entity.name, `@keyspace(${kind}: "${name}"): a root field has a name of letters, digits and "_"`)
      return []
    }
    if (key.fields.some(({ path }) => path.length > 1)) {
      report(entity.name, `@keyspace(${kind}: "${name}"): root fields need a @key without nested fields`)
      return []
    }
    return [{ name, kind, entity, key }]
  })
}

function exampleOf(fields: readonly { readonly path: FieldPath }[]): string {
  return fields.map(({ path }) => `{${path.join('.')}}`).join('/')
}

function existing(keyspaces: ReadonlyMap<string, unknown>): string {
  return keyspaces.size === 0 ? 'are none' : `are ${[...keyspaces.keys()].join(', ')}`
}
