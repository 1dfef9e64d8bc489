import { createHash } from 'node:crypto'

/** Documents that are known beforehand, by id. */
export interface TrustedDocuments {
  /** The document of an id, as `sha256:<hex>` or the hex alone; `undefined` for one that is not known. */
  find(id: string): string | undefined
  /** Whether a document is one of them. */
  has(document: string): boolean
  /** Whether no others are executed. */
  readonly only: boolean
}

/** Where a request may say which document it means. */
export interface DocumentReference {
  readonly query?: unknown
  readonly documentId?: unknown
  readonly extensions?: unknown
}

/** The id that a request gives in place of a document; `undefined` where it gives a document, or neither. */
export function documentIdIn({ query, documentId, extensions }: DocumentReference): string | undefined {
  if (typeof query === 'string' && query !== '') return undefined
  if (typeof documentId === 'string') return documentId
  const persisted: unknown = (extensions as { readonly persistedQuery?: unknown } | null | undefined)?.persistedQuery
  const hash: unknown =
    typeof persisted === 'object' && persisted !== null ? Reflect.get(persisted, 'sha256Hash') : undefined
  return typeof hash === 'string' ? hash : undefined
}

/** Makes the register of some documents. Their ids are the SHA-256 of their text. */
export function trustedDocuments(documents: readonly string[], only: boolean): TrustedDocuments {
  const byHash = new Map(documents.map((document) => [createHash('sha256').update(document).digest('hex'), document]))
  const texts = new Set(documents)
  return {
    find: (id) => byHash.get(id.replace(/^sha256:/, '').toLowerCase()),
    has: (document) => texts.has(document),
    only,
  }
}
