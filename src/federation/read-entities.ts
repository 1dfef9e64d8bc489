import { type GraphQLObjectType, type GraphQLSchema, isInterfaceType } from 'graphql'
import { appliedDirectives, directiveArguments, placesOf } from './applied-directives.ts'
import { type KeyTemplate, isUnambiguous, keyTemplate } from './key-template.ts'
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
 * Reads the `@keyspace`s of a type: one for each of its resolvable keys, in order. What is wrong is reported, and the
 * rest read on. `undefined` for a type that has none.
 */
export function readEntity(
  type: GraphQLObjectType,
  keyspaces: ReadonlyMap<string, TypeableKeyspace>,
  report: Report,
): EntityReading | undefined {
  const keys = keysOf(type)
  const written = keyspaceDirectives(type)
  const wrong = [...keys, ...written].filter((one) => typeof one === 'string')
  for (const problem of wrong) report(type.name, problem)
  const directives = written.filter((directive) => typeof directive !== 'string')
  const resolvable = keys.filter((key): key is KeyDirective => typeof key !== 'string' && key.isResolvable)
  const isWhole = wrong.length === 0
  const isPaired = isWhole && directives.length === resolvable.length
  if (isWhole && !isPaired) report(type.name, countProblem(directives.length, resolvable.length))
  // Which @key a @keyspace is for cannot be told where there is not one for each.
  const [first, ...others] = directives.map((directive, index) =>
    typedKey(type.name, directive, isPaired ? resolvable[index] : undefined, keyspaces, report),
  )
  if (first === undefined) return undefined
  const externalFields = Object.values(type.getFields())
    .filter((field) => appliedDirectives([field.astNode], 'external').length > 0)
    .map(({ name }) => name)
  const entity: TypedEntity = { name: type.name, keys: [first, ...others], externalFields }
  return {
    entity,
    rootFields: directives.flatMap((directive, index) => rootFieldsOf(entity, directive, entity.keys[index]!, report)),
  }
}

/** Reports the `@key`s on interfaces: nothing would answer a gateway that refers to one. */
export function refuseKeysOnInterfaces(schema: GraphQLSchema, report: Report): void {
  for (const type of Object.values(schema.getTypeMap()).filter(isInterfaceType)) {
    for (const key of keysOf(type)) {
      if (typeof key === 'string') report(type.name, key)
      else if (key.isResolvable) report(type.name, interfaceProblem(type.name, key))
    }
  }
}

function interfaceProblem(name: string, { text }: KeyDirective): string {
  const reason = `a reference to ${name} would not say which type it is, nor which keyspace to read`
  return `@key(fields: "${text}") stands on an interface: ${reason}. Leave it to the object types, or say resolvable: false`
}

function countProblem(directives: number, keys: number): string {
  if (directives === 0) {
    return 'has a @key that a gateway may read it by, and no @keyspace to read from. Add @keyspace(name: …), or say resolvable: false'
  }
  const count = (number: number, name: string): string => `${number} ${name}${number === 1 ? '' : 's'}`
  return `needs one @keyspace for each resolvable @key, in order; has ${count(directives, '@keyspace')} and ${count(keys, 'resolvable @key')}`
}

function keyspaceDirectives(type: GraphQLObjectType): readonly (KeyspaceDirective | string)[] {
  return appliedDirectives(placesOf(type), 'keyspace').map((node) => {
    const values = directiveArguments(node)
    return typeof values === 'string' ? `@keyspace: ${values}` : (values as unknown as KeyspaceDirective)
  })
}

/** @param written the `@key` that it is for; `undefined` where that cannot be told. */
function typedKey(
  typeName: string,
  { name, key }: KeyspaceDirective,
  written: KeyDirective | undefined,
  keyspaces: ReadonlyMap<string, TypeableKeyspace>,
  report: Report,
): TypedKey {
  const template = key === undefined || key === null ? undefined : keyTemplate(key)
  const problems = [
    keyspaceProblem(name, keyspaces),
    ...(written === undefined ? [] : templateProblems(key ?? undefined, template, written)),
  ].filter((problem) => problem !== undefined)
  for (const problem of problems) report(typeName, `@keyspace(name: "${name}"): ${problem}`)
  return { typeName, keyspace: name, fields: written?.fields ?? [], template }
}

function keyspaceProblem(name: string, keyspaces: ReadonlyMap<string, TypeableKeyspace>): string | undefined {
  const format = keyspaces.get(name)?.policy.format
  if (format === undefined) return `there is no keyspace "${name}"; there ${existing(keyspaces)}`
  return format === 'json' ? undefined : `the keyspace "${name}" holds ${format}; a type needs format: 'json'`
}

function templateProblems(
  key: string | undefined,
  template: KeyTemplate | undefined,
  { fields, text }: KeyDirective,
): readonly (string | undefined)[] {
  const example = `"${fields.map(({ path }) => `{${path.join('.')}}`).join('/')}"`
  if (key === undefined) {
    const isOne = fields.length === 1
    return isOne ? [] : [`the @key "${text}" has several fields: say how they make a key, such as key: ${example}`]
  }
  const shown = `key: "${key}"`
  if (template === undefined || template.paths.length === 0) {
    return [`${shown} must be a template over the fields of the @key, such as ${example}`]
  }
  const names = fields.map(({ path }) => path.join('.'))
  const used = template.paths.map((path) => path.join('.'))
  const unknown = used.filter((name) => !names.includes(name))
  const missing = names.filter((name) => !used.includes(name))
  return [
    unknown.length > 0 ? `${shown} uses ${unknown.join(', ')}; the @key has ${names.join(', ')}` : undefined,
    missing.length > 0 ? `${shown} leaves out ${missing.join(', ')}: different entities would share a key` : undefined,
    isUnambiguous(template)
      ? undefined
      : `${shown} needs a character such as "/" or ":" between fields: "a-b" and "c" would meet "a" and "b-c"`,
  ]
}

function rootFieldsOf(
  entity: TypedEntity,
  directive: KeyspaceDirective,
  key: TypedKey,
  report: Report,
): readonly RootField[] {
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

function existing(keyspaces: ReadonlyMap<string, unknown>): string {
  return keyspaces.size === 0 ? 'are none' : `are ${[...keyspaces.keys()].join(', ')}`
}
