import { type DocumentNode, parse } from 'graphql'
import type { RootField } from './typed-schema.ts'

/** Name of the argument that takes the keys of a `many` field. */
export function keysArgument({ key }: RootField): string {
  const [only, ...others] = key.fields
  return only === undefined || others.length > 0 ? 'keys' : `${only.path[0]}s`
}

/** Name of the input that a key of several fields is given by. */
export function keyInputName({ entity, key }: RootField): string {
  const index = entity.keys.indexOf(key)
  return index === 0 ? `${entity.name}Key` : `${entity.name}Key${index + 1}`
}

function fieldsOf({ key }: RootField): readonly string[] {
  return key.fields.map(({ path, type }) => `${path[0]}: ${required(type)}`)
}

function required(type: string): string {
  return type.endsWith('!') ? type : `${type}!`
}

function fieldSdl(field: RootField): string {
  const { name, kind, entity, key } = field
  if (kind === 'one') {
    return `
      "Reads one ${entity.name} by its key; \`null\` where there is none."
      ${name}(${fieldsOf(field)
        .map((argument) => `"Part of the key." ${argument}`)
        .join(' ')}): ${entity.name}`
  }
  const [only, ...others] = key.fields
  const element = others.length > 0 || only === undefined ? `${keyInputName(field)}!` : required(only.type)
  return `
    """
    Reads several, in bulk. The answer has one element for each key, in order: \`null\` where there is none. One that
    fails is \`null\` as well, and has an error whose \`path\` ends in its position.
    """
    ${name}("Their keys." ${keysArgument(field)}: [${element}]!): [${entity.name}]!`
}

function inputSdl(field: RootField): string {
  const fields = fieldsOf(field).map((line) => `"Part of the key." ${line}`)
  return `"The key of a ${field.entity.name}." input ${keyInputName(field)} { ${fields.join(' ')} }`
}

/** The SDL of root fields: an extension of `Query`, and the inputs that keys of several fields need. */
export function rootFieldDefinitions(rootFields: readonly RootField[]): DocumentNode['definitions'] {
  if (rootFields.length === 0) return []
  const inputs = rootFields.filter(({ kind, key }) => kind === 'many' && key.fields.length > 1).map(inputSdl)
  const sdl = `extend type Query { ${rootFields.map(fieldSdl).join('\n')} }\n${inputs.join('\n')}`
  return parse(sdl, { noLocation: true }).definitions
}
