import type { Clock } from '../../ports/index.ts'

/** A message on its way to one peer, in the hands of a {@link DeliveryScheduler}. */
export interface Delivery {
  readonly from: string
  readonly to: string
  readonly subject: string
  readonly bytes: number
  /** Lets it arrive, at the earliest when all that `from` sent to `to` on the subject before has arrived or is lost. */
  deliver(): void
  /** Loses it. */
  drop(): void
}

/**
 * Decides when a message arrives: is called once per message and receiver, and has to call `deliver` or `drop` later,
 * not before it returns. What it never calls is on its way for ever, and all behind it.
 */
export type DeliveryScheduler = (delivery: Delivery) => void

/** Delivers everything at once, in the order it was sent. */
export function promptDelivery(clock: Clock): DeliveryScheduler {
  return (delivery) => {
    clock.setTimer(() => delivery.deliver(), 0)
  }
}

/** What {@link randomDelivery} is made of. */
export interface RandomDeliveryOptions {
  readonly clock: Clock
  /** Numbers from 0 to below 1; seeded, the deliveries are the same every time. */
  readonly random: () => number
  /** Longest delay in milliseconds. Delays are evenly distributed, in whole milliseconds. */
  readonly maxDelayMs: number
  /** Share of the messages that are lost, 0 to 1. Default 0. */
  readonly lossRate?: number
}

/** Delivers with random delays, so that messages on different subjects or from different peers overtake each other. */
export function randomDelivery(options: RandomDeliveryOptions): DeliveryScheduler {
  const { clock, random, maxDelayMs, lossRate = 0 } = options
  return (delivery) => {
    // Both numbers are always drawn, so that changing one setting does not change what the other decides.
    const lost = random() < lossRate
    const delayMs = Math.floor(random() * (maxDelayMs + 1))
    clock.setTimer(() => (lost ? delivery.drop() : delivery.deliver()), delayMs)
  }
}
