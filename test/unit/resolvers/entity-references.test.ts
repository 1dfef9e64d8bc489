import { afterEach, describe, expect, it } from 'vitest'
import { type ServedCache, recordingSource, servedCache } from '../../support/served-cache.ts'

let cache: ServedCache

afterEach(async () => {
  await cache.stop()
})

const byKey = (): ReturnType<typeof recordingSource> =>
  recordingSource((keys) =>
    keys.map((key) => {
      if (key === 'missing') return null
      return key === 'broken' ? new Error('secret reason') : { key }
    }),
  )

describe('_entities', () => {
  it('resolves references by id or by keyspace and key, in one read, each failing alone', async () => {
    const source = byKey()
    cache = servedCache({ things: { source } })
    const representations = [
      { __typename: 'Entry', id: Buffer.from('["things","a"]').toString('base64url') },
      { __typename: 'Entry', keyspace: 'things', key: 'b' },
      { __typename: 'Entry', keyspace: 'things', key: 'missing' },
      { __typename: 'Entry', keyspace: 'things', key: 'broken' },
      { __typename: 'Entry', id: 'nonsense' },
      { __typename: 'Entry', keyspace: 'things' },
      { __typename: 'Keyspace', name: 'things' },
      { __typename: 'Nothing' },
      'text',
      { __typename: 'Entry', keyspace: 'things', key: 'a' },
    ]
    const answer = await cache.graphql(
      `query ($representations: [_Any!]!) {
        _entities(representations: $representations) { __typename ... on Entry { key value } }
      }`,
      { representations },
    )
    const entry = (key: string) => ({ __typename: 'Entry', key, value: { key } })
    expect(answer.data._entities).toEqual([
      entry('a'),
      entry('b'),
      ...Array.from({ length: 7 }, () => null),
      entry('a'),
    ])
    expect(answer.errors?.map(({ path, extensions }) => [path?.[1], extensions['code']]).toSorted()).toEqual([
      [3, 'SOURCE_FAILED'],
      [4, 'BAD_USER_INPUT'],
      [5, 'BAD_USER_INPUT'],
      [6, 'BAD_USER_INPUT'],
      [7, 'BAD_USER_INPUT'],
      [8, 'BAD_USER_INPUT'],
    ])
    expect(answer.errors?.find(({ path }) => path?.[1] === 5)?.message).toBe(
      'A reference to an Entry has its id, or its keyspace and key; received {"__typename":"Entry","keyspace":"things"}.',
    )
    expect(source.calls).toEqual([['a', 'b', 'missing', 'broken']])
  })
})
