/** What a process of a cluster is told to do. */
export interface PeerOrder {
  readonly do: 'join' | 'remote' | 'cold' | 'cpu'
  /** Its own name, which for the Go programs is its address. */
  readonly self?: string
  /** Of all processes, for those that are told. */
  readonly addresses?: readonly string[]
  /** Where NATS is, for those that meet there. */
  readonly server?: string
  readonly valueBytes?: number
  /** Whether it keeps copies of what others own. The one that reads from the others does not. */
  readonly keepsOthers?: boolean
  /** Whether it reads one key at a time, whoever asks. */
  readonly oneAtATime?: boolean
  readonly keysPerQuery?: number
  readonly inFlight?: number
  readonly seconds?: number
  /** For each reader, which keys of the round it reads. */
  readonly batches?: readonly number[]
  readonly round?: number
}

/** What it answers. */
export interface PeerAnswer {
  readonly keys: number
  /** Of the process since it began. */
  readonly cpuSeconds: number
  /** Keys that the source was asked for since the last answer. */
  readonly loads: number
  /** Calls of the source, where they are for many keys. */
  readonly calls?: number
  readonly error?: string
}

/** How long the source of cold keys takes. */
export const sourceDelayMs = 10
