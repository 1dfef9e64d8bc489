/** What tags are made of. */
export interface TaggedEntry {
  readonly keyspace: string
  readonly key: string
  readonly tags: readonly string[]
}

/** What an entry can be told by where answers are kept: its keyspace, itself, and its own tags. */
export function cacheTagsOf({ keyspace, key, tags }: TaggedEntry): readonly string[] {
  return [keyspace, keyTag(keyspace, key), ...tags]
}

/** The tag that one entry alone has. */
export function keyTag(keyspace: string, key: string): string {
  return `${keyspace}/${key}`
}

/**
 * A tag as it stands in a header, and as CDNs are told of it: visible ASCII without commas, all else percent-encoded.
 * Tags that differ in nothing but that become the same; then more is dropped than need be, never less.
 */
export function headerTag(tag: string): string {
  return tag.toWellFormed().replaceAll(/[^!-~]|,/gu, encodeURIComponent)
}
