import type { GraphQLSchema } from 'graphql'

/** A compiled part of operations. */
export interface Part<Writer> {
  /** No other part of the schema has it. */
  readonly id: number
  readonly write: Writer
}

const maxParts = 5000
/** Whoever writes values into documents says the same only once. */
const maxTextLength = 300

/**
 * The compiled parts of the operations of one schema. Those that say the same are one part, however many operations they
 * stand in: so what many operations use is in memory once, and stays near the processor.
 */
export class SharedParts {
  static readonly #ofSchemas = new WeakMap<GraphQLSchema, SharedParts>()
  readonly #parts = new Map<string, Part<unknown>>()
  #lastId = 0

  static of(schema: GraphQLSchema): SharedParts {
    let parts = SharedParts.#ofSchemas.get(schema)
    if (parts === undefined) SharedParts.#ofSchemas.set(schema, (parts = new SharedParts()))
    return parts
  }

  /** @param text says all that the part depends on, other parts by their ids; it belongs to one kind of writer. */
  part<Writer>(text: string, compile: () => Writer): Part<Writer> {
    const known = this.#parts.get(text)
    if (known !== undefined) return known as Part<Writer>
    const part = { id: ++this.#lastId, write: compile() }
    if (text.length > maxTextLength) return part
    // Operations keep the parts that they have; what is asked for often is soon here again.
    if (this.#parts.size >= maxParts) this.#parts.clear()
    this.#parts.set(text, part)
    return part
  }
}
