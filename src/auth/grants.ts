import type { Identity } from '../ports/index.ts'

/** What an identity's scopes give. It is the same for names that exist and for names that do not. */
export interface Grants {
  readonly admin: boolean
  /** Whether `/metrics` may be read. */
  readonly metrics: boolean
  readonly mayRead: (keyspace: string) => boolean
  readonly mayWrite: (keyspace: string) => boolean
}

const known = new WeakMap<readonly string[], Grants>()

/**
 * Reads the scopes of an identity. Those that are not understood give nothing: tokens of an identity provider carry
 * scopes for other services as well.
 */
export function grantsOf({ scopes }: Identity): Grants {
  let grants = known.get(scopes)
  if (grants === undefined) known.set(scopes, (grants = readScopes(scopes)))
  return grants
}

function readScopes(scopes: readonly string[]): Grants {
  const all = new Set(scopes)
  const everything = all.has('*')
  const admin = everything || all.has('admin')
  const readsAll = everything || all.has('read:*')
  const writesAll = everything || all.has('write:*')
  return {
    admin,
    metrics: admin || all.has('metrics'),
    mayRead: (keyspace) => readsAll || all.has(`read:${keyspace}`),
    mayWrite: (keyspace) => writesAll || all.has(`write:${keyspace}`),
  }
}
