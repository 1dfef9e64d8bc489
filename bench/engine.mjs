/**
 * Caches in one process, as their documentation starts them: hits, misses on a bulk source of 5 ms, 10,000 readers of
 * one cold key, and a delete that races a load. `node bench/engine.mjs [--json]`
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createCache as dedupeCache } from 'async-cache-dedupe'
import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { createCache as managedCache } from 'cache-manager'
import { Cacheable } from 'cacheable'
import { LRUCache } from 'lru-cache'
import { createFedcache } from '../src/server.ts'
import { engineReport } from './engine-report.ts'
import { median } from './statistics.ts'

const keyCount = 100_000
const rounds = 5
const value = (key) => ({ id: key, name: `City ${key}`, population: 12_345, tags: ['one', 'two'] })
const keyAt = (index) => `city:${index}`
const ttlMs = 3_600_000

let source
function newSource(delayMs) {
  const calls = { count: 0, keys: 0 }
  source = async (wanted) => {
    calls.count++
    calls.keys += wanted.length
    const read = wanted.map(value)
    if (delayMs > 0) await sleep(delayMs)
    return read
  }
  return calls
}
const loadOne = async (key) => (await source([key]))[0]

/** Each with `get` through the source, `fill` without it, and `drop`. */
const caches = {
  fedcache: async () => {
    const { engine } = createFedcache({
      memoryLimit: '1gb',
      log: { level: 'error' },
      keyspaces: {
        cities: { source: { name: 'cities', loadMany: (wanted) => source(wanted) }, ttl: '1h', maxBytes: '1gb' },
      },
    })
    await engine.start()
    return {
      get: (key) => engine.get('cities', key),
      getMany: (many) => engine.read('cities', many),
      drop: (key) => engine.delete('cities', key),
      end: () => engine.stop(),
    }
  },
  'lru-cache fetch': async () => {
    const cache = new LRUCache({ max: 1_000_000, ttl: ttlMs, fetchMethod: (key) => loadOne(key) })
    return { get: (key) => cache.fetch(key), drop: (key) => cache.delete(key) }
  },
  'lru-cache get': async () => {
    const cache = new LRUCache({ max: 1_000_000, ttl: ttlMs })
    return {
      get: async (key) => {
        const known = cache.get(key)
        if (known !== undefined) return known
        const loaded = await loadOne(key)
        cache.set(key, loaded)
        return loaded
      },
      getNow: (key) => cache.get(key),
      drop: (key) => cache.delete(key),
    }
  },
  bentocache: async () => {
    const bento = new BentoCache({
      default: 'memory',
      stores: {
        memory: bentostore().useL1Layer(memoryDriver({ maxItems: 1_000_000, serialize: false })),
      },
    })
    return {
      get: (key) => bento.getOrSet({ key, ttl: ttlMs, factory: () => loadOne(key) }),
      drop: (key) => bento.delete({ key }),
      end: () => bento.disconnectAll(),
    }
  },
  cacheable: async () => {
    const cache = new Cacheable({ ttl: ttlMs })
    return { get: (key) => cache.getOrSet(key, () => loadOne(key)), drop: (key) => cache.delete(key) }
  },
  'cache-manager': async () => {
    const cache = managedCache({ ttl: ttlMs })
    return { get: (key) => cache.wrap(key, () => loadOne(key)), drop: (key) => cache.del(key) }
  },
  'async-cache-dedupe': async () => {
    const cache = dedupeCache({ ttl: ttlMs / 1000, storage: { type: 'memory', options: { size: 1_000_000 } } })
    cache.define('city', (key) => loadOne(key))
    return { get: (key) => cache.city(key), drop: (key) => cache.clear('city', key) }
  },
}

let state = 7
// A string of its own each time, as requests bring them. Where it is the very object that was stored, a Map finds it
// without comparing any text, which no server's keys are.
const nextKey = () => keyAt((state = (state * 48_271) % 2_147_483_647) % keyCount)

async function cpuPerCall(count, call) {
  const before = process.cpuUsage()
  await call(count)
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1000) / count
}

async function fill(cache) {
  newSource(0)
  // Strings of its own for each cache: where several keep the same ones, those are in the processor's cache more often.
  for (let from = 0; from < keyCount; from += 500)
    await Promise.all(Array.from({ length: 500 }, (_, index) => cache.get(keyAt(from + index))))
}

async function hits(made) {
  const results = new Map()
  for (let round = 0; round <= rounds; round++) {
    // Each round begins with another: nobody is always measured after the same neighbour.
    const first = round % made.length
    for (const [name, cache] of [...made.slice(first), ...made.slice(0, first)]) {
      const spells = {
        hit: async (count) => {
          for (let index = 0; index < count; index++) await cache.get(nextKey())
        },
        ...(cache.getMany && {
          'hit, 64 at a time': async (count) => {
            for (let index = 0; index < count; index += 64) cache.getMany(Array.from({ length: 64 }, nextKey))
          },
        }),
        ...(cache.getNow && {
          'hit, 64 at a time': async (count) => {
            for (let index = 0; index < count; index += 64) Array.from({ length: 64 }, nextKey).map(cache.getNow)
          },
        }),
      }
      for (const [kind, spell] of Object.entries(spells)) {
        const nanoseconds = await cpuPerCall(64 * 2000, spell)
        // The first round warms up.
        const key = `${name}\n${kind}`
        if (round > 0) results.set(key, [...(results.get(key) ?? []), nanoseconds])
      }
    }
  }
  return results
}

async function misses(cache) {
  let count
  const spent = []
  for (let round = 0; round < rounds; round++) {
    const calls = newSource(5)
    const missing = Array.from({ length: 1000 }, (_, index) => `cold:${round}:${index}`)
    const startedAt = performance.now()
    await Promise.all(missing.map((key) => cache.get(key)))
    spent.push(performance.now() - startedAt)
    count = calls.count
  }
  return `${count} calls, ${median(spent).toFixed(0)} ms`
}

async function oneColdKey(cache) {
  const calls = newSource(5)
  await Promise.all(Array.from({ length: 10_000 }, () => cache.get('coldest')))
  return `${calls.keys} loads`
}

async function deleteRacingLoad(cache) {
  newSource(20)
  // lru-cache gives its readers an error then.
  let ending = ''
  const reading = cache.get('raced').catch(() => (ending = ', its reader fails'))
  await sleep(5)
  // What the load under way has read is outdated from here on.
  await cache.drop('raced')
  await reading
  const calls = newSource(0)
  await cache.get('raced')
  return (calls.count === 0 ? 'stale' : 'fresh') + ending
}

/** Runs all of it. */
async function measureEngine() {
  const made = []
  for (const [name, make] of Object.entries(caches)) {
    const cache = await make()
    await fill(cache)
    made.push([name, cache])
  }
  const results = await hits(made)
  const of = (name, kind) => (results.has(`${name}\n${kind}`) ? median(results.get(`${name}\n${kind}`)) : null)
  const run = []
  for (const [name, cache] of made) {
    run.push({
      name,
      hit: of(name, 'hit'),
      of64: of(name, 'hit, 64 at a time'),
      misses: await misses(cache),
      oneColdKey: await oneColdKey(cache),
      deleteRacingLoad: await deleteRacingLoad(cache),
    })
    await cache.end?.()
  }
  return run
}

const run = await measureEngine()
console.log(process.argv.includes('--json') ? JSON.stringify(run) : engineReport([run]))
process.exit(0)
