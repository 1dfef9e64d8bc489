import { describe, expect, test } from 'vitest'
import { forbiddenImport } from '../../../scripts/lint-arrows.ts'

describe('the arrows', () => {
  test.each([
    ['src/cli.ts', './server.ts'],
    ['src/cli.ts', './config/load.ts'],
    ['src/server.ts', './adapters/source/postgres-source.ts'],
    ['src/server.ts', '../resolvers/index.ts'],
    ['src/server.ts', 'pino'],
    ['resolvers/entry.ts', '../src/engine/engine.ts'],
    ['resolvers/entry.ts', './errors.ts'],
    ['src/http/yoga.ts', 'graphql-yoga'],
    ['src/http/yoga.ts', 'graphql-yoga/subpath'],
    ['src/federation/entities.ts', '../engine/engine.ts'],
    ['src/engine/engine.ts', '../ports/index.ts'],
    ['src/engine/engine.ts', 'node:crypto'],
    ['src/adapters/source/postgres-source.ts', 'pg'],
    ['src/adapters/source/postgres-source.ts', '../../ports/index.ts'],
    ['src/ports/index.ts', './source.ts'],
    ['test/unit/engine/read.test.ts', '../../../src/http/yoga.ts'],
  ])('%s may import %s', (file, specifier) => {
    expect(forbiddenImport(file, specifier)).toBeUndefined()
  })

  test.each([
    ['src/cli.ts', './engine/engine.ts', /cli may not import engine/],
    ['src/engine/read.ts', '../http/yoga.ts', /engine may not import http/],
    ['src/engine/read.ts', '../cluster/view.ts', /engine may not import cluster/],
    ['src/engine/read.ts', '../adapters/store/lru-store.ts', /engine may not import adapters/],
    ['src/engine/read.ts', 'graphql', /package 'graphql'/],
    ['src/engine/read.ts', 'lru-cache', /package 'lru-cache'/],
    ['src/engine/read.ts', 'node:http', /does no I\/O/],
    ['src/engine/read.ts', 'fs', /does no I\/O/],
    ['src/cluster/rpc.ts', 'nats', /package 'nats'/],
    ['src/cluster/rpc.ts', '../engine/engine.ts', /cluster may not import engine/],
    ['src/http/yoga.ts', '../adapters/logger.ts', /http may not import adapters/],
    ['src/http/yoga.ts', '../../resolvers/index.ts', /http may not import resolvers/],
    ['src/federation/entities.ts', '../http/yoga.ts', /federation may not import http/],
    ['src/adapters/source/http-source.ts', '../../engine/entry.ts', /adapters may not import engine/],
    ['src/ports/source.ts', '../errors.ts', /ports may not import errors/],
    ['src/ports/source.ts', 'node:events', /ports import nothing/],
    ['src/errors.ts', './ports/index.ts', /errors may not import ports/],
    ['resolvers/entry.ts', '../src/ports/index.ts', /resolvers may not import ports/],
    ['resolvers/entry.ts', '../src/server.ts', /resolvers may not import server/],
    ['src/engine/read.ts', './../../test/support/fake-clock.ts', /not part of the package/],
    ['src/helpers/text.ts', './other.ts', /no place in the table/],
  ])('%s may not import %s', (file, specifier, message) => {
    expect(forbiddenImport(file, specifier)).toMatch(message)
  })
})
