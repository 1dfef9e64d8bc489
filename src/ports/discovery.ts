/**
 * Finds the NATS servers of a cluster. Who the peers are is learnt over NATS itself.
 *
 * Test yours with `discoveryContract` of `fedcache/testing`.
 */
export interface Discovery {
  /** How the provider is named in logs. */
  readonly name: string
  /** The servers known now, as `nats://host:port` or `tls://host:port`. Empty when there are none yet. */
  resolve(): Promise<readonly string[]>
  /**
   * Calls `onChange` with the whole new set whenever it changed. Returns a function that stops watching.
   *
   * @param onFailure told of what keeps it from seeing changes; it goes on trying.
   */
  watch?(onChange: (servers: readonly string[]) => void, onFailure?: (error: unknown) => void): Promise<() => void>
  /** Frees what the provider holds. */
  close(): Promise<void>
}
