import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { ClusterInfo, KeyspaceInfo, KeyspaceStats as EngineKeyspaceStats, PeerInfo } from '../../src/engine/results.ts';
import type { ClusterEvent as EngineClusterEvent, EntryChange as EngineEntryChange } from '../../src/engine/events.ts';
import type { Entry as EngineEntry } from '../../src/engine/entry.ts';
import type { ResolverContext } from '../context.ts';
export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /**
   * Bytes in standard base64 with padding (RFC 4648, section 4): `aGVsbG8=`. The URL-safe alphabet, missing padding and line
   * breaks are refused.
   */
  Base64Bytes: { input: Uint8Array; output: Uint8Array; }
  /**
   * A moment in time by RFC 3339, with its offset: `2030-01-31T12:00:00Z` or `2030-01-31T13:00:00.250+01:00`. Answers are
   * in UTC with milliseconds.
   */
  DateTime: { input: Date; output: Date; }
  /**
   * A length of time, written as a whole number and a unit: `250ms`, `30s`, `5m`, `1h` or `7d`. Negative or fractional
   * lengths and lengths over 3650d are refused. Answers use the largest of `ms`, `s`, `m` and `h` that divides exactly: ninety
   * seconds are `90s`, a day is `24h`.
   */
  Duration: { input: number; output: number; }
  /**
   * Any JSON value: an object, list, string, number or boolean, written inline or given as a variable. Numbers are those of
   * JavaScript: whole numbers beyond 2^53 lose digits, so write large ids as strings. `null` is never the value of an entry.
   */
  JSON: { input: unknown; output: unknown; }
};

/** Who may keep an answer that was made from a keyspace. */
export type CacheScope =
  /** Only the client that asked for it. */
  | 'PRIVATE'
  /** Caches that serve several clients too. */
  | 'PUBLIC';

/** The keyspace to clear. */
export type ClearKeyspaceInput = {
  /** Name of the keyspace. */
  readonly name: Scalars['String']['input'];
};

/** What `clearKeyspace` did. */
export type ClearKeyspacePayload = {
  /** Peers that have dropped their copies. */
  readonly confirmedBy: ReadonlyArray<Peer>;
  /** The keyspace, now empty. */
  readonly keyspace: Keyspace;
  /** Peers that did not confirm in time. They serve nothing from memory until they have caught up. */
  readonly unconfirmed: ReadonlyArray<Peer>;
};

/** A set of peers that share the work: each entry has one owner among them, which loads it for all. */
export type Cluster = {
  /** Whether the answering peer is cut off, and serves what it may without the others. */
  readonly degraded: Scalars['Boolean']['output'];
  /** Name of the cluster. Peers with the same name find each other. */
  readonly name: Scalars['String']['output'];
  /** All peers known, the one that answers included. */
  readonly peers: ReadonlyArray<Peer>;
  /** The peer that answers. */
  readonly self: Peer;
  /** Whether all peers report the same view. */
  readonly settled: Scalars['Boolean']['output'];
  /** Hash of the peers that the answering peer believes alive. Peers with the same hash agree on who owns what. */
  readonly view: Scalars['String']['output'];
};

/** A peer came, went or changed its state. */
export type ClusterEvent = {
  /** When the answering peer learnt of it. */
  readonly at: Scalars['DateTime']['output'];
  /** The peer that changed. */
  readonly peer: Peer;
  /** Why it changed, for people. */
  readonly reason: Scalars['String']['output'];
  /** Its state after the change. */
  readonly state: PeerState;
};

/** The keyspace to make. A setting left out has its default. */
export type CreateKeyspaceInput = {
  /** How long misses are gathered before the source is asked for them together; `0s`: only those that arrive at once, the default. */
  readonly batchWindow?: InputMaybe<Scalars['Duration']['input']>;
  /** Who may keep an answer that was made from this keyspace. Default: `PRIVATE`. */
  readonly cacheScope?: InputMaybe<CacheScope>;
  /** What its values are. Default: `JSON`. It cannot be changed later. */
  readonly format?: InputMaybe<ValueFormat>;
  /** The most keys in one call to the source. Default: 500. */
  readonly maxBatchSize?: InputMaybe<Scalars['Int']['input']>;
  /** The most bytes that a peer holds in memory: keys, values and what their bookkeeping takes. */
  readonly maxBytes?: InputMaybe<Scalars['Float']['input']>;
  /** The most entries that a peer holds in memory. Default: only bytes count. */
  readonly maxEntries?: InputMaybe<Scalars['Float']['input']>;
  /** The most bytes that one value may have. Default: 8 MiB. */
  readonly maxValueBytes?: InputMaybe<Scalars['Float']['input']>;
  /** Name of the new keyspace. */
  readonly name: Scalars['String']['input'];
  /** How old a copy may be that a peer keeps of an entry that another peer owns. Default: `10s`. */
  readonly nearTtl?: InputMaybe<Scalars['Duration']['input']>;
  /** How long it is remembered that the source has no entry; `0s`: not at all. Default: `5s`. */
  readonly negativeTtl?: InputMaybe<Scalars['Duration']['input']>;
  /** How long a read waits at most. Default: `10s`. */
  readonly readTimeout?: InputMaybe<Scalars['Duration']['input']>;
  /** One of the configuration's `sources`, by name. Without it the keyspace holds what is put, and nothing else. */
  readonly source?: InputMaybe<Scalars['String']['input']>;
  /** How long after its expiry an entry is served, as stale, when loading it fails. Default: `0s`. */
  readonly staleIfError?: InputMaybe<Scalars['Duration']['input']>;
  /** How long after its expiry an entry is still served, as stale, while it is loaded anew. Default: `0s`. */
  readonly staleWhileRevalidate?: InputMaybe<Scalars['Duration']['input']>;
  /** How long an entry lives. Default: `5m`. */
  readonly ttl?: InputMaybe<Scalars['Duration']['input']>;
  /** Share of the ttl, 0 to 1, taken off at random, so that entries loaded together do not expire together. Default: 0. */
  readonly ttlJitter?: InputMaybe<Scalars['Float']['input']>;
  /** How long a write waits at most. Default: `5s`. */
  readonly writeTimeout?: InputMaybe<Scalars['Duration']['input']>;
};

/** What `createKeyspace` did. */
export type CreateKeyspacePayload = {
  /** The new keyspace. */
  readonly keyspace: Keyspace;
};

/** The entries to delete. */
export type DeleteEntriesInput = {
  /** Keys of the entries, at most 1,000 unless configured otherwise. */
  readonly keys: ReadonlyArray<Scalars['String']['input']>;
  /** Name of the keyspace. */
  readonly keyspace: Scalars['String']['input'];
};

/** What `deleteEntries` did. */
export type DeleteEntriesPayload = {
  /** Peers that have dropped their copies. */
  readonly confirmedBy: ReadonlyArray<Peer>;
  /** Why the other keys were not deleted. */
  readonly errors: ReadonlyArray<EntryError>;
  /** Keys that were deleted, in the order given. */
  readonly keys: ReadonlyArray<Scalars['String']['output']>;
  /** Name of the keyspace. */
  readonly keyspace: Scalars['String']['output'];
  /** Peers that did not confirm in time. They serve nothing from memory until they have caught up. */
  readonly unconfirmed: ReadonlyArray<Peer>;
};

/** The entry to delete. */
export type DeleteEntryInput = {
  /** Key of the entry. */
  readonly key: Scalars['String']['input'];
  /** Name of the keyspace. */
  readonly keyspace: Scalars['String']['input'];
};

/** What `deleteEntry` did. */
export type DeleteEntryPayload = {
  /** Peers that have dropped their copies. */
  readonly confirmedBy: ReadonlyArray<Peer>;
  /** Key of the entry that was deleted. */
  readonly key: Scalars['String']['output'];
  /** Name of the keyspace. */
  readonly keyspace: Scalars['String']['output'];
  /** Peers that did not confirm in time. They serve nothing from memory until they have caught up. */
  readonly unconfirmed: ReadonlyArray<Peer>;
};

/** The keyspace to delete. */
export type DeleteKeyspaceInput = {
  /** Name of the keyspace. */
  readonly name: Scalars['String']['input'];
};

/** What `deleteKeyspace` did. */
export type DeleteKeyspacePayload = {
  /** Peers that have dropped the keyspace. */
  readonly confirmedBy: ReadonlyArray<Peer>;
  /** Name of the keyspace that was deleted. */
  readonly name: Scalars['String']['output'];
  /** Peers that did not confirm in time. They serve nothing from memory until they have caught up. */
  readonly unconfirmed: ReadonlyArray<Peer>;
};

/** The keyspaces to delete. */
export type DeleteKeyspacesInput = {
  /** Names of the keyspaces. */
  readonly names: ReadonlyArray<Scalars['String']['input']>;
};

/** What `deleteKeyspaces` did. */
export type DeleteKeyspacesPayload = {
  /** Peers that have dropped the keyspaces. */
  readonly confirmedBy: ReadonlyArray<Peer>;
  /** Names of the keyspaces that were deleted. */
  readonly names: ReadonlyArray<Scalars['String']['output']>;
  /** Peers that did not confirm in time. They serve nothing from memory until they have caught up. */
  readonly unconfirmed: ReadonlyArray<Peer>;
};

/** A key, its value, and what is known of them. It describes one reading; reading again may give another. */
export type Entry = {
  /** How long ago the value was loaded or put. */
  readonly age: Scalars['Duration']['output'];
  /** The value as bytes, in every format: those of a `BYTES` value, or the UTF-8 of the text. */
  readonly bytes?: Maybe<Scalars['Base64Bytes']['output']>;
  /** When the value was loaded or put. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** When the entry expires; `null` where it does not. */
  readonly expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** Names the entry across keyspaces: base64url, without padding, of the JSON list `[keyspace, key]`. */
  readonly id: Scalars['ID']['output'];
  /** Key of the entry within its keyspace. */
  readonly key: Scalars['String']['output'];
  /** Name of the keyspace that holds the entry. */
  readonly keyspace: Scalars['String']['output'];
  /** The peer that owns the entry: it alone loads it; `null` where no owner is known. */
  readonly owner?: Maybe<Peer>;
  /** Where this reading was answered from. */
  readonly servedFrom: ServedFrom;
  /** Length of the value in bytes, as stored. */
  readonly size: Scalars['Int']['output'];
  /** Whether the entry had expired when it was read. The keyspace's stale settings say when such entries are served. */
  readonly stale: Scalars['Boolean']['output'];
  /** Tags that `invalidateTags` finds the entry by. */
  readonly tags: ReadonlyArray<Scalars['String']['output']>;
  /** The value as text, where the format is `TEXT`, or as JSON text where it is `JSON`; otherwise `null`. */
  readonly text?: Maybe<Scalars['String']['output']>;
  /** How long the entry has left, `0s` once it has expired; `null` where it does not expire. */
  readonly ttl?: Maybe<Scalars['Duration']['output']>;
  /** The value, where the keyspace's format is `JSON`; otherwise `null`. */
  readonly value?: Maybe<Scalars['JSON']['output']>;
  /** Grows with every write of the entry. A decimal number too large for `Int`; compare it as one. */
  readonly version: Scalars['String']['output'];
};

/** A change of an entry, or of a whole keyspace. */
export type EntryChange = {
  /** Key of the entry; `null` where the change concerns the whole keyspace. */
  readonly key?: Maybe<Scalars['String']['output']>;
  /** Name of the keyspace. */
  readonly keyspace: Scalars['String']['output'];
  /** What happened. */
  readonly kind: EntryChangeKind;
  /** Version of the entry after the change, where it has one. */
  readonly version?: Maybe<Scalars['String']['output']>;
};

/** What happened to an entry, or a keyspace. */
export type EntryChangeKind =
  /** The keyspace was cleared or deleted. */
  | 'CLEARED'
  /** The entry was deleted. */
  | 'DELETED'
  /** What changed is not known: events were lost, or entries were invalidated by tag. Read again what matters. */
  | 'MISSED'
  /** The entry was stored. */
  | 'PUT';

/** One key of a call with several that failed. The others are not affected. */
export type EntryError = {
  /** What went wrong, for programs. */
  readonly code: ErrorCode;
  /** Position of the key in the call, counted from 0. */
  readonly index: Scalars['Int']['output'];
  /** The key, as it was given. */
  readonly key: Scalars['String']['output'];
  /** What went wrong, for people. */
  readonly message: Scalars['String']['output'];
  /** For writes: what the failure left behind. */
  readonly outcome?: Maybe<WriteOutcome>;
};

/** One of several entries to store: as `PutEntryInput`, without the keyspace. */
export type EntryInput = {
  /** The value, for a keyspace of format `BYTES`. */
  readonly bytes?: InputMaybe<Scalars['Base64Bytes']['input']>;
  /** When the entry expires; it must lie in the future. */
  readonly expiresAt?: InputMaybe<Scalars['DateTime']['input']>;
  /** Key of the entry: 1 to 1,024 bytes of UTF-8, unless configured otherwise. */
  readonly key: Scalars['String']['input'];
  /** Tags that `invalidateTags` will find the entry by. */
  readonly tags?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** The value, for a keyspace of format `TEXT`. */
  readonly text?: InputMaybe<Scalars['String']['input']>;
  /** How long the entry lives, also in a source that knows of lifetimes. Without it, and without `expiresAt`, the keyspace's `ttl` says how long copies live. */
  readonly ttl?: InputMaybe<Scalars['Duration']['input']>;
  /** The value, for a keyspace of format `JSON`. Not `null`: delete the entry instead. */
  readonly value?: InputMaybe<Scalars['JSON']['input']>;
};

/**
 * What went wrong. The same codes stand in `extensions.code` of GraphQL errors. Beside them GraphQL's own codes are used:
 * `GRAPHQL_PARSE_FAILED`, `GRAPHQL_VALIDATION_FAILED` and `BAD_REQUEST`; `INTERNAL_SERVER_ERROR` is a bug in fedcache or
 * in the functions of its configuration, and only the server's log tells more.
 */
export type ErrorCode =
  /** An argument cannot be used. The message says which, why, and what was received. */
  | 'BAD_USER_INPUT'
  /** Too much is going on. Retry after a moment. */
  | 'BUSY'
  /** Whoever is asking may not do this. */
  | 'FORBIDDEN'
  /** A value is not what the format of its keyspace takes, or its source gave something that cannot be encoded. */
  | 'INVALID_VALUE'
  /** A keyspace with this name exists already. */
  | 'KEYSPACE_EXISTS'
  /** No keyspace has this name. `keyspaces { name }` lists those that exist. */
  | 'KEYSPACE_NOT_FOUND'
  /** The answer was not there within the keyspace's `readTimeout`. */
  | 'READ_TIMEOUT'
  /** The source has failed repeatedly and is being left alone for a while. */
  | 'SOURCE_CIRCUIT_OPEN'
  /** The keyspace's source failed. Retrying may help. */
  | 'SOURCE_FAILED'
  /** The keyspace's `rateLimit` allows no further call to its source right now. */
  | 'SOURCE_RATE_LIMITED'
  /** The keyspace's source did not answer in time. Retrying may help. */
  | 'SOURCE_TIMEOUT'
  /** More keys or entries were given than one call may carry. Split the call. */
  | 'TOO_MANY_KEYS'
  /** Who is asking could not be told. Send credentials. */
  | 'UNAUTHENTICATED'
  /** This peer cannot do that now: it is starting, stopping, or cut off from the others. */
  | 'UNAVAILABLE'
  /** A value is larger than the keyspace's `maxValueBytes`, or than the keyspace can hold. The entry that was there stays. */
  | 'VALUE_TOO_LARGE';

/** What to drop from memory. */
export type InvalidateTagsInput = {
  /** Name of the keyspace. */
  readonly keyspace: Scalars['String']['input'];
  /** Tags; an entry that carries any of them is dropped. */
  readonly tags: ReadonlyArray<Scalars['String']['input']>;
};

/** What `invalidateTags` did. */
export type InvalidateTagsPayload = {
  /** Peers that have dropped their copies. */
  readonly confirmedBy: ReadonlyArray<Peer>;
  /** Name of the keyspace. */
  readonly keyspace: Scalars['String']['output'];
  /** The tags that were invalidated. */
  readonly tags: ReadonlyArray<Scalars['String']['output']>;
  /** Peers that did not confirm in time. They serve nothing from memory until they have caught up. */
  readonly unconfirmed: ReadonlyArray<Peer>;
};

/** A named set of entries with one source, or none, and one set of rules. Limits hold for each peer by itself. */
export type Keyspace = {
  /** How long misses are gathered before the source is asked for them together; `0s`: only those that arrive at once. */
  readonly batchWindow: Scalars['Duration']['output'];
  /** Who may keep an answer that was made from this keyspace. */
  readonly cacheScope: CacheScope;
  /** What its values are. */
  readonly format: ValueFormat;
  /** The most keys in one call to the source. */
  readonly maxBatchSize: Scalars['Int']['output'];
  /** The most bytes that a peer holds in memory for this keyspace: keys, values and what their bookkeeping takes. */
  readonly maxBytes: Scalars['Float']['output'];
  /** The most entries that a peer holds in memory; `null`: only bytes count. */
  readonly maxEntries?: Maybe<Scalars['Float']['output']>;
  /** The most bytes that one value may have. */
  readonly maxValueBytes: Scalars['Float']['output'];
  /** Name of the keyspace. */
  readonly name: Scalars['String']['output'];
  /** How old a copy may be that a peer keeps of an entry that another peer owns. */
  readonly nearTtl: Scalars['Duration']['output'];
  /** How long it is remembered that the source has no entry; `0s`: not at all. */
  readonly negativeTtl: Scalars['Duration']['output'];
  /** Where it was defined. */
  readonly origin: KeyspaceOrigin;
  /** How long a read waits at most. */
  readonly readTimeout: Scalars['Duration']['output'];
  /** Name of the source that its values come from; `null` where there is none and entries are only put. */
  readonly source?: Maybe<Scalars['String']['output']>;
  /** How long after its expiry an entry is served, as stale, when loading it fails. */
  readonly staleIfError: Scalars['Duration']['output'];
  /** How long after its expiry an entry is still served, as stale, while it is loaded anew in the background. */
  readonly staleWhileRevalidate: Scalars['Duration']['output'];
  /** What the peer that answers has counted. */
  readonly stats: KeyspaceStats;
  /** How long an entry lives, where neither its source nor whoever puts it says otherwise; `null`: it does not expire. */
  readonly ttl?: Maybe<Scalars['Duration']['output']>;
  /** Whether the source takes writes, so that what is put or deleted here is put or deleted there. */
  readonly writable: Scalars['Boolean']['output'];
  /** How long a write waits at most. */
  readonly writeTimeout: Scalars['Duration']['output'];
};

/** Where a keyspace was defined. */
export type KeyspaceOrigin =
  /** In the configuration. */
  | 'CONFIG'
  /** Through the API, with `createKeyspace`. */
  | 'RUNTIME';

/**
 * What the peer that answers has counted for a keyspace since the peer started or the keyspace was made. Counters are
 * `Float` because `Int` ends at 2^31.
 */
export type KeyspaceStats = {
  /** Bytes held now: keys, values and what their bookkeeping takes. */
  readonly bytes: Scalars['Float']['output'];
  /** Entries deleted. */
  readonly deletes: Scalars['Float']['output'];
  /** Entries in memory now. */
  readonly entries: Scalars['Float']['output'];
  /** Entries given up to make room. */
  readonly evictions: Scalars['Float']['output'];
  /** Loaded values that were not stored because the entry was written or invalidated while they were on their way. */
  readonly fencedFills: Scalars['Float']['output'];
  /** Keys answered from memory, stale and remembered not-found answers included. */
  readonly hits: Scalars['Float']['output'];
  /** Keys that the source failed to answer. */
  readonly loadErrors: Scalars['Float']['output'];
  /** Keys asked of the source. */
  readonly loadedKeys: Scalars['Float']['output'];
  /** Calls made to the source. One call may load many keys. */
  readonly loads: Scalars['Float']['output'];
  /** Keys that were not in memory. */
  readonly misses: Scalars['Float']['output'];
  /** Keys answered from a copy of an entry that another peer owns. */
  readonly nearHits: Scalars['Float']['output'];
  /** Keys read from other peers. */
  readonly peerReads: Scalars['Float']['output'];
  /** Entries put. */
  readonly puts: Scalars['Float']['output'];
  /** Keys answered with an entry past its expiry. */
  readonly staleHits: Scalars['Float']['output'];
};

/**
 * Writes. A mutation answers when every reachable peer has dropped its older copies; peers that did not confirm in time
 * are listed as `unconfirmed`. The last write of an entry wins.
 */
export type Mutation = {
  /** Drops all entries of a keyspace from the memory of every peer. The source is not changed; the next read loads anew. */
  readonly clearKeyspace: ClearKeyspacePayload;
  /**
   * Makes a keyspace in the whole cluster, until it is deleted or the last peer stops. Without a source its entries are
   * those that are put.
   */
  readonly createKeyspace: CreateKeyspacePayload;
  /** Deletes several entries of one keyspace, each as `deleteEntry` does. Each is deleted or fails on its own. */
  readonly deleteEntries: DeleteEntriesPayload;
  /**
   * Deletes one entry, and where the keyspace has a writable source deletes it there too. Elsewhere it only drops the
   * entry from memory: the next read loads it again. Deleting what does not exist succeeds.
   */
  readonly deleteEntry: DeleteEntryPayload;
  /**
   * Deletes a keyspace and drops its entries in the whole cluster. The source is not changed. One of the configuration is
   * back when the cluster has been restarted.
   */
  readonly deleteKeyspace: DeleteKeyspacePayload;
  /** Deletes several keyspaces, as `deleteKeyspace` does. When one of them does not exist none is deleted. */
  readonly deleteKeyspaces: DeleteKeyspacesPayload;
  /**
   * Drops all entries of a keyspace that carry at least one of the tags from the memory of every peer. The source is not
   * changed; the next read loads anew.
   */
  readonly invalidateTags: InvalidateTagsPayload;
  /**
   * Stores several entries of one keyspace. Each is stored or fails on its own. Where a key is given twice the last one
   * wins, and the earlier one is reported as an error.
   */
  readonly putEntries: PutEntriesPayload;
  /**
   * Stores one entry, in place of one that is there. In a keyspace with a writable source it answers after the source has
   * the value; elsewhere the entry lives in memory only, and is lost when it is evicted or its owner crashes.
   */
  readonly putEntry: PutEntryPayload;
  /**
   * Changes settings of a keyspace in the whole cluster. A setting left out stays as it is. Entries that are in memory
   * keep their expiry.
   */
  readonly updateKeyspace: UpdateKeyspacePayload;
  /** Loads entries into memory before anybody asks for them. */
  readonly warmKeyspace: WarmKeyspacePayload;
};


/**
 * Writes. A mutation answers when every reachable peer has dropped its older copies; peers that did not confirm in time
 * are listed as `unconfirmed`. The last write of an entry wins.
 */
export type MutationClearKeyspaceArgs = {
  input: ClearKeyspaceInput;
};


/**
 * Writes. A mutation answers when every reachable peer has dropped its older copies; peers that did not confirm in time
 * are listed as `unconfirmed`. The last write of an entry wins.
 */
export type MutationCreateKeyspaceArgs = {
  input: CreateKeyspaceInput;
};


/**
 * Writes. A mutation answers when every reachable peer has dropped its older copies; peers that did not confirm in time
 * are listed as `unconfirmed`. The last write of an entry wins.
 */
export type MutationDeleteEntriesArgs = {
  input: DeleteEntriesInput;
};


/**
 * Writes. A mutation answers when every reachable peer has dropped its older copies; peers that did not confirm in time
 * are listed as `unconfirmed`. The last write of an entry wins.
 */
export type MutationDeleteEntryArgs = {
  input: DeleteEntryInput;
};


/**
 * Writes. A mutation answers when every reachable peer has dropped its older copies; peers that did not confirm in time
 * are listed as `unconfirmed`. The last write of an entry wins.
 */
export type MutationDeleteKeyspaceArgs = {
  input: DeleteKeyspaceInput;
};


/**
 * Writes. A mutation answers when every reachable peer has dropped its older copies; peers that did not confirm in time
 * are listed as `unconfirmed`. The last write of an entry wins.
 */
export type MutationDeleteKeyspacesArgs = {
  input: DeleteKeyspacesInput;
};


/**
 * Writes. A mutation answers when every reachable peer has dropped its older copies; peers that did not confirm in time
 * are listed as `unconfirmed`. The last write of an entry wins.
 */
export type MutationInvalidateTagsArgs = {
  input: InvalidateTagsInput;
};


/**
 * Writes. A mutation answers when every reachable peer has dropped its older copies; peers that did not confirm in time
 * are listed as `unconfirmed`. The last write of an entry wins.
 */
export type MutationPutEntriesArgs = {
  input: PutEntriesInput;
};


/**
 * Writes. A mutation answers when every reachable peer has dropped its older copies; peers that did not confirm in time
 * are listed as `unconfirmed`. The last write of an entry wins.
 */
export type MutationPutEntryArgs = {
  input: PutEntryInput;
};


/**
 * Writes. A mutation answers when every reachable peer has dropped its older copies; peers that did not confirm in time
 * are listed as `unconfirmed`. The last write of an entry wins.
 */
export type MutationUpdateKeyspaceArgs = {
  input: UpdateKeyspaceInput;
};


/**
 * Writes. A mutation answers when every reachable peer has dropped its older copies; peers that did not confirm in time
 * are listed as `unconfirmed`. The last write of an entry wins.
 */
export type MutationWarmKeyspaceArgs = {
  input: WarmKeyspaceInput;
};

/** One running process of fedcache. */
export type Peer = {
  /**
   * Hash of its configured keyspaces. A peer that shows another than the rest is configured differently, and may answer
   * differently.
   */
  readonly config: Scalars['String']['output'];
  /** Names the process across restarts. */
  readonly id: Scalars['ID']['output'];
  /** New at every start of the process, and after the others had given it up. */
  readonly incarnation: Scalars['String']['output'];
  /** How many of the 4,096 slots that the key space is cut in it owns. */
  readonly slots: Scalars['Int']['output'];
  /** What the answering peer thinks of it. */
  readonly state: PeerState;
  /** Where its GraphQL API is reached; `null` where it did not say. */
  readonly url?: Maybe<Scalars['String']['output']>;
};

/** What one peer thinks of another. */
export type PeerState =
  /** It is heard. */
  | 'ALIVE'
  /** It has been silent for too long, or has left. It owns nothing. */
  | 'DEAD'
  /** It has said that it is there, and does not own anything yet. */
  | 'JOINING'
  /** It has said that it is about to stop, and is handing over. */
  | 'LEAVING'
  /** It has been silent for a moment. Another peer answers for it. */
  | 'SUSPECT';

/** The entries to store. */
export type PutEntriesInput = {
  /** The entries, at most 1,000 unless configured otherwise. */
  readonly entries: ReadonlyArray<EntryInput>;
  /** Name of the keyspace. */
  readonly keyspace: Scalars['String']['input'];
};

/** What `putEntries` did. */
export type PutEntriesPayload = {
  /** Peers that have dropped their older copies. */
  readonly confirmedBy: ReadonlyArray<Peer>;
  /** For each entry given, in order: the entry as it is stored now, or `null` where it failed. */
  readonly entries: ReadonlyArray<Maybe<Entry>>;
  /** Why entries failed. */
  readonly errors: ReadonlyArray<EntryError>;
  /** Peers that did not confirm in time. They serve nothing from memory until they have caught up. */
  readonly unconfirmed: ReadonlyArray<Peer>;
};

/** The entry to store. Give exactly one of `value`, `text` and `bytes`, and at most one of `ttl` and `expiresAt`. */
export type PutEntryInput = {
  /** The value, for a keyspace of format `BYTES`. */
  readonly bytes?: InputMaybe<Scalars['Base64Bytes']['input']>;
  /** When the entry expires; it must lie in the future. */
  readonly expiresAt?: InputMaybe<Scalars['DateTime']['input']>;
  /** Key of the entry: 1 to 1,024 bytes of UTF-8, unless configured otherwise. */
  readonly key: Scalars['String']['input'];
  /** Name of the keyspace. */
  readonly keyspace: Scalars['String']['input'];
  /** Tags that `invalidateTags` will find the entry by. */
  readonly tags?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** The value, for a keyspace of format `TEXT`. */
  readonly text?: InputMaybe<Scalars['String']['input']>;
  /** How long the entry lives, also in a source that knows of lifetimes. Without it, and without `expiresAt`, the keyspace's `ttl` says how long copies live. */
  readonly ttl?: InputMaybe<Scalars['Duration']['input']>;
  /** The value, for a keyspace of format `JSON`. Not `null`: delete the entry instead. */
  readonly value?: InputMaybe<Scalars['JSON']['input']>;
};

/** What `putEntry` did. */
export type PutEntryPayload = {
  /** Peers that have dropped their older copies. */
  readonly confirmedBy: ReadonlyArray<Peer>;
  /** The entry as it is stored now. */
  readonly entry: Entry;
  /** Peers that did not confirm in time. They serve nothing from memory until they have caught up. */
  readonly unconfirmed: ReadonlyArray<Peer>;
};

/** Reads never change what a client sees; an entry that is not in memory is loaded from its keyspace's source. */
export type Query = {
  /** The cluster as the peer that answers sees it. A process that runs alone is a cluster of one. */
  readonly cluster: Cluster;
  /**
   * Reads several entries of one keyspace, at most 1,000 unless configured otherwise. The answer has one element for each
   * key, in the order of `keys`: the entry, or `null` where the source has none. A key that fails is `null` as well, and
   * has an error whose `path` ends in its position; the other keys are answered all the same.
   */
  readonly entries: ReadonlyArray<Maybe<Entry>>;
  /**
   * Reads one entry: from memory, or else from the source of the keyspace. `null` where the source has none. Several
   * `entry` fields in one request are read together.
   */
  readonly entry?: Maybe<Entry>;
  /** One keyspace; `null` where there is none of this name. */
  readonly keyspace?: Maybe<Keyspace>;
  /** All keyspaces, by name. */
  readonly keyspaces: ReadonlyArray<Keyspace>;
};


/** Reads never change what a client sees; an entry that is not in memory is loaded from its keyspace's source. */
export type QueryEntriesArgs = {
  keys: ReadonlyArray<Scalars['String']['input']>;
  keyspace: Scalars['String']['input'];
};


/** Reads never change what a client sees; an entry that is not in memory is loaded from its keyspace's source. */
export type QueryEntryArgs = {
  key: Scalars['String']['input'];
  keyspace: Scalars['String']['input'];
};


/** Reads never change what a client sees; an entry that is not in memory is loaded from its keyspace's source. */
export type QueryKeyspaceArgs = {
  name: Scalars['String']['input'];
};

/** Where a reading was answered from. */
export type ServedFrom =
  /** A copy that the asked peer keeps though another owns the entry; at most the keyspace's `nearTtl` old. */
  | 'NEAR'
  /** The memory of the entry's owner, which is the peer that was asked. */
  | 'OWNER'
  /** The memory of another peer. */
  | 'PEER'
  /** The source of the keyspace: the entry was not in memory. */
  | 'SOURCE'
  /** A copy past its expiry, as the keyspace's stale settings allow. */
  | 'STALE';

/** What a peer tells while a client listens, over server-sent events or a WebSocket (graphql-transport-ws). */
export type Subscription = {
  /** Peers coming, going and changing their state, as the peer that answers learns of them. */
  readonly clusterEvents: ClusterEvent;
  /**
   * Changes to the entries of a keyspace as this peer learns of them: what was put, deleted or cleared through any peer.
   * Loads, expiry and eviction are no changes. Delivery is best effort; `MISSED` tells that some events were lost.
   */
  readonly entryChanges: EntryChange;
};


/** What a peer tells while a client listens, over server-sent events or a WebSocket (graphql-transport-ws). */
export type SubscriptionEntryChangesArgs = {
  keys?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  keyspace: Scalars['String']['input'];
};

/** The keyspace to change, and the settings to change. A setting left out, or `null`, stays as it is. */
export type UpdateKeyspaceInput = {
  /** How long misses are gathered before the source is asked for them together; `0s`: only those that arrive at once. */
  readonly batchWindow?: InputMaybe<Scalars['Duration']['input']>;
  /** Who may keep an answer that was made from this keyspace. */
  readonly cacheScope?: InputMaybe<CacheScope>;
  /** The most keys in one call to the source. */
  readonly maxBatchSize?: InputMaybe<Scalars['Int']['input']>;
  /** The most bytes that a peer holds in memory: keys, values and what their bookkeeping takes. */
  readonly maxBytes?: InputMaybe<Scalars['Float']['input']>;
  /** The most entries that a peer holds in memory. */
  readonly maxEntries?: InputMaybe<Scalars['Float']['input']>;
  /** The most bytes that one value may have. Values that are in memory stay. */
  readonly maxValueBytes?: InputMaybe<Scalars['Float']['input']>;
  /** Name of the keyspace. */
  readonly name: Scalars['String']['input'];
  /** How old a copy may be that a peer keeps of an entry that another peer owns. */
  readonly nearTtl?: InputMaybe<Scalars['Duration']['input']>;
  /** How long it is remembered that the source has no entry; `0s`: not at all. */
  readonly negativeTtl?: InputMaybe<Scalars['Duration']['input']>;
  /** How long a read waits at most. */
  readonly readTimeout?: InputMaybe<Scalars['Duration']['input']>;
  /** How long after its expiry an entry is served, as stale, when loading it fails. */
  readonly staleIfError?: InputMaybe<Scalars['Duration']['input']>;
  /** How long after its expiry an entry is still served, as stale, while it is loaded anew. */
  readonly staleWhileRevalidate?: InputMaybe<Scalars['Duration']['input']>;
  /** How long an entry lives. It holds for entries loaded or put from now on. */
  readonly ttl?: InputMaybe<Scalars['Duration']['input']>;
  /** Share of the ttl, 0 to 1, taken off at random, so that entries loaded together do not expire together. */
  readonly ttlJitter?: InputMaybe<Scalars['Float']['input']>;
  /** How long a write waits at most. */
  readonly writeTimeout?: InputMaybe<Scalars['Duration']['input']>;
};

/** What `updateKeyspace` did. */
export type UpdateKeyspacePayload = {
  /** The keyspace with its new settings. */
  readonly keyspace: Keyspace;
};

/** What the values of a keyspace are. */
export type ValueFormat =
  /** Bytes. They can be read as `bytes`. */
  | 'BYTES'
  /** JSON values. They can be read as `value`, `text` and `bytes`. */
  | 'JSON'
  /** Text. It can be read as `text` and `bytes`. */
  | 'TEXT';

/** What to load. */
export type WarmKeyspaceInput = {
  /** Keys to load, however many. Without them: the configuration's `warmKeys`. */
  readonly keys?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** Name of the keyspace. */
  readonly name: Scalars['String']['input'];
};

/** What `warmKeyspace` did. */
export type WarmKeyspacePayload = {
  /** Why the other keys are not in memory. */
  readonly errors: ReadonlyArray<EntryError>;
  /** The keyspace. */
  readonly keyspace: Keyspace;
  /** How many of the keys are in memory now. */
  readonly loaded: Scalars['Int']['output'];
  /** How many of the keys the source does not have. */
  readonly notFound: Scalars['Int']['output'];
};

/** What a failed write left behind. The same words stand in `extensions.outcome` of the errors of mutations. */
export type WriteOutcome =
  /** Nothing was changed. */
  | 'NONE'
  /** The write may have happened, or may still happen. Repeat it to be sure. */
  | 'UNKNOWN';



export type ResolverTypeWrapper<T> = Promise<T> | T;


export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;





/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  Base64Bytes: ResolverTypeWrapper<Scalars['Base64Bytes']['output']>;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  CacheScope: CacheScope;
  ClearKeyspaceInput: ClearKeyspaceInput;
  ClearKeyspacePayload: ResolverTypeWrapper<Omit<ClearKeyspacePayload, 'confirmedBy' | 'keyspace' | 'unconfirmed'> & { confirmedBy: ReadonlyArray<ResolversTypes['Peer']>, keyspace: ResolversTypes['Keyspace'], unconfirmed: ReadonlyArray<ResolversTypes['Peer']> }>;
  Cluster: ResolverTypeWrapper<ClusterInfo>;
  ClusterEvent: ResolverTypeWrapper<EngineClusterEvent>;
  CreateKeyspaceInput: CreateKeyspaceInput;
  CreateKeyspacePayload: ResolverTypeWrapper<Omit<CreateKeyspacePayload, 'keyspace'> & { keyspace: ResolversTypes['Keyspace'] }>;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  DeleteEntriesInput: DeleteEntriesInput;
  DeleteEntriesPayload: ResolverTypeWrapper<Omit<DeleteEntriesPayload, 'confirmedBy' | 'unconfirmed'> & { confirmedBy: ReadonlyArray<ResolversTypes['Peer']>, unconfirmed: ReadonlyArray<ResolversTypes['Peer']> }>;
  DeleteEntryInput: DeleteEntryInput;
  DeleteEntryPayload: ResolverTypeWrapper<Omit<DeleteEntryPayload, 'confirmedBy' | 'unconfirmed'> & { confirmedBy: ReadonlyArray<ResolversTypes['Peer']>, unconfirmed: ReadonlyArray<ResolversTypes['Peer']> }>;
  DeleteKeyspaceInput: DeleteKeyspaceInput;
  DeleteKeyspacePayload: ResolverTypeWrapper<Omit<DeleteKeyspacePayload, 'confirmedBy' | 'unconfirmed'> & { confirmedBy: ReadonlyArray<ResolversTypes['Peer']>, unconfirmed: ReadonlyArray<ResolversTypes['Peer']> }>;
  DeleteKeyspacesInput: DeleteKeyspacesInput;
  DeleteKeyspacesPayload: ResolverTypeWrapper<Omit<DeleteKeyspacesPayload, 'confirmedBy' | 'unconfirmed'> & { confirmedBy: ReadonlyArray<ResolversTypes['Peer']>, unconfirmed: ReadonlyArray<ResolversTypes['Peer']> }>;
  Duration: ResolverTypeWrapper<Scalars['Duration']['output']>;
  Entry: ResolverTypeWrapper<EngineEntry>;
  EntryChange: ResolverTypeWrapper<EngineEntryChange>;
  EntryChangeKind: EntryChangeKind;
  EntryError: ResolverTypeWrapper<EntryError>;
  EntryInput: EntryInput;
  ErrorCode: ErrorCode;
  Float: ResolverTypeWrapper<Scalars['Float']['output']>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  InvalidateTagsInput: InvalidateTagsInput;
  InvalidateTagsPayload: ResolverTypeWrapper<Omit<InvalidateTagsPayload, 'confirmedBy' | 'unconfirmed'> & { confirmedBy: ReadonlyArray<ResolversTypes['Peer']>, unconfirmed: ReadonlyArray<ResolversTypes['Peer']> }>;
  JSON: ResolverTypeWrapper<Scalars['JSON']['output']>;
  Keyspace: ResolverTypeWrapper<KeyspaceInfo>;
  KeyspaceOrigin: KeyspaceOrigin;
  KeyspaceStats: ResolverTypeWrapper<EngineKeyspaceStats>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Peer: ResolverTypeWrapper<PeerInfo>;
  PeerState: PeerState;
  PutEntriesInput: PutEntriesInput;
  PutEntriesPayload: ResolverTypeWrapper<Omit<PutEntriesPayload, 'confirmedBy' | 'entries' | 'unconfirmed'> & { confirmedBy: ReadonlyArray<ResolversTypes['Peer']>, entries: ReadonlyArray<Maybe<ResolversTypes['Entry']>>, unconfirmed: ReadonlyArray<ResolversTypes['Peer']> }>;
  PutEntryInput: PutEntryInput;
  PutEntryPayload: ResolverTypeWrapper<Omit<PutEntryPayload, 'confirmedBy' | 'entry' | 'unconfirmed'> & { confirmedBy: ReadonlyArray<ResolversTypes['Peer']>, entry: ResolversTypes['Entry'], unconfirmed: ReadonlyArray<ResolversTypes['Peer']> }>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  ServedFrom: ServedFrom;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  UpdateKeyspaceInput: UpdateKeyspaceInput;
  UpdateKeyspacePayload: ResolverTypeWrapper<Omit<UpdateKeyspacePayload, 'keyspace'> & { keyspace: ResolversTypes['Keyspace'] }>;
  ValueFormat: ValueFormat;
  WarmKeyspaceInput: WarmKeyspaceInput;
  WarmKeyspacePayload: ResolverTypeWrapper<Omit<WarmKeyspacePayload, 'keyspace'> & { keyspace: ResolversTypes['Keyspace'] }>;
  WriteOutcome: WriteOutcome;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  Base64Bytes: Scalars['Base64Bytes']['output'];
  Boolean: Scalars['Boolean']['output'];
  ClearKeyspaceInput: ClearKeyspaceInput;
  ClearKeyspacePayload: Omit<ClearKeyspacePayload, 'confirmedBy' | 'keyspace' | 'unconfirmed'> & { confirmedBy: ReadonlyArray<ResolversParentTypes['Peer']>, keyspace: ResolversParentTypes['Keyspace'], unconfirmed: ReadonlyArray<ResolversParentTypes['Peer']> };
  Cluster: ClusterInfo;
  ClusterEvent: EngineClusterEvent;
  CreateKeyspaceInput: CreateKeyspaceInput;
  CreateKeyspacePayload: Omit<CreateKeyspacePayload, 'keyspace'> & { keyspace: ResolversParentTypes['Keyspace'] };
  DateTime: Scalars['DateTime']['output'];
  DeleteEntriesInput: DeleteEntriesInput;
  DeleteEntriesPayload: Omit<DeleteEntriesPayload, 'confirmedBy' | 'unconfirmed'> & { confirmedBy: ReadonlyArray<ResolversParentTypes['Peer']>, unconfirmed: ReadonlyArray<ResolversParentTypes['Peer']> };
  DeleteEntryInput: DeleteEntryInput;
  DeleteEntryPayload: Omit<DeleteEntryPayload, 'confirmedBy' | 'unconfirmed'> & { confirmedBy: ReadonlyArray<ResolversParentTypes['Peer']>, unconfirmed: ReadonlyArray<ResolversParentTypes['Peer']> };
  DeleteKeyspaceInput: DeleteKeyspaceInput;
  DeleteKeyspacePayload: Omit<DeleteKeyspacePayload, 'confirmedBy' | 'unconfirmed'> & { confirmedBy: ReadonlyArray<ResolversParentTypes['Peer']>, unconfirmed: ReadonlyArray<ResolversParentTypes['Peer']> };
  DeleteKeyspacesInput: DeleteKeyspacesInput;
  DeleteKeyspacesPayload: Omit<DeleteKeyspacesPayload, 'confirmedBy' | 'unconfirmed'> & { confirmedBy: ReadonlyArray<ResolversParentTypes['Peer']>, unconfirmed: ReadonlyArray<ResolversParentTypes['Peer']> };
  Duration: Scalars['Duration']['output'];
  Entry: EngineEntry;
  EntryChange: EngineEntryChange;
  EntryError: EntryError;
  EntryInput: EntryInput;
  Float: Scalars['Float']['output'];
  ID: Scalars['ID']['output'];
  Int: Scalars['Int']['output'];
  InvalidateTagsInput: InvalidateTagsInput;
  InvalidateTagsPayload: Omit<InvalidateTagsPayload, 'confirmedBy' | 'unconfirmed'> & { confirmedBy: ReadonlyArray<ResolversParentTypes['Peer']>, unconfirmed: ReadonlyArray<ResolversParentTypes['Peer']> };
  JSON: Scalars['JSON']['output'];
  Keyspace: KeyspaceInfo;
  KeyspaceStats: EngineKeyspaceStats;
  Mutation: Record<PropertyKey, never>;
  Peer: PeerInfo;
  PutEntriesInput: PutEntriesInput;
  PutEntriesPayload: Omit<PutEntriesPayload, 'confirmedBy' | 'entries' | 'unconfirmed'> & { confirmedBy: ReadonlyArray<ResolversParentTypes['Peer']>, entries: ReadonlyArray<Maybe<ResolversParentTypes['Entry']>>, unconfirmed: ReadonlyArray<ResolversParentTypes['Peer']> };
  PutEntryInput: PutEntryInput;
  PutEntryPayload: Omit<PutEntryPayload, 'confirmedBy' | 'entry' | 'unconfirmed'> & { confirmedBy: ReadonlyArray<ResolversParentTypes['Peer']>, entry: ResolversParentTypes['Entry'], unconfirmed: ReadonlyArray<ResolversParentTypes['Peer']> };
  Query: Record<PropertyKey, never>;
  String: Scalars['String']['output'];
  Subscription: Record<PropertyKey, never>;
  UpdateKeyspaceInput: UpdateKeyspaceInput;
  UpdateKeyspacePayload: Omit<UpdateKeyspacePayload, 'keyspace'> & { keyspace: ResolversParentTypes['Keyspace'] };
  WarmKeyspaceInput: WarmKeyspaceInput;
  WarmKeyspacePayload: Omit<WarmKeyspacePayload, 'keyspace'> & { keyspace: ResolversParentTypes['Keyspace'] };
};

export interface Base64BytesScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['Base64Bytes'], any> {
  name: 'Base64Bytes';
}

export type ClearKeyspacePayloadResolvers<ContextType = ResolverContext, ParentType extends ResolversParentTypes['ClearKeyspacePayload'] = ResolversParentTypes['ClearKeyspacePayload']> = {
  confirmedBy?: Resolver<ReadonlyArray<ResolversTypes['Peer']>, ParentType, ContextType>;
  keyspace?: Resolver<ResolversTypes['Keyspace'], ParentType, ContextType>;
  unconfirmed?: Resolver<ReadonlyArray<ResolversTypes['Peer']>, ParentType, ContextType>;
};

export type ClusterResolvers<ContextType = ResolverContext, ParentType extends ResolversParentTypes['Cluster'] = ResolversParentTypes['Cluster']> = {
  degraded?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  peers?: Resolver<ReadonlyArray<ResolversTypes['Peer']>, ParentType, ContextType>;
  self?: Resolver<ResolversTypes['Peer'], ParentType, ContextType>;
  settled?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  view?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type ClusterEventResolvers<ContextType = ResolverContext, ParentType extends ResolversParentTypes['ClusterEvent'] = ResolversParentTypes['ClusterEvent']> = {
  at?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  peer?: Resolver<ResolversTypes['Peer'], ParentType, ContextType>;
  reason?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  state?: Resolver<ResolversTypes['PeerState'], ParentType, ContextType>;
};

export type CreateKeyspacePayloadResolvers<ContextType = ResolverContext, ParentType extends ResolversParentTypes['CreateKeyspacePayload'] = ResolversParentTypes['CreateKeyspacePayload']> = {
  keyspace?: Resolver<ResolversTypes['Keyspace'], ParentType, ContextType>;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type DeleteEntriesPayloadResolvers<ContextType = ResolverContext, ParentType extends ResolversParentTypes['DeleteEntriesPayload'] = ResolversParentTypes['DeleteEntriesPayload']> = {
  confirmedBy?: Resolver<ReadonlyArray<ResolversTypes['Peer']>, ParentType, ContextType>;
  errors?: Resolver<ReadonlyArray<ResolversTypes['EntryError']>, ParentType, ContextType>;
  keys?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  keyspace?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  unconfirmed?: Resolver<ReadonlyArray<ResolversTypes['Peer']>, ParentType, ContextType>;
};

export type DeleteEntryPayloadResolvers<ContextType = ResolverContext, ParentType extends ResolversParentTypes['DeleteEntryPayload'] = ResolversParentTypes['DeleteEntryPayload']> = {
  confirmedBy?: Resolver<ReadonlyArray<ResolversTypes['Peer']>, ParentType, ContextType>;
  key?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  keyspace?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  unconfirmed?: Resolver<ReadonlyArray<ResolversTypes['Peer']>, ParentType, ContextType>;
};

export type DeleteKeyspacePayloadResolvers<ContextType = ResolverContext, ParentType extends ResolversParentTypes['DeleteKeyspacePayload'] = ResolversParentTypes['DeleteKeyspacePayload']> = {
  confirmedBy?: Resolver<ReadonlyArray<ResolversTypes['Peer']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  unconfirmed?: Resolver<ReadonlyArray<ResolversTypes['Peer']>, ParentType, ContextType>;
};

export type DeleteKeyspacesPayloadResolvers<ContextType = ResolverContext, ParentType extends ResolversParentTypes['DeleteKeyspacesPayload'] = ResolversParentTypes['DeleteKeyspacesPayload']> = {
  confirmedBy?: Resolver<ReadonlyArray<ResolversTypes['Peer']>, ParentType, ContextType>;
  names?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  unconfirmed?: Resolver<ReadonlyArray<ResolversTypes['Peer']>, ParentType, ContextType>;
};

export interface DurationScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['Duration'], any> {
  name: 'Duration';
}

export type EntryResolvers<ContextType = ResolverContext, ParentType extends ResolversParentTypes['Entry'] = ResolversParentTypes['Entry']> = {
  age?: Resolver<ResolversTypes['Duration'], ParentType, ContextType>;
  bytes?: Resolver<Maybe<ResolversTypes['Base64Bytes']>, ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  expiresAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  key?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  keyspace?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  owner?: Resolver<Maybe<ResolversTypes['Peer']>, ParentType, ContextType>;
  servedFrom?: Resolver<ResolversTypes['ServedFrom'], ParentType, ContextType>;
  size?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  stale?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  tags?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  text?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  ttl?: Resolver<Maybe<ResolversTypes['Duration']>, ParentType, ContextType>;
  value?: Resolver<Maybe<ResolversTypes['JSON']>, ParentType, ContextType>;
  version?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type EntryChangeResolvers<ContextType = ResolverContext, ParentType extends ResolversParentTypes['EntryChange'] = ResolversParentTypes['EntryChange']> = {
  key?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  keyspace?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['EntryChangeKind'], ParentType, ContextType>;
  version?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type EntryErrorResolvers<ContextType = ResolverContext, ParentType extends ResolversParentTypes['EntryError'] = ResolversParentTypes['EntryError']> = {
  code?: Resolver<ResolversTypes['ErrorCode'], ParentType, ContextType>;
  index?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  key?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  outcome?: Resolver<Maybe<ResolversTypes['WriteOutcome']>, ParentType, ContextType>;
};

export type InvalidateTagsPayloadResolvers<ContextType = ResolverContext, ParentType extends ResolversParentTypes['InvalidateTagsPayload'] = ResolversParentTypes['InvalidateTagsPayload']> = {
  confirmedBy?: Resolver<ReadonlyArray<ResolversTypes['Peer']>, ParentType, ContextType>;
  keyspace?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  tags?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  unconfirmed?: Resolver<ReadonlyArray<ResolversTypes['Peer']>, ParentType, ContextType>;
};

export interface JsonScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['JSON'], any> {
  name: 'JSON';
}

export type KeyspaceResolvers<ContextType = ResolverContext, ParentType extends ResolversParentTypes['Keyspace'] = ResolversParentTypes['Keyspace']> = {
  batchWindow?: Resolver<ResolversTypes['Duration'], ParentType, ContextType>;
  cacheScope?: Resolver<ResolversTypes['CacheScope'], ParentType, ContextType>;
  format?: Resolver<ResolversTypes['ValueFormat'], ParentType, ContextType>;
  maxBatchSize?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  maxBytes?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  maxEntries?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  maxValueBytes?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  nearTtl?: Resolver<ResolversTypes['Duration'], ParentType, ContextType>;
  negativeTtl?: Resolver<ResolversTypes['Duration'], ParentType, ContextType>;
  origin?: Resolver<ResolversTypes['KeyspaceOrigin'], ParentType, ContextType>;
  readTimeout?: Resolver<ResolversTypes['Duration'], ParentType, ContextType>;
  source?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  staleIfError?: Resolver<ResolversTypes['Duration'], ParentType, ContextType>;
  staleWhileRevalidate?: Resolver<ResolversTypes['Duration'], ParentType, ContextType>;
  stats?: Resolver<ResolversTypes['KeyspaceStats'], ParentType, ContextType>;
  ttl?: Resolver<Maybe<ResolversTypes['Duration']>, ParentType, ContextType>;
  writable?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  writeTimeout?: Resolver<ResolversTypes['Duration'], ParentType, ContextType>;
};

export type KeyspaceStatsResolvers<ContextType = ResolverContext, ParentType extends ResolversParentTypes['KeyspaceStats'] = ResolversParentTypes['KeyspaceStats']> = {
  bytes?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  deletes?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  entries?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  evictions?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  fencedFills?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  hits?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  loadErrors?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  loadedKeys?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  loads?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  misses?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  nearHits?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  peerReads?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  puts?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  staleHits?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type MutationResolvers<ContextType = ResolverContext, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  clearKeyspace?: Resolver<ResolversTypes['ClearKeyspacePayload'], ParentType, ContextType, RequireFields<MutationClearKeyspaceArgs, 'input'>>;
  createKeyspace?: Resolver<ResolversTypes['CreateKeyspacePayload'], ParentType, ContextType, RequireFields<MutationCreateKeyspaceArgs, 'input'>>;
  deleteEntries?: Resolver<ResolversTypes['DeleteEntriesPayload'], ParentType, ContextType, RequireFields<MutationDeleteEntriesArgs, 'input'>>;
  deleteEntry?: Resolver<ResolversTypes['DeleteEntryPayload'], ParentType, ContextType, RequireFields<MutationDeleteEntryArgs, 'input'>>;
  deleteKeyspace?: Resolver<ResolversTypes['DeleteKeyspacePayload'], ParentType, ContextType, RequireFields<MutationDeleteKeyspaceArgs, 'input'>>;
  deleteKeyspaces?: Resolver<ResolversTypes['DeleteKeyspacesPayload'], ParentType, ContextType, RequireFields<MutationDeleteKeyspacesArgs, 'input'>>;
  invalidateTags?: Resolver<ResolversTypes['InvalidateTagsPayload'], ParentType, ContextType, RequireFields<MutationInvalidateTagsArgs, 'input'>>;
  putEntries?: Resolver<ResolversTypes['PutEntriesPayload'], ParentType, ContextType, RequireFields<MutationPutEntriesArgs, 'input'>>;
  putEntry?: Resolver<ResolversTypes['PutEntryPayload'], ParentType, ContextType, RequireFields<MutationPutEntryArgs, 'input'>>;
  updateKeyspace?: Resolver<ResolversTypes['UpdateKeyspacePayload'], ParentType, ContextType, RequireFields<MutationUpdateKeyspaceArgs, 'input'>>;
  warmKeyspace?: Resolver<ResolversTypes['WarmKeyspacePayload'], ParentType, ContextType, RequireFields<MutationWarmKeyspaceArgs, 'input'>>;
};

export type PeerResolvers<ContextType = ResolverContext, ParentType extends ResolversParentTypes['Peer'] = ResolversParentTypes['Peer']> = {
  config?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  incarnation?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  slots?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  state?: Resolver<ResolversTypes['PeerState'], ParentType, ContextType>;
  url?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type PutEntriesPayloadResolvers<ContextType = ResolverContext, ParentType extends ResolversParentTypes['PutEntriesPayload'] = ResolversParentTypes['PutEntriesPayload']> = {
  confirmedBy?: Resolver<ReadonlyArray<ResolversTypes['Peer']>, ParentType, ContextType>;
  entries?: Resolver<ReadonlyArray<Maybe<ResolversTypes['Entry']>>, ParentType, ContextType>;
  errors?: Resolver<ReadonlyArray<ResolversTypes['EntryError']>, ParentType, ContextType>;
  unconfirmed?: Resolver<ReadonlyArray<ResolversTypes['Peer']>, ParentType, ContextType>;
};

export type PutEntryPayloadResolvers<ContextType = ResolverContext, ParentType extends ResolversParentTypes['PutEntryPayload'] = ResolversParentTypes['PutEntryPayload']> = {
  confirmedBy?: Resolver<ReadonlyArray<ResolversTypes['Peer']>, ParentType, ContextType>;
  entry?: Resolver<ResolversTypes['Entry'], ParentType, ContextType>;
  unconfirmed?: Resolver<ReadonlyArray<ResolversTypes['Peer']>, ParentType, ContextType>;
};

export type QueryResolvers<ContextType = ResolverContext, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  cluster?: Resolver<ResolversTypes['Cluster'], ParentType, ContextType>;
  entries?: Resolver<ReadonlyArray<Maybe<ResolversTypes['Entry']>>, ParentType, ContextType, RequireFields<QueryEntriesArgs, 'keys' | 'keyspace'>>;
  entry?: Resolver<Maybe<ResolversTypes['Entry']>, ParentType, ContextType, RequireFields<QueryEntryArgs, 'key' | 'keyspace'>>;
  keyspace?: Resolver<Maybe<ResolversTypes['Keyspace']>, ParentType, ContextType, RequireFields<QueryKeyspaceArgs, 'name'>>;
  keyspaces?: Resolver<ReadonlyArray<ResolversTypes['Keyspace']>, ParentType, ContextType>;
};

export type SubscriptionResolvers<ContextType = ResolverContext, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  clusterEvents?: SubscriptionResolver<ResolversTypes['ClusterEvent'], "clusterEvents", ParentType, ContextType>;
  entryChanges?: SubscriptionResolver<ResolversTypes['EntryChange'], "entryChanges", ParentType, ContextType, RequireFields<SubscriptionEntryChangesArgs, 'keyspace'>>;
};

export type UpdateKeyspacePayloadResolvers<ContextType = ResolverContext, ParentType extends ResolversParentTypes['UpdateKeyspacePayload'] = ResolversParentTypes['UpdateKeyspacePayload']> = {
  keyspace?: Resolver<ResolversTypes['Keyspace'], ParentType, ContextType>;
};

export type WarmKeyspacePayloadResolvers<ContextType = ResolverContext, ParentType extends ResolversParentTypes['WarmKeyspacePayload'] = ResolversParentTypes['WarmKeyspacePayload']> = {
  errors?: Resolver<ReadonlyArray<ResolversTypes['EntryError']>, ParentType, ContextType>;
  keyspace?: Resolver<ResolversTypes['Keyspace'], ParentType, ContextType>;
  loaded?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  notFound?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type Resolvers<ContextType = ResolverContext> = {
  Base64Bytes?: GraphQLScalarType;
  ClearKeyspacePayload?: ClearKeyspacePayloadResolvers<ContextType>;
  Cluster?: ClusterResolvers<ContextType>;
  ClusterEvent?: ClusterEventResolvers<ContextType>;
  CreateKeyspacePayload?: CreateKeyspacePayloadResolvers<ContextType>;
  DateTime?: GraphQLScalarType;
  DeleteEntriesPayload?: DeleteEntriesPayloadResolvers<ContextType>;
  DeleteEntryPayload?: DeleteEntryPayloadResolvers<ContextType>;
  DeleteKeyspacePayload?: DeleteKeyspacePayloadResolvers<ContextType>;
  DeleteKeyspacesPayload?: DeleteKeyspacesPayloadResolvers<ContextType>;
  Duration?: GraphQLScalarType;
  Entry?: EntryResolvers<ContextType>;
  EntryChange?: EntryChangeResolvers<ContextType>;
  EntryError?: EntryErrorResolvers<ContextType>;
  InvalidateTagsPayload?: InvalidateTagsPayloadResolvers<ContextType>;
  JSON?: GraphQLScalarType;
  Keyspace?: KeyspaceResolvers<ContextType>;
  KeyspaceStats?: KeyspaceStatsResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Peer?: PeerResolvers<ContextType>;
  PutEntriesPayload?: PutEntriesPayloadResolvers<ContextType>;
  PutEntryPayload?: PutEntryPayloadResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
  UpdateKeyspacePayload?: UpdateKeyspacePayloadResolvers<ContextType>;
  WarmKeyspacePayload?: WarmKeyspacePayloadResolvers<ContextType>;
};

