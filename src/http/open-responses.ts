import { type IncomingMessage, ServerResponse } from 'node:http'
import type { OperationPlace } from './operation-places.ts'

/** An answer, with what is known of it until it has ended. */
export class OpenResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  readonly startedAtMs: number = performance.now()
  /** What it takes up among the operations under way. */
  place: OperationPlace | undefined = undefined
  /** Where it stands among the open ones. */
  index: number = -1
}

/**
 * The answers that are not complete, in no order. A `Set` would do, but makes a new table whenever most of what it held
 * has gone, which here is after nearly every request, and once it is old each of them stays until the next full
 * collection.
 */
export class OpenResponses {
  readonly #responses: OpenResponse[] = []

  /** Adds one that is not open yet. */
  add(response: OpenResponse): void {
    response.index = this.#responses.push(response) - 1
  }

  /** Takes out one that is. */
  delete({ index }: OpenResponse): void {
    const last = this.#responses.pop()!
    if (last.index === index) return
    this.#responses[index] = last
    last.index = index
  }

  /** Those that are open now. */
  all(): readonly OpenResponse[] {
    return [...this.#responses]
  }
}
