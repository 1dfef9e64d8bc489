import type { Clock } from '../ports/index.ts'

/** How a call under a deadline ended. */
export type Ending<Result> =
  | { readonly kind: 'RETURNED'; readonly result: Result }
  | { readonly kind: 'FAILED'; readonly cause: unknown }
  | { readonly kind: 'TIMED_OUT' }

/**
 * Runs `call` until it ends or `timeoutMs` have passed; then its signal is aborted and its end no longer awaited.
 *
 * @param onLateEnd called when a call that timed out ends after all.
 */
export function underDeadline<Result>(
  clock: Clock,
  timeoutMs: number,
  call: (signal: AbortSignal) => Promise<Result>,
  onLateEnd?: () => void,
): Promise<Ending<Result>> {
  return new Promise((resolve) => {
    const abort = new AbortController()
    let timedOut = false
    const timer = clock.setTimer(() => {
      timedOut = true
      resolve({ kind: 'TIMED_OUT' })
      abort.abort(new DOMException('The deadline of the call has passed.', 'TimeoutError'))
    }, timeoutMs)
    const end = (ending: Ending<Result>): void => {
      timer.cancel()
      if (timedOut) onLateEnd?.()
      else resolve(ending)
    }
    // A user's function may throw before it returns a promise.
    new Promise<Result>((resolveCall) => resolveCall(call(abort.signal))).then(
      (result) => end({ kind: 'RETURNED', result }),
      (cause: unknown) => end({ kind: 'FAILED', cause }),
    )
  })
}
