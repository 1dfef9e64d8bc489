import { GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { OperationPlaces } from './operation-places.ts'
import type { RequestContext } from './request-context.ts'

/** Refuses subscriptions beyond a number, whichever way they come. One that has begun is no operation under way any more. */
export function useSubscriptionLimit(places: OperationPlaces): Plugin {
  return {
    onSubscribe: ({ subscribeFn, setSubscribeFn }) => {
      setSubscribeFn(async (args) => {
        const place = places.take()
        if (place === undefined) {
          const message = `This server has at most ${places.max} subscriptions at once. Try again later, or elsewhere.`
          const http = { status: 503, headers: { 'retry-after': '1' } }
          return { errors: [new GraphQLError(message, { extensions: { code: 'BUSY', http } })] }
        }
        let events: AsyncIterableIterator<unknown> | undefined
        try {
          const result: unknown = await subscribeFn(args)
          if (!isEvents(result)) return result
          events = endingWith(result, () => place.leave())
          const { place: operation } = args.contextValue as Partial<RequestContext>
          operation?.leave()
          return events
        } finally {
          if (events === undefined) place.leave()
        }
      })
    },
  }
}

function isEvents(result: unknown): result is AsyncIterableIterator<unknown> {
  return typeof result === 'object' && result !== null && Symbol.asyncIterator in result
}

/** Passes events on, and calls `onEnd` when there are no more: because they ended, failed, or nobody wants them. */
function endingWith<Event>(source: AsyncIterableIterator<Event>, onEnd: () => void): AsyncGenerator<Event> {
  const events: AsyncGenerator<Event> = {
    async next() {
      try {
        const result = await source.next()
        if (result.done === true) onEnd()
        return result as IteratorResult<Event, undefined>
      } catch (error) {
        onEnd()
        throw error
      }
    },
    async return(value: unknown) {
      onEnd()
      await source.return?.(value)
      return { done: true, value: undefined }
    },
    async throw(error: unknown) {
      onEnd()
      await source.return?.()
      throw error
    },
    [Symbol.asyncIterator]: () => events,
    [Symbol.asyncDispose]: async () => {
      await events.return(undefined)
    },
  }
  return events
}
