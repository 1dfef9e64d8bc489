import { Kind, type TypeNode } from 'graphql'
import type { Copied } from '../engine/encoded-json.ts'
import type { Encoded } from '../engine/encoding.ts'
import { StoredEntity } from './stored-entity.ts'

/** Longer ones go through the resolver, which counts what an answer shows. */
export const largestCopied: number = 16 * 1024

/**
 * Makes what copies a stored field of one of GraphQL's own scalars, where it is stored as GraphQL prints it.
 *
 * @returns nothing for other types: their values have to be looked at.
 */
export function copiedField(name: string, type: TypeNode): Partial<Copied> {
  const isRequired = type.kind === Kind.NON_NULL_TYPE
  const nullable = isRequired ? type.type : type
  const printed = nullable.kind === Kind.NAMED_TYPE ? scalars.get(nullable.name.value) : undefined
  if (printed === undefined) return {}
  return {
    copied: (parent) => {
      const json = parent instanceof StoredEntity ? parent.written(name) : undefined
      if (json === undefined || json.length > largestCopied) return undefined
      return json === 'null' && !isRequired ? json : printed(json)
    },
  }
}

/** What is printed for JSON that is not null; `undefined` for what is printed otherwise, or is of another type. */
type Printed = (json: Encoded) => Encoded | undefined

// Numbers that are no integers, or beyond 32 bits, may be written in several ways.
const plainInteger = /^(?:0|-?[1-9]\d{0,8})$/
const text: Printed = (json) => (json.startsWith('"') ? json : undefined)
const integer: Printed = (json) => (plainInteger.test(json) ? json : undefined)

const scalars: ReadonlyMap<string, Printed> = new Map<string, Printed>([
  ['ID', (json) => text(json) ?? (plainInteger.test(json) ? `"${json}"` : undefined)],
  ['String', text],
  ['Int', integer],
  ['Float', integer],
  ['Boolean', (json) => (json === 'true' || json === 'false' ? json : undefined)],
])
