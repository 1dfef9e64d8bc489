/**
 * A cache outside of the cluster, such as that of a gateway or a CDN, which keeps answers under the tags of what is in
 * them.
 */
export interface InvalidationEndpoint {
  /** How it is named in logs and metrics. */
  readonly name: string
  /** The most tags that it takes at once. Default: 100. */
  readonly maxTags?: number
  /** Names of the keyspaces whose changes it is told of. Default: all. */
  readonly keyspaces?: readonly string[]
  /**
   * Has everything dropped that carries one of the tags. Resolves when the cache took them; rejects when it may not
   * have, and then they are sent again, so taking them twice must do no harm. Errors are logged: put no secrets there.
   * One with `refused: true` says that trying again is of no use: the tags are then sent in smaller batches, and one
   * that is refused alone is given up.
   *
   * @param signal aborted when it takes too long; nobody waits any more then.
   */
  invalidate(tags: readonly string[], signal: AbortSignal): Promise<void>
}
