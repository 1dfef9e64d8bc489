import { describe, expect, test } from 'vitest'
import { EventHub } from '../../../src/engine/event-hub.ts'

const hubOf = (maxWaiting: number): EventHub<number> => new EventHub<number>({ maxWaiting, missed: () => -1 })

/** Everything that waits for a subscriber whose hub is closed. */
async function rest<Event>(subscription: AsyncIterableIterator<Event>): Promise<Event[]> {
  const events: Event[] = []
  for await (const event of subscription) events.push(event)
  return events
}

describe('a subscriber', () => {
  test('gets what it wants, in order, from the moment it subscribes', async () => {
    const hub = hubOf(10)
    hub.publish(0)
    const even = hub.subscribe((event) => event % 2 === 0)
    const all = hub.subscribe(() => true)
    for (const event of [1, 2, 3, 4]) hub.publish(event)
    hub.close()
    expect(await rest(even)).toEqual([2, 4])
    expect(await rest(all)).toEqual([1, 2, 3, 4])
  })

  test('who waits gets the next event, and each event once', async () => {
    const hub = hubOf(10)
    const subscription = hub.subscribe(() => true)
    const takes = [subscription.next(), subscription.next()]
    hub.publish(1)
    hub.publish(2)
    expect(await Promise.all(takes)).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
    ])
  })

  test('who leaves is forgotten, and its waiting takes end', async () => {
    const hub = hubOf(10)
    const subscription = hub.subscribe(() => true)
    const take = subscription.next()
    expect(hub.size).toBe(1)
    await subscription.return!()
    expect(hub.size).toBe(0)
    hub.publish(1)
    expect(await take).toEqual({ done: true, value: undefined })
    expect(await subscription.next()).toEqual({ done: true, value: undefined })
  })

  test('who leaves drops what waits for it', async () => {
    const hub = hubOf(10)
    const subscription = hub.subscribe(() => true)
    hub.publish(1)
    await subscription.return!()
    expect(await rest(subscription)).toEqual([])
  })

  test('who is too slow is told once that events are missing, where they are missing', async () => {
    const hub = hubOf(2)
    const slow = hub.subscribe(() => true)
    const other = hub.subscribe((event) => event === 5)
    for (const event of [1, 2, 3, 4, 5]) hub.publish(event)
    hub.close()
    expect(await rest(slow)).toEqual([1, 2, -1])
    expect(await rest(other)).toEqual([5])
  })

  test('who catches up in part is not left without word of what it misses later', async () => {
    const hub = hubOf(2)
    const slow = hub.subscribe(() => true)
    for (const event of [1, 2, 3]) hub.publish(event)
    await slow.next()
    await slow.next()
    // One place is free, and the gap still waits. Whatever is dropped now must lie before a gap that is yet to be taken.
    for (const event of [4, 5]) hub.publish(event)
    expect(await slow.next()).toEqual({ done: false, value: -1 })
    hub.publish(6)
    hub.close()
    expect(await rest(slow)).toEqual([6])
  })

  test('who overflows again after it caught up is told again', async () => {
    const hub = hubOf(1)
    const slow = hub.subscribe(() => true)
    for (const event of [1, 2, 3]) hub.publish(event)
    await slow.next()
    await slow.next()
    for (const event of [4, 5, 6]) hub.publish(event)
    hub.close()
    expect(await rest(slow)).toEqual([4, -1])
  })
})
