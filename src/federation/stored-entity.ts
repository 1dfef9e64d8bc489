import { GraphQLBoolean } from 'graphql'
import { EncodedJson } from '../engine/encoded-json.ts'
import type { Encoded } from '../engine/encoding.ts'
import type { Entry } from '../engine/entry.ts'
import { FedcacheError } from '../errors.ts'
import { jsonField, type JsonPlace } from './json-field.ts'
import { type KeyTemplate, renderedFrom } from './key-template.ts'
import { fieldOf, Fields, type JsonObject, objectOf } from './stored-values.ts'
import type { KeyField, TypedKey } from './typed-schema.ts'

/** An entity, read from the text of a stored value: nothing is parsed but the fields that are asked for. */
export class StoredEntity extends Fields implements JsonPlace {
  readonly json: Encoded
  at: number = 1
  readonly #entry: Entry
  readonly #key: TypedKey
  readonly #sent: JsonObject | undefined

  /**
   * @param sent what a gateway sent of fields that other subgraphs have.
   * @throws FedcacheError `INVALID_VALUE` where the value is no object.
   */
  constructor(entry: Entry, key: TypedKey, sent?: JsonObject) {
    super()
    this.json = entry.encoded
    this.#entry = entry
    this.#key = key
    this.#sent = sent
    if (this.json.startsWith('{')) return
    throw new FedcacheError(
      'INVALID_VALUE',
      `The value of ${JSON.stringify(entry.key)} in the keyspace "${entry.keyspace}" is no object, so it has no fields.`,
    )
  }

  get typeName(): string {
    return this.#key.typeName
  }

  /** Bytes of the whole value. */
  get size(): number {
    return this.json.length
  }

  /** The JSON of a stored field; `undefined` where the value has none of that name, or a gateway sent another. */
  written(name: string): Encoded | undefined {
    if (this.#sent !== undefined && Object.hasOwn(this.#sent, name)) return undefined
    return jsonField(this, name)
  }

  /** What was sent, what is stored, or the part of the key of that name, in this order. */
  get(name: string): unknown {
    if (this.#sent !== undefined && Object.hasOwn(this.#sent, name)) return this.#sent[name]
    const text = jsonField(this, name)
    return text === undefined ? fieldOf(fieldsOfKey(this.#key, this.#entry.key), name) : new EncodedJson(text).value
  }
}

/** The fields that the text of a key was made of; none where it was not made of them. */
function fieldsOfKey({ fields, template }: TypedKey, text: string): JsonObject {
  const parts = template === undefined ? [text] : renderedFrom(template, text)
  if (parts === undefined) return {}
  const values = fields.map((field) => valueOf(field, parts[placeOf(field, template)]))
  return objectOf(
    fields.map(({ path }) => path),
    values,
  )
}

function placeOf({ path }: KeyField, template: KeyTemplate | undefined): number {
  return template?.paths.findIndex((other) => other.join('.') === path.join('.')) ?? 0
}

/** GraphQL reads every scalar but Boolean from its text. */
function valueOf({ leaf }: KeyField, part: string | undefined): unknown {
  return leaf === GraphQLBoolean && (part === 'true' || part === 'false') ? part === 'true' : part
}
