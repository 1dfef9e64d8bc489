import DataLoader from 'dataloader'
import type { Clock } from '../ports/index.ts'

/** How calls are gathered into bulk calls. */
export interface GatherOptions {
  readonly maxBatchSize: number
  /** How long the first of a batch waits for others, in milliseconds; 0: until the events waiting now are handled. */
  readonly windowMs: number
  readonly clock: Clock
}

/**
 * Gathers single calls, made by whatever requests, into bulk calls. DataLoader keeps the books; its cache is off,
 * because what is on its way already is known to `Flights`.
 *
 * @param call answers all items of a batch in order; where it throws, the items of that batch fail and no others.
 */
export function gather<Item, Result>(
  call: (items: readonly Item[]) => Promise<readonly (Result | Error)[]>,
  { maxBatchSize, windowMs, clock }: GatherOptions,
): DataLoader<Item, Result> {
  return new DataLoader(call, {
    cache: false,
    maxBatchSize,
    batchScheduleFn: (dispatch) => void clock.setTimer(dispatch, windowMs),
  })
}
