import { expect, test, vi } from 'vitest'
import { resolverContext } from '../../../resolvers/context.ts'
import { entryId } from '../../../resolvers/entry-id.ts'
import { entryReferences } from '../../../resolvers/entry-references.ts'
import { engineOver } from '../../support/engine-fixture.ts'

test('entries of one keyspace are looked up together, whichever of their keys refers to them', async () => {
  const { engine } = engineOver(undefined)
  for (const key of ['a', 'b', 'c']) await engine.put('things', { key, value: key })
  const readAllNow = vi.spyOn(engine, 'readAllNow')
  const readNow = vi.spyOn(engine, 'readNow')
  const references = [{ id: entryId('things', 'a') }, { keyspace: 'things', key: 'b' }, { id: entryId('things', 'c') }]
  const found = entryReferences.__resolveReferences(references, resolverContext(engine))
  expect(found).toMatchObject([{ key: 'a' }, { key: 'b' }, { key: 'c' }])
  expect(readAllNow.mock.calls).toEqual([['things', ['a', 'b', 'c'], expect.any(Number)]])
  expect(readNow).not.toHaveBeenCalled()
})
