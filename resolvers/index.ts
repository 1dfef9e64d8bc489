import { clusterResolvers } from './cluster.ts'
import { entryResolvers } from './entry.ts'
import { entryReferences } from './entry-references.ts'
import { mappingErrors } from './errors.ts'
import type { Resolvers } from './generated/schema-types.ts'
import { keyspaceResolvers } from './keyspace.ts'
import { base64BytesScalar, dateTimeScalar, durationScalar, jsonScalar } from './scalars.ts'

/** The resolvers of the whole API, by type and field. Their context is a ResolverContext. */
export const resolvers: Resolvers & { readonly [type: string]: object } = {
  JSON: jsonScalar,
  Duration: durationScalar,
  DateTime: dateTimeScalar,
  Base64Bytes: base64BytesScalar,
  Query: mappingErrors({ ...entryResolvers.Query, ...keyspaceResolvers.Query, ...clusterResolvers.Query }),
  Mutation: mappingErrors({ ...entryResolvers.Mutation, ...keyspaceResolvers.Mutation }),
  Subscription: mappingErrors({ ...entryResolvers.Subscription, ...clusterResolvers.Subscription }),
  Entry: { ...entryResolvers.Entry, ...entryReferences },
  Keyspace: keyspaceResolvers.Keyspace,
}
