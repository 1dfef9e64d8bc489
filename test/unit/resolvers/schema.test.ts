import { isEnumType, isInputObjectType, isInterfaceType, isObjectType, isSpecifiedScalarType } from 'graphql'
import { describe, expect, it } from 'vitest'
import { resolvers } from '../../../resolvers/index.ts'
import { subgraphSchema } from '../../../src/federation/subgraph-schema.ts'

describe('the schema', () => {
  const schema = subgraphSchema({ resolvers })
  const types = Object.values(schema.getTypeMap()).filter((type) => !type.name.startsWith('__'))

  it('describes every type, field, argument, input field, enum value and directive', () => {
    const silent: string[] = []
    const check = (path: string, description: string | null | undefined) => {
      if (!description) silent.push(path)
    }
    for (const type of types.filter((one) => !isSpecifiedScalarType(one))) {
      check(type.name, type.description)
      if (isEnumType(type)) for (const value of type.getValues()) check(`${type.name}.${value.name}`, value.description)
      if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue
      for (const field of Object.values(type.getFields())) {
        check(`${type.name}.${field.name}`, field.description)
        if (!('args' in field)) continue
        for (const arg of field.args) check(`${type.name}.${field.name}(${arg.name})`, arg.description)
      }
    }
    for (const directive of schema.getDirectives()) {
      check(`@${directive.name}`, directive.description)
      for (const arg of directive.args) check(`@${directive.name}(${arg.name})`, arg.description)
    }
    expect(silent).toEqual([])
  })

  it('lists exactly the codes of the catalogue', async () => {
    const { readFile } = await import('node:fs/promises')
    const catalogue = await readFile(new URL('../../../src/errors.ts', import.meta.url), 'utf8')
    const declared = /export type ErrorCode =([^]*?)\n\n/.exec(catalogue)?.[1]?.match(/[A-Z_]{4,}/g)
    const type = schema.getType('ErrorCode')
    expect(isEnumType(type) && type.getValues().map((value) => value.name)).toEqual(declared)
  })

  it('has no resolver for what does not exist', () => {
    for (const [name, fields] of Object.entries(resolvers)) {
      const type = schema.getType(name)
      expect([name, type]).toEqual([name, expect.anything()])
      if (!isObjectType(type)) continue
      for (const field of Object.keys(fields)) {
        if (field !== '__resolveReferences') expect(Object.keys(type.getFields())).toContain(field)
      }
    }
  })
})
