/** What a process is told to do. */
export interface Order {
  readonly keysPerQuery: number
  /** How long every value is. */
  readonly valueBytes: number
  readonly seconds: number
}

/** What it answers. */
export interface Result {
  readonly keys: number
  readonly cpuSeconds: number
}

/** How many queries are under way at a time. */
export const inFlight = 64
/** The sizes of values that are measured. */
export const valueSizes = [200, 1024] as const
/** Bytes that an entry takes in a reply beside its value; its key is not sent back. */
export const entryOverheadBytes = 29
/** Where the echo is. */
export const subject = 'bench.echo'
