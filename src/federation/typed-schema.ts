import { type DocumentNode, type GraphQLLeafType, Kind } from 'graphql'
import type { FieldPath, KeyTemplate } from './key-template.ts'

/** What fedcache needs to know of a keyspace to check the types over it. */
export interface TypeableKeyspace {
  readonly name: string
  readonly policy: { readonly format: string }
}

/** One way to refer to an entity: a resolvable `@key` and the `@keyspace` that answers it. */
export interface TypedKey {
  readonly typeName: string
  readonly keyspace: string
  /** The key's leaves, in the order in which they are written. */
  readonly fields: readonly KeyField[]
  /** How the entry's key is made; `undefined`: it is the only field, as it is. */
  readonly template: KeyTemplate | undefined
}

/** A leaf of a key. */
export interface KeyField {
  readonly path: FieldPath
  /** Its type as it is written, such as `ID!`. */
  readonly type: string
  /** The same without what surrounds it, such as `ID`. */
  readonly leaf: GraphQLLeafType
}

/** An object type whose values are entries. */
export interface TypedEntity {
  readonly name: string
  /** At least one. */
  readonly keys: readonly TypedKey[]
  /** Fields that other subgraphs have and a gateway sends along: those with `@external`. */
  readonly externalFields: readonly string[]
}

/** A field of `Query` that reads entities by key. */
export interface RootField {
  readonly name: string
  readonly kind: 'one' | 'many'
  readonly entity: TypedEntity
  readonly key: TypedKey
}

/** A field that holds the key of what it gives. */
export interface EntryField {
  readonly typeName: string
  readonly name: string
  readonly isList: boolean
  /** Where the key is in the value: one field, or a template over several. */
  readonly from: FieldPath | KeyTemplate
  readonly target: TypedKey | StubTarget
}

/** An entity of another subgraph: only its key is known here. */
export interface StubTarget {
  readonly keyspace: undefined
  readonly paths: readonly FieldPath[]
}

/** The types of a configuration, understood. */
export interface TypedSchema {
  /** The SDL without fedcache's own directives, and the root fields as an extension of `Query`. */
  readonly document: DocumentNode
  readonly entities: readonly TypedEntity[]
  readonly rootFields: readonly RootField[]
  readonly entryFields: readonly EntryField[]
}

/** The types of a configuration that has none. */
export const noTypes: TypedSchema = {
  document: { kind: Kind.DOCUMENT, definitions: [] },
  entities: [],
  rootFields: [],
  entryFields: [],
}
