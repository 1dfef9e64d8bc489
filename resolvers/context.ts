import type { Engine } from '../src/engine/engine.ts'

/** What resolvers share within one operation. */
export interface ResolverContext {
  readonly engine: Engine
}

/** Makes the context of one operation. Never share one between operations. */
export declare function resolverContext(engine: Engine): ResolverContext
