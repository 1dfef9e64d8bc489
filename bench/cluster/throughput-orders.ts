/** What a process is told to do. */
export interface Order {
  readonly keysPerQuery: number
  readonly seconds: number
}

/** What it answers. */
export interface Result {
  readonly keys: number
  readonly cpuSeconds: number
}

/** How many queries are under way at a time. */
export const inFlight = 64
/** How long every value is. */
export const valueBytes = 200
/** Where the echo is. */
export const subject = 'bench.echo'
