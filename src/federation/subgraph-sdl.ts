/** A part of the API that a supergraph can be given. */
export type ExposedPart = 'types' | 'entries' | 'admin'

/** What the printed subgraph holds. */
export interface SubgraphSdlOptions {
  /** Default: `types`, and `entries` while no typed keyspace exists. */
  readonly expose?: readonly ExposedPart[]
}

/** Prints the SDL that a gateway composes: only what is exposed, and what is reachable from it. */
export declare function subgraphSdl(options?: SubgraphSdlOptions): string
