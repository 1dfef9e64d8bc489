import { type Bus, BusError } from '../ports/index.ts'

/** Publishes what need not arrive; false where it could not be sent, because there is no connection. */
export function tell(bus: Bus, subject: string, encode: () => Uint8Array): boolean {
  try {
    bus.publish(subject, encode())
    return true
  } catch (error) {
    if (error instanceof BusError) return false
    throw error
  }
}
