/** What hearing a number showed: nothing was missed, something was, or it is old news. */
export type Heard = 'NEXT' | 'GAP' | 'OLD'

interface Seen {
  readonly process: string
  readonly number: number
}

/** Which numbered messages of each sender were seen. A process counts from 1 for as long as it lives. */
export class Sequences {
  readonly #seen = new Map<string, Seen>()

  /** Takes a message with its number. After a gap all before counts as seen: the caller makes up for it. */
  message(sender: string, process: string, number: number): Heard {
    const before = this.lastOf(sender, process)
    if (number <= before) return 'OLD'
    this.#seen.set(sender, { process, number })
    return number === before + 1 ? 'NEXT' : 'GAP'
  }

  /** Whether any number of the sender was heard. */
  knows(sender: string, process: string): boolean {
    return this.#seen.get(sender)?.process === process
  }

  /** Whether the sender's last message, as its heartbeat numbers it, has not been seen. */
  isBehind(sender: string, process: string, last: number): boolean {
    return last > this.lastOf(sender, process)
  }

  /** Counts everything up to a number as seen: the caller makes up for what was missed. */
  catchUp(sender: string, process: string, last: number): void {
    if (this.isBehind(sender, process, last) || !this.knows(sender, process)) {
      this.#seen.set(sender, { process, number: last })
    }
  }

  /** The last number seen of a sender. */
  last(sender: string): number {
    return this.#seen.get(sender)?.number ?? 0
  }

  /** The last number seen of a process; 0 where none was, or another has come after it. */
  lastOf(sender: string, process: string): number {
    const seen = this.#seen.get(sender)
    return seen?.process === process ? seen.number : 0
  }
}
