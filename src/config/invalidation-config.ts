import type { InvalidationEndpoint } from '../ports/index.ts'
import type { Secret } from './secret.ts'
import type { Duration } from './units.ts'

/** The response cache of Apollo Router. */
export interface ApolloRouterEndpointConfig {
  readonly kind: 'apollo-router'
  /** Where the router's `response_cache.invalidation` listens, such as `http://router:4000/invalidation`. */
  readonly url: string
  /** The router's `shared_key` for the subgraph. */
  readonly sharedKey: Secret
  /** The name, or names, that fedcache has in the supergraph. */
  readonly subgraph: string | readonly string[]
  /**
   * Names the endpoint in logs and metrics.
   *
   * @default 'apollo-router'
   */
  readonly name?: string
  /**
   * The most tags in one request, from 1 to 10,000.
   *
   * @default 100
   */
  readonly maxTags?: number
  /**
   * Names of the keyspaces whose changes it is told of: those that its answers are made of. Sessions that are put all the
   * time are none of a CDN's business.
   *
   * @default all
   */
  readonly keyspaces?: readonly string[]
}

/**
 * Any cache that can be told what to drop by a request. Wherever `{tags}` is written, in the URL, a header or a text of
 * the body, it stands for the tags, as `http.cacheTags` names them, with `separator` between them.
 */
export interface WebhookEndpointConfig {
  readonly kind: 'webhook'
  /** In it `{tags}` is percent-encoded. */
  readonly url: string
  /** @default 'POST' */
  readonly method?: string
  /** Headers by name. Secrets are read for every request. */
  readonly headers?: Readonly<Record<string, Secret>>
  /**
   * A text, or JSON, in which a text that is nothing but `{tags}` stands for the list of tags. `false` for no body.
   *
   * @default { tags: '{tags}' }
   */
  readonly body?: unknown
  /** @default ' ' */
  readonly separator?: string
  /**
   * Names the endpoint in logs and metrics.
   *
   * @default 'webhook'
   */
  readonly name?: string
  /**
   * The most tags in one request, from 1 to 10,000.
   *
   * @default 100
   */
  readonly maxTags?: number
  /**
   * Names of the keyspaces whose changes it is told of: those that its answers are made of. Sessions that are put all the
   * time are none of a CDN's business.
   *
   * @default all
   */
  readonly keyspaces?: readonly string[]
}

/**
 * Caches outside of the cluster that are told what to drop: what is put, deleted, cleared or invalidated here, and what
 * a source says others changed in it. Nobody waits for them, and no write fails because of them.
 */
export interface InvalidationConfig {
  /** Each is told of everything: a router, any other cache, or an object of your own with `name` and `invalidate`. */
  readonly endpoints: readonly (ApolloRouterEndpointConfig | WebhookEndpointConfig | InvalidationEndpoint)[]
  /**
   * How long tags are gathered before they are sent together. At most 10 s.
   *
   * @default '50ms'
   */
  readonly window?: Duration
  /**
   * How long one request may take. From 1 ms to 1 m.
   *
   * @default '5s'
   */
  readonly timeout?: Duration
  /**
   * How long a tag is sent again and again, at growing intervals of up to 30 s, before it is given up. Choose the longest
   * `ttl` of what is kept outside; after that it is gone anyway. From 1 s to 1 d.
   *
   * @default '5m'
   */
  readonly deadline?: Duration
  /**
   * How many tags may wait for one endpoint. Beyond it those that wait longest are given up. From 1 to 10,000,000.
   *
   * @default 10000
   */
  readonly maxWaiting?: number
}
