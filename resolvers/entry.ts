import { type Copied, EncodedJson } from '../src/engine/encoded-json.ts'
import type { Entry } from '../src/engine/entry.ts'
import type { EntryChange } from '../src/engine/events.ts'
import type { PutInput, ReadResult } from '../src/engine/results.ts'
import { FedcacheError } from '../src/errors.ts'
import { peersOf } from './cluster.ts'
import type { ResolverContext } from './context.ts'
import { entryId } from './entry-id.ts'
import { entryError, graphqlError } from './errors.ts'
import type { EntryInput, PutEntryInput, Resolvers } from './generated/schema-types.ts'

function putInput({ key, value, text, bytes, ttl, expiresAt, tags }: PutEntryInput | EntryInput): PutInput {
  // To the engine null is a value, and a wrong one; here it also stands for nothing, beside a value of another format.
  const isOther = (text ?? bytes ?? null) !== null
  return { key, value: value === null && isOther ? undefined : value, text, bytes, ttlMs: ttl, expiresAt, tags }
}

// An error in a list is reported with its position, and fails no other element. Generated types do not know that.
function listed(results: readonly ReadResult[]): readonly (Entry | null)[] {
  if (!results.some((result) => result instanceof FedcacheError)) return results as readonly (Entry | null)[]
  return results.map((result) =>
    result instanceof FedcacheError ? graphqlError(result) : result,
  ) as readonly (Entry | null)[]
}

function failures<Result>(results: readonly (Result | FedcacheError)[], keys: readonly string[]) {
  return results.flatMap((result, index) =>
    result instanceof FedcacheError ? [entryError(index, keys[index]!, result)] : [],
  )
}

/** The JSON value of an entry, which is copied into answers as it is kept. */
const storedValue = {
  resolve: (entry: Entry, _args: object, context: ResolverContext): EncodedJson | null => {
    if (entry.format !== 'json') return null
    takeRoom(entry, context)
    return new EncodedJson(entry.encoded)
  },
  extensions: {
    copied: (entry, context) => {
      const { key, size, format, encoded } = entry as Entry
      // What there is no room for is left to the resolver, which says so.
      const isShown = format === 'json' && (context as ResolverContext).reads.show(key, size) === undefined
      return isShown ? encoded : undefined
    },
  } satisfies Copied,
}

/** Takes room in the answer for a value, before it is decoded. Where there is none, that field fails alone. */
function takeRoom({ key, size }: Entry, { reads }: ResolverContext): void {
  const problem = reads.show(key, size)
  if (problem !== undefined) throw graphqlError(problem)
}

const mutations: Resolvers['Mutation'] = {
  putEntry: async (_parent, { input }, context) => {
    const { entry, confirmedBy, unconfirmed } = await context.engine.put(input.keyspace, putInput(input))
    return { entry, confirmedBy: peersOf(confirmedBy, context), unconfirmed: peersOf(unconfirmed, context) }
  },
  putEntries: async (_parent, { input }, context) => {
    const { results, confirmedBy, unconfirmed } = await context.engine.putMany(
      input.keyspace,
      input.entries.map(putInput),
    )
    return {
      entries: results.map((result) => (result instanceof FedcacheError ? null : result)),
      errors: failures(
        results,
        input.entries.map((entry) => entry.key),
      ),
      confirmedBy: peersOf(confirmedBy, context),
      unconfirmed: peersOf(unconfirmed, context),
    }
  },
  deleteEntry: async (_parent, { input }, context) => {
    const { confirmedBy, unconfirmed } = await context.engine.delete(input.keyspace, input.key)
    return {
      keyspace: input.keyspace,
      key: input.key,
      confirmedBy: peersOf(confirmedBy, context),
      unconfirmed: peersOf(unconfirmed, context),
    }
  },
  deleteEntries: async (_parent, { input }, context) => {
    const { results, confirmedBy, unconfirmed } = await context.engine.deleteMany(input.keyspace, input.keys)
    return {
      keyspace: input.keyspace,
      keys: input.keys.filter((_key, index) => results[index] === true),
      errors: failures(results, input.keys),
      confirmedBy: peersOf(confirmedBy, context),
      unconfirmed: peersOf(unconfirmed, context),
    }
  },
  invalidateTags: async (_parent, { input }, context) => {
    const { confirmedBy, unconfirmed } = await context.engine.invalidateTags(input.keyspace, input.tags)
    return {
      keyspace: input.keyspace,
      tags: input.tags,
      confirmedBy: peersOf(confirmedBy, context),
      unconfirmed: peersOf(unconfirmed, context),
    }
  },
}

/** Resolvers of entry.graphql. */
export const entryResolvers: Required<Pick<Resolvers, 'Query' | 'Mutation' | 'Subscription' | 'Entry'>> = {
  Query: {
    entry: (_parent, { keyspace, key }, context) => context.entries.load(keyspace, key),
    entries: (_parent, { keyspace, keys }, { engine, reads }) => {
      const answered = (results: readonly ReadResult[]): readonly (Entry | null)[] => {
        reads.note(keyspace, results)
        return listed(results)
      }
      const results = engine.read(keyspace, keys)
      return results instanceof Promise ? results.then(answered) : answered(results)
    },
  },
  Mutation: mutations,
  Subscription: {
    entryChanges: {
      subscribe: (_parent, { keyspace, keys }, { engine }) => engine.entryChanges(keyspace, keys ?? undefined),
      resolve: (change: EntryChange) => change,
    },
  },
  Entry: {
    id: (entry) => entryId(entry.keyspace, entry.key),
    value: storedValue,
    text: (entry, _args, context) => {
      if (entry.format === 'bytes') return null
      takeRoom(entry, context)
      return entry.text ?? null
    },
    bytes: (entry, _args, context) => {
      takeRoom(entry, context)
      return entry.bytes
    },
    // These are others every time, so an answer with one of them is not to be kept.
    ttl: (entry, _args, { reads }) => {
      reads.noteServing()
      return entry.ttlMs
    },
    age: (entry, _args, { reads }) => {
      reads.noteServing()
      return entry.ageMs
    },
    servedFrom: (entry, _args, { reads }) => {
      reads.noteServing()
      return entry.servedFrom
    },
    owner: (entry, _args, context) => {
      context.reads.noteServing()
      return entry.owner === null ? null : (context.peers.find(entry.owner) ?? null)
    },
  },
}
