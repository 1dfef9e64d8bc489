import type { DocumentNode, GraphQLSchema } from 'graphql'
import { type PreparedOperation, prepareOperation } from './prepare-operation.ts'

/** The prepared operations of one document. */
export class PreparedDocument {
  readonly #schema: GraphQLSchema
  readonly #document: DocumentNode
  readonly #operations = new Map<string | undefined, PreparedOperation>()
  #last: PreparedOperation | undefined
  #lastName: string | undefined
  /** Fields compiled so far, of all its operations. */
  fieldCount = 0

  constructor(schema: GraphQLSchema, document: DocumentNode) {
    this.#schema = schema
    this.#document = document
  }

  /** The operation of that name, or the only one; `undefined` where it is not one that can be prepared. */
  operation(name: string | undefined): PreparedOperation | undefined {
    if (this.#last !== undefined && this.#lastName === name) return this.#last
    let operation = this.#operations.get(name)
    if (operation === undefined) {
      operation = prepareOperation(this.#schema, this.#document, name, (fields) => (this.fieldCount += fields))
      // Names that are not in the document are never kept.
      if (operation !== undefined) this.#operations.set(name, operation)
    }
    this.#last = operation
    this.#lastName = name
    return operation
  }
}

/** How much is kept. */
export interface PreparedDocumentsLimits {
  readonly maxDocuments: number
  readonly maxBytes: number
}

interface Kept {
  readonly document: PreparedDocument
  readonly bytes: number
  /** How many fields the document had when its bytes were estimated. */
  readonly fieldCount: number
  isUsed: boolean
}

// Measured: the syntax tree and the text of a document for each of its characters, and the writers of one field.
const bytesPerCharacter = 60
const bytesPerField = 1000
const bytesPerDocument = 1000

/**
 * Keeps the documents used last. What was asked for once waits in a fifth of the room until it is asked for again, so
 * that clients who write values into their documents push out each other's and nobody else's.
 */
export class PreparedDocuments {
  readonly #once: Shelf
  readonly #again: Shelf

  constructor({ maxDocuments, maxBytes }: PreparedDocumentsLimits) {
    this.#once = new Shelf(Math.ceil(maxDocuments * 0.2), maxBytes * 0.2)
    this.#again = new Shelf(Math.ceil(maxDocuments * 0.8), maxBytes * 0.8)
  }

  /** Documents that are kept. */
  get size(): number {
    return this.#once.size + this.#again.size
  }

  /** Estimate of what they take. */
  get bytes(): number {
    return this.#once.bytes + this.#again.bytes
  }

  get(query: string): PreparedDocument | undefined {
    const document = this.#again.use(query)
    if (document !== undefined) return document
    const seen = this.#once.take(query)
    if (seen !== undefined) this.#again.add(query, seen)
    return seen
  }

  add(query: string, document: PreparedDocument): void {
    this.#once.add(query, document)
  }
}

class Shelf {
  readonly #maxDocuments: number
  readonly #maxBytes: number
  readonly #kept = new Map<string, Kept>()
  /** What was asked for last, and its text: many ask for the same, and comparing two texts is less than a look-up. */
  #lastQuery: string | undefined
  #last: Kept | undefined
  bytes = 0

  constructor(maxDocuments: number, maxBytes: number) {
    this.#maxDocuments = maxDocuments
    this.#maxBytes = maxBytes
  }

  get size(): number {
    return this.#kept.size
  }

  use(query: string): PreparedDocument | undefined {
    const kept = query === this.#lastQuery ? this.#last : this.#kept.get(query)
    if (kept === undefined) return undefined
    if (kept !== this.#last) {
      this.#lastQuery = query
      this.#last = kept
    }
    kept.isUsed = true
    if (kept.document.fieldCount !== kept.fieldCount) {
      this.take(query)
      this.add(query, kept.document)
    }
    return kept.document
  }

  take(query: string): PreparedDocument | undefined {
    const kept = this.#kept.get(query)
    if (kept !== undefined) this.#drop(query, kept)
    return kept?.document
  }

  add(query: string, document: PreparedDocument): void {
    this.take(query)
    const { fieldCount } = document
    const bytes = bytesPerDocument + query.length * bytesPerCharacter + fieldCount * bytesPerField
    this.#kept.set(query, { document, bytes, fieldCount, isUsed: false })
    this.bytes += bytes
    this.#makeRoom()
  }

  /**
   * Goes round like a clock: who was used since the hand came by last is let off once. Moving a document at each use
   * would keep the text of that request in place of one that has been kept for long, at a cost to the collector.
   */
  #makeRoom(): void {
    for (const [query, kept] of this.#kept) {
      if (this.#kept.size <= this.#maxDocuments && this.bytes <= this.#maxBytes) return
      this.#drop(query, kept)
      if (!kept.isUsed) continue
      kept.isUsed = false
      this.#kept.set(query, kept)
      this.bytes += kept.bytes
    }
  }

  #drop(query: string, kept: Kept): void {
    this.#kept.delete(query)
    if (kept === this.#last) this.#lastQuery = this.#last = undefined
    this.bytes -= kept.bytes
  }
}
