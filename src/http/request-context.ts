import type { NodeRequestHead } from './node-request-head.ts'
import type { OperationPlace } from './operation-places.ts'

/** What is known of a request that came over a socket before it is handed on. */
export interface RequestContext {
  readonly head: NodeRequestHead
  /** What it takes up among the operations under way. */
  readonly place?: OperationPlace | undefined
  /** The context that was made for it, so that its sender is not asked after twice. */
  readonly operationContext?: object
}

/** The head of the request that a context of Yoga's is about; `undefined` where that came without a socket. */
export function headOf(context: object): NodeRequestHead | undefined {
  return 'head' in context ? (context as RequestContext).head : undefined
}
