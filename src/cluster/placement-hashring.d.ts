// The part of `hashring` 3.2.0 that is used here; the package brings no types.
declare module 'hashring' {
  class HashRing {
    /**
     * @param servers points per server: `vnodes` digests, each cut into `replicas` points of 32 bits.
     * @param algorithm a digest that `node:crypto` knows.
     */
    constructor(
      servers: Readonly<Record<string, { readonly vnodes: number }>>,
      algorithm?: string,
      options?: { readonly replicas?: number },
    )
    /** Where the servers' points lie on the ring, ascending, each an unsigned 32-bit integer. */
    points(servers: readonly string[]): Record<string, number[]>
    /** Index of the first point at or after a position; 0 past the last one. */
    find(position: number): number
    readonly ring: readonly { readonly value: number; readonly server: string }[]
  }
  export = HashRing
}
