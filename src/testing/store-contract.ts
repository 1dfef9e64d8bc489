import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import type { Store, StoredItem, StoreFactory, StoreOptions } from '../ports/index.ts'
import type { ContractCase } from './contract-case.ts'

/**
 * What every `Store` has to do, whatever it evicts first: counts, limits, refusals and reports. Which entry is given
 * up is the store's own policy and not tested here.
 *
 * @param factory the store under test.
 */
export function storeContract(factory: StoreFactory): readonly ContractCase[] {
  return Object.entries(cases).map(([name, test]) => ({
    name,
    run: async () => test((limits) => new ObservedStore(factory, limits)),
  }))
}

interface Item extends StoredItem {
  readonly serial: number
}

type Limits = Partial<Pick<StoreOptions<Item>, 'maxBytes' | 'maxEntries'>>

type MakeStore = (limits?: Limits) => ObservedStore

/** A store together with what it reported as evicted. */
class ObservedStore {
  readonly evicted: Item[] = []
  readonly store: Store<Item>

  constructor(factory: StoreFactory, { maxBytes = 1000, maxEntries = Infinity }: Limits = {}) {
    this.store = factory<Item>({ maxBytes, maxEntries, onEvict: (item) => this.evicted.push(item) })
  }

  fill(...items: readonly Item[]): void {
    for (const item of items) equal(this.store.set(item), true, `set refused ${item.key} of ${item.bytes} bytes`)
  }

  keys(): readonly string[] {
    return Array.from(this.store.values(), ({ key }) => key).toSorted()
  }

  /** Checks that exactly these entries are held, by every way of asking. */
  holds(...items: readonly Item[]): void {
    deepStrictEqual(this.keys(), items.map(({ key }) => key).toSorted())
    equal(this.store.size, items.length, 'size')
    const bytes = items.reduce((sum, item) => sum + item.bytes, 0)
    equal(this.store.bytes, bytes, 'bytes')
    for (const item of items) equal(this.store.peek(item.key), item, `peek ${item.key}`)
  }
}

let serial = 0

function item(key: string, bytes: number = 100): Item {
  return { key, bytes, serial: serial++ }
}

const awkwardKeys = [
  '',
  ' ',
  '0',
  '__proto__',
  'constructor',
  'toString',
  '北京',
  '👩‍👩‍👧',
  'a\u0000b',
  '/../',
  '%2F',
  "';--",
]

const cases: Readonly<Record<string, (make: MakeStore) => void>> = {
  'gives back what it keeps and nothing else'(make) {
    const observed = make()
    const [one, two] = [item('one', 10), item('two', 20)]
    observed.holds()
    observed.fill(one, two)
    observed.holds(one, two)
    equal(observed.store.get('one'), one)
    equal(observed.store.get('three'), undefined)
    equal(observed.store.peek('three'), undefined)
  },
  'gives back many at once as it does one by one, where it can'(make) {
    const observed = make()
    if (observed.store.getAll === undefined) return
    const [one, two] = [item('one', 10), item('two', 20)]
    deepStrictEqual(observed.store.getAll(['one']), [undefined])
    observed.fill(one, two)
    deepStrictEqual(observed.store.getAll([]), [])
    deepStrictEqual(observed.store.getAll(['two', 'three', 'one', 'two']), [two, undefined, one, two])
    observed.store.delete('two')
    deepStrictEqual(observed.store.getAll(['two', 'one']), [undefined, one])
    observed.holds(one)
  },
  'keeps keys apart that look alike or special'(make) {
    const observed = make({ maxBytes: 10_000 })
    const items = awkwardKeys.map((key) => item(key))
    observed.fill(...items)
    observed.holds(...items)
    for (const each of items) equal(observed.store.get(each.key), each)
  },
  'evicts and reports what is over a new limit, and grows'(make) {
    const observed = make({ maxBytes: 300 })
    const items = [item('one'), item('two'), item('three')]
    observed.fill(...items)
    observed.store.resize(200, Infinity)
    equal(observed.store.size, 2)
    equal(observed.evicted.length, 1)
    observed.store.resize(1000, 1)
    equal(observed.store.size, 1)
    equal(observed.evicted.length, 2)
    equal(observed.store.set(item('large', 900)), true)
    equal(observed.store.set(item('larger', 1001)), false)
  },
  'replaces an entry, counts its bytes anew and does not report the old one'(make) {
    const observed = make()
    const larger = item('key', 300)
    const smaller = item('key', 50)
    observed.fill(item('key', 100), larger)
    observed.holds(larger)
    observed.fill(smaller)
    observed.holds(smaller)
    deepStrictEqual(observed.evicted, [])
  },
  'keeps an entry of exactly maxBytes'(make) {
    const observed = make()
    const whole = item('whole', 1000)
    observed.fill(item('other'), whole)
    observed.holds(whole)
  },
  'refuses an entry over maxBytes and changes nothing'(make) {
    const observed = make()
    const items = [item('one', 500), item('two', 500)]
    observed.fill(...items)
    equal(observed.store.set(item('three', 1001)), false)
    equal(observed.store.set(item('one', 1001)), false)
    observed.holds(...items)
    deepStrictEqual(observed.evicted, [])
  },
  'evicts just enough to make room, reports each entry once and keeps the new one'(make) {
    const observed = make()
    const items = Array.from({ length: 10 }, (_, index) => item(`key-${index}`))
    const late = item('late', 250)
    observed.fill(...items, late)
    equal(observed.evicted.length, 3)
    equal(new Set(observed.evicted).size, 3)
    observed.holds(late, ...items.filter((each) => !observed.evicted.includes(each)))
  },
  'makes room for an entry that grows without giving up that entry'(make) {
    for (const grown of ['key-0', 'key-5', 'key-9']) {
      const observed = make()
      const items = Array.from({ length: 10 }, (_, index) => item(`key-${index}`))
      const larger = item(grown, 950)
      observed.fill(...items, larger)
      observed.holds(larger)
      deepStrictEqual(
        observed.evicted.map(({ key }) => key).toSorted(),
        items.map(({ key }) => key).filter((key) => key !== grown),
      )
    }
  },
  'holds no more than maxEntries'(make) {
    const observed = make({ maxEntries: 3 })
    for (let index = 0; index < 10; index++) {
      const latest = item(`key-${index}`)
      observed.fill(latest)
      ok(observed.store.size <= 3, `${observed.store.size} entries`)
      equal(observed.store.peek(latest.key), latest)
    }
    equal(observed.store.size, 3)
    equal(observed.evicted.length, 7)
  },
  'replaces at maxEntries without evicting'(make) {
    const observed = make({ maxEntries: 2 })
    const [one, two] = [item('one'), item('two')]
    observed.fill(item('one'), item('two'), two, one)
    observed.holds(one, two)
    deepStrictEqual(observed.evicted, [])
  },
  'deletes without reporting'(make) {
    const observed = make()
    const two = item('two')
    observed.fill(item('one'), two, item('three'))
    equal(observed.store.delete('one'), true)
    equal(observed.store.delete('one'), false)
    equal(observed.store.delete('three'), true)
    observed.holds(two)
    deepStrictEqual(observed.evicted, [])
  },
  'gives up one entry at a time when asked to, until it is empty, and can be filled again'(make) {
    const observed = make()
    const items = [item('one', 1), item('two', 2), item('three', 3)]
    observed.fill(...items)
    for (let count = 1; count <= items.length; count++) {
      equal(observed.store.evict(), true)
      equal(observed.evicted.length, count)
      observed.holds(...items.filter((each) => !observed.evicted.includes(each)))
    }
    equal(observed.store.evict(), false)
    equal(observed.evicted.length, items.length)
    observed.fill(...items)
    observed.holds(...items)
  },
  'iterates over all that stays, once each, while entries are read, replaced and dropped'(make) {
    const observed = make({ maxBytes: 100_000 })
    const kept = Array.from({ length: 50 }, (_, index) => item(`kept-${index}`))
    for (const each of kept) observed.fill(each, item(`dropped-${each.key}`))
    const seen: string[] = []
    for (const { key } of observed.store.values()) {
      seen.push(key)
      if (seen.length > 1000) break
      observed.store.get(key)
      observed.store.get('kept-7')
      observed.store.set(item('kept-9'))
      observed.store.delete(`dropped-${key}`)
      if (key.startsWith('dropped-')) observed.store.delete(key)
    }
    deepStrictEqual(seen.filter((key) => key.startsWith('kept-')).toSorted(), kept.map(({ key }) => key).toSorted())
    equal(new Set(seen).size, seen.length)
  },
  'shares nothing with other stores of the same factory'(make) {
    const [first, second] = [make(), make()]
    const one = item('one')
    first.fill(one)
    second.fill(item('one'), item('two'))
    second.store.delete('one')
    first.holds(one)
  },
  'keeps to its limits in a long random walk'(make) {
    randomWalk(make({ maxBytes: 2000, maxEntries: 15 }), 20_000)
  },
}

/** Every entry that ever came in is held, was replaced or deleted by the walk, or was reported as evicted. */
function randomWalk(observed: ObservedStore, steps: number): void {
  const { store, evicted } = observed
  const expected = new Map<string, Item>()
  const random = randomNumbers(42)
  for (let step = 0; step < steps; step++) {
    const key = `key-${random(30)}`
    const choice = random(10)
    if (choice < 5) {
      const next = item(key, 1 + random(choice === 0 ? 3000 : 400))
      const fits = next.bytes <= 2000
      equal(store.set(next), fits)
      if (fits) expected.set(key, next)
    } else if (choice < 8) equal(store.get(key), expected.get(key))
    else if (choice === 8) equal(store.delete(key), expected.delete(key))
    else equal(store.evict(), expected.size > 0)
    for (const gone of evicted.splice(0)) {
      equal(expected.get(gone.key), gone, 'an entry was evicted that was not held')
      expected.delete(gone.key)
    }
    equal(store.size, expected.size)
    ok(store.size <= 15, `${store.size} entries`)
    ok(store.bytes <= 2000, `${store.bytes} bytes`)
  }
  observed.holds(...expected.values())
}

/** A small linear congruential generator: the same walk at every run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
