import { inspect } from 'node:util'
import {
  GraphQLBoolean,
  GraphQLError,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  type GraphQLLeafType,
  GraphQLString,
} from 'graphql'
import { EncodedJson } from '../../engine/encoded-json.ts'
import { jsonString, jsonText } from './response-text.ts'

/** Writes a value that is not null as the type serializes it. Throws what is wrong with it. */
export type LeafWriter = (value: unknown) => string

/** Makes the writer of a scalar or enum. What is already as it goes out is not taken the long way. */
export function leafWriter(type: GraphQLLeafType): LeafWriter {
  const general: LeafWriter = (value) => serialized(type, value)
  switch (type) {
    case GraphQLString:
    case GraphQLID:
      return (value) => (typeof value === 'string' ? jsonString(value) : general(value))
    case GraphQLBoolean:
      return (value) => (value === true ? 'true' : value === false ? 'false' : general(value))
    case GraphQLInt:
      return (value) => (typeof value === 'number' && (value | 0) === value ? `${value}` : general(value))
    case GraphQLFloat:
      return (value) => (typeof value === 'number' && Number.isFinite(value) ? `${value}` : general(value))
    default:
      return (value) => (value instanceof EncodedJson ? value.encoded : general(value))
  }
}

function serialized(type: GraphQLLeafType, value: unknown): string {
  let output: unknown
  try {
    output = type.serialize(value)
  } catch (error) {
    // As Yoga's executor has it: what a scalar says is a bug of the server, and masked.
    throw error instanceof GraphQLError ? new Error(error.message) : error
  }
  if (output === undefined || output === null) {
    throw new Error(`${type.name}.serialize(${inspect(value)}) returned ${inspect(output)}`)
  }
  return jsonText(output)
}
