import { beforeEach, describe, expect, test } from 'vitest'
import type { Asker } from '../../../src/cluster/asker.ts'
import { CatalogueSync } from '../../../src/cluster/catalogue-sync.ts'
import type { CatalogueRecord, PeerHost } from '../../../src/ports/index.ts'
import { memoryLogger } from '../../support/engine-fixture.ts'

let records: CatalogueRecord[]
let adopted: (readonly CatalogueRecord[])[]
let asked: { readonly peer: string; answer(records: readonly unknown[] | undefined): void }[]
let sync: CatalogueSync
let logger: ReturnType<typeof memoryLogger>

const record = (name: string, version = 1, clearedAt = 0): CatalogueRecord => ({
  name,
  version,
  settings: {},
  clearedAt,
})

beforeEach(() => {
  records = []
  adopted = []
  asked = []
  logger = memoryLogger()
  const host = {
    catalogue: () => records,
    adopt: async (news: readonly CatalogueRecord[]) => void adopted.push(news),
  } as Partial<PeerHost> as PeerHost
  const asker = {
    catalogue: (peer: string) => new Promise((answer) => asked.push({ peer, answer })),
  } as Partial<Asker> as Asker
  sync = new CatalogueSync({ asker, host, logger })
})

describe('the hash of a catalogue', () => {
  test('is empty where nothing was changed', () => {
    expect(sync.hash).toBe('')
  })

  test('is the same for the same records in any order, and another for others', () => {
    records = [record('a'), record('b')]
    const { hash } = sync
    records = [record('b'), record('a')]
    expect(sync.hash).toBe(hash)
    const others = [[record('a')], [record('a'), record('b', 2)], [record('a'), record('b', 1, 5)]]
    for (records of others) expect(sync.hash).not.toBe(hash)
  })
})

describe('fetching', () => {
  test('adopts what the peer knows', async () => {
    const fetching = sync.fetch('b')
    asked[0]!.answer([record('a')])
    expect(await fetching).toBe(true)
    expect(adopted).toEqual([[record('a')]])
  })

  test('tells when the peer does not answer, or says what cannot be read', async () => {
    const [silent, wrong] = [sync.fetch('b'), sync.fetch('c')]
    asked[0]!.answer(undefined)
    asked[1]!.answer(['nonsense'])
    expect(await silent).toBe(false)
    expect(await wrong).toBe(false)
    expect(adopted).toEqual([])
    expect(logger.lines).toMatchObject([{ level: 'warn', fields: { peer: 'c' } }])
  })

  test('asks anew for those who come while a question is under way, once for all of them', async () => {
    const first = sync.fetch('b')
    const [second, third] = [sync.fetch('b'), sync.fetch('b')]
    expect(asked).toHaveLength(1)
    asked[0]!.answer([])
    await first
    await Promise.resolve()
    expect(asked).toHaveLength(2)
    asked[1]!.answer([record('a')])
    expect(await second).toBe(true)
    expect(await third).toBe(true)
    expect(adopted).toEqual([[], [record('a')]])
    void sync.fetch('b')
    expect(asked).toHaveLength(3)
  })
})
