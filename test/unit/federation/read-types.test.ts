import { describe, expect, it } from 'vitest'
import { readTypes } from '../../../src/federation/read-types.ts'

const keyspaces = [
  { name: 'cities', policy: { format: 'json' } },
  { name: 'countries', policy: { format: 'json' } },
  { name: 'pages', policy: { format: 'text' } },
]

function problemsOf(...typeDefs: readonly string[]): readonly string[] {
  const { problems } = readTypes(typeDefs, keyspaces)
  for (const { path } of problems) expect(path).toBe('subgraph.typeDefs')
  return problems.map(({ message }) => message)
}

const city = (keyspace: string, fields = 'id: ID!') => `type City @key(fields: "id") ${keyspace} { ${fields} }`

describe('readTypes', () => {
  it('finds nothing wrong with types that are right, written in parts', () => {
    const problems = problemsOf(
      '# only a comment',
      city('@keyspace(name: "cities", one: "city")', 'id: ID! country: Country @entry(key: "country") at: DateTime'),
      'type Country @key(fields: "code") @keyspace(name: "countries") { code: ID! }',
      'extend type Country @shareable { name: String @tag(name: "public") }',
      'extend schema @link(url: "https://example.com/own/v1.0", import: ["@own"]) @composeDirective(name: "@own")',
      'directive @own on OBJECT',
    )
    expect(problems).toEqual([])
  })

  it.each([
    ['type City {', 'cannot be understood: Syntax Error: Expected Name, found <EOF>. (line 1)'],
    ['{ cities }', 'holds an operation; it takes type definitions only'],
    ['schema { query: Root } type Root { a: Int }', 'defines a schema; fedcache does that. Take `schema { … }` out'],
    ['extend schema { query: Root } type Root { a: Int }', 'names root types; fedcache does that'],
    [
      'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])',
      'links the specification of federation; fedcache does that, with what is used of it',
    ],
    ['type Entry { id: ID! }', "Entry is a type of fedcache's own; choose another name"],
    ['extend type Entry { more: Int }', "Entry is a type of fedcache's own; choose another name"],
    ['union _Entity = A type A { a: Int }', "_Entity is a type of fedcache's own; choose another name"],
    ['scalar DateTime', 'DateTime is a scalar or type that fedcache has already; take the definition out to use it'],
    ['type Query { city: Int }', "Query is fedcache's; root fields come from the `one` and `many` of @keyspace"],
    ['directive @key(fields: String!) on OBJECT', '@key is defined by fedcache; take the definition out'],
    ['directive @entry on OBJECT', '@entry is defined by fedcache; take the definition out'],
    ['type A { a: Nope }', 'Unknown type "Nope".'],
    ['type A @nope { a: Int }', 'Unknown directive "@nope".'],
    ['scalar A @keyspace(name: "cities")', 'Directive "@keyspace" may not be used on SCALAR.'],
    [city('@keyspace'), 'Argument "name" of required type'],
    [city('@keyspace(name: cities)'), 'City: @keyspace: Argument "name" has invalid value cities.'],
    [
      city('@keyspace(name: "citys")'),
      'City: @keyspace(name: "citys"): there is no keyspace "citys"; there are cities',
    ],
    [
      city('@keyspace(name: "pages")'),
      `City: @keyspace(name: "pages"): the keyspace "pages" holds text; a type needs format: 'json'`,
    ],
    [
      'type _City @key(fields: "id") @keyspace(name: "citys") { id: ID! }',
      '_City: @keyspace(name: "citys"): there is no keyspace "citys"',
    ],
    [city(''), 'City: has a @key that a gateway may read it by, and no @keyspace to read from.'],
    [
      city('@keyspace(name: "cities") @keyspace(name: "countries")'),
      'City: needs one @keyspace for each resolvable @key, in order; has 2 @keyspaces and 1 resolvable @key',
    ],
    [
      'type A @keyspace(name: "cities") { a: Int }',
      'A: needs one @keyspace for each resolvable @key, in order; has 1 @keyspace and 0 resolvable @keys',
    ],
    ['type A @key(fields: "b") @keyspace(name: "cities") { a: Int }', 'A: @key(fields: "b"): A has no field b'],
    ['type A @key(fields: "{") @keyspace(name: "cities") { a: Int }', 'A: @key(fields: "{"): it cannot be understood'],
    [
      'type A @key(fields: "b") @keyspace(name: "cities") { b: [ID!]! }',
      'A: @key(fields: "b"): b is a list, and a key has one value of each field',
    ],
    [
      'type A @key(fields: "b { c }") @keyspace(name: "cities") { b: [B] } type B { c: ID }',
      'A: @key(fields: "b { c }"): b is a list, and a key has one value of each field',
    ],
    [
      'type A @key(fields: "at") @keyspace(name: "cities") { at: DateTime! }',
      'A: @key(fields: "at"): at is a DateTime, and keys are told apart as they are written; make it a String',
    ],
    [
      'type A @key(fields: "b { c }") @keyspace(name: "cities") { b: B } type B { c: Base64Bytes }',
      'A: @key(fields: "b { c }"): b.c is a Base64Bytes, and keys are told apart as they are written; make it a String',
    ],
    [
      'type A @key(fields: "b") @keyspace(name: "cities") { b: B } type B { c: Int }',
      'A: @key(fields: "b"): b needs a selection of fields',
    ],
    [
      'type A @key(fields: "a b") @keyspace(name: "cities") { a: Int b: Int }',
      'the @key "a b" has several fields: say how they make a key, such as key: "{a}/{b}"',
    ],
    [city('@keyspace(name: "cities", key: "id")'), 'key: "id" must be a template over the fields of the @key'],
    [city('@keyspace(name: "cities", key: "{id")'), 'key: "{id" must be a template over the fields of the @key'],
    [city('@keyspace(name: "cities", key: "{id}/{name}")'), 'key: "{id}/{name}" uses name; the @key has id'],
    [
      'type A @key(fields: "a b") @keyspace(name: "cities", key: "{a}") { a: Int b: Int }',
      'key: "{a}" leaves out b: different entities would share a key',
    ],
    [
      'type A @key(fields: "a b") @keyspace(name: "cities", key: "{a}-{b}") { a: Int b: Int }',
      'key: "{a}-{b}" needs a character such as "/" or ":" between fields',
    ],
    [city('@keyspace(name: "cities", one: "entry")'), 'there is a root field of that name already'],
    [city('@keyspace(name: "cities", one: "a", many: "a")'), 'there is a root field of that name already'],
    [city('@keyspace(name: "cities", one: "a b")'), 'a root field has a name of letters, digits and "_"'],
    [
      'type A @key(fields: "b { c }") @keyspace(name: "cities", one: "a") { b: B } type B { c: ID }',
      'root fields need a @key without nested fields',
    ],
    [
      `type A @key(fields: "a b") @keyspace(name: "cities", key: "{a}/{b}", many: "as") { a: ID! b: ID! }
       type AKey { a: ID }`,
      'needs the name AKey for its input; rename the type',
    ],
    ['type A { a: A @entry(key: "a b") }', 'A.a: @entry: key: "a b" must be a field of the stored value'],
    ['type A { a: Int @entry(key: "a") }', 'A.a: @entry: Int must be an object type'],
    ['type A { a: A @entry(key: "a") }', 'A.a: @entry: A must have a @keyspace, or be an entity of another subgraph'],
    [
      city('@keyspace(name: "cities")', 'id: ID! twins: [[City]] @entry(key: "twins")'),
      'City.twins: @entry: a list of lists cannot be read',
    ],
    [
      city('@keyspace(name: "cities")', 'id: ID! twin: City @entry(key: "twin", keyspace: "countries")'),
      'City.twin: @entry: City is not in the keyspace "countries"; it is in cities',
    ],
    [
      'type A { b: B @entry(key: "{x}/{y}/{z}") } type B @key(fields: "c d", resolvable: false) { c: ID! d: ID! }',
      'A.b: @entry: the key of B has 2 fields, so the template needs as many, in their order; it has 3',
    ],
    [
      'type A { b: B @entry(key: "b", keyspace: "cities") } type B @key(fields: "c", resolvable: false) { c: ID! }',
      'A.b: @entry: B is in another subgraph, and in no keyspace',
    ],
    ['interface A { a: A @entry(key: "a") }', 'A.a: @entry stands on the fields of object types, not of interfaces'],
    [
      'interface A { id: ID! } extend interface A @key(fields: "id")',
      'A: @key(fields: "id") stands on an interface: a reference to A would not say which type it is',
    ],
  ])('tells what is wrong with %s', (typeDefs, message) => {
    expect(problemsOf(typeDefs).join('\n')).toContain(message)
  })

  it('takes types that are in other subgraphs with keys that cannot be read by here', () => {
    const problems = problemsOf(
      'interface Media @key(fields: "id", resolvable: false) { id: ID! }',
      'type Event implements Media @key(fields: "id at tags", resolvable: false) { id: ID! at: DateTime tags: [ID!] }',
    )
    expect(problems).toEqual([])
  })

  it('tells of root fields and @entry, whatever else is wrong with their types', () => {
    const problems = problemsOf(
      'type A @key(fields: "nope") @keyspace(name: "cities", one: "bad-name") { id: ID! }',
      'type B @key(fields: "id") @keyspace(name: "nowhere", many: "__x") @keyspace(name: "pages", one: "entry") { id: ID! }',
      'type C @key(fields: "id") @keyspace(name: "cities") @keyspace(name: "nowhere", one: "a b", key: "{") { id: ID! }',
      'extend type D @key(fields: "id") @keyspace(name: "cities", one: "d d") { id: ID! }',
      'type E { c: C @entry(key: "a b", keyspace: "nope") b: [[B]] @entry(key: "b", keyspace: "cities") }',
    )
    expect(problems).toEqual([
      'A: @key(fields: "nope"): A has no field nope',
      'A: @keyspace(one: "bad-name"): a root field has a name of letters, digits and "_"',
      'B: needs one @keyspace for each resolvable @key, in order; has 2 @keyspaces and 1 resolvable @key',
      'B: @keyspace(name: "nowhere"): there is no keyspace "nowhere"; there are cities, countries, pages',
      `B: @keyspace(name: "pages"): the keyspace "pages" holds text; a type needs format: 'json'`,
      'B: @keyspace(many: "__x"): a root field has a name of letters, digits and "_"',
      'C: needs one @keyspace for each resolvable @key, in order; has 2 @keyspaces and 1 resolvable @key',
      'C: @keyspace(name: "nowhere"): there is no keyspace "nowhere"; there are cities, countries, pages',
      'C: @keyspace(one: "a b"): a root field has a name of letters, digits and "_"',
      'D: @keyspace(one: "d d"): a root field has a name of letters, digits and "_"',
      'E.c: @entry: key: "a b" must be a field of the stored value, or a template such as "{tenant}/{sku}"',
      'E.c: @entry: C is not in the keyspace "nope"; it is in cities, nowhere',
      'E.b: @entry: a list of lists cannot be read',
      'B: @keyspace(one: "entry"): there is a root field of that name already',
    ])
  })

  it('tells nothing that follows from what it has told', () => {
    const problems = problemsOf(
      'type A { b: B @entry(key: "b") c: Nope @entry(key: "c") d: D @entry(key: "d", keyspace: "cities") }',
      'type B @key(fields: "nope", resolvable: false) { id: ID! }',
      'extend type D @key(fields: "id") @keyspace(name: "citys") { id: ID! }',
    )
    expect(problems).toEqual([
      'Unknown type "Nope".',
      'B: @key(fields: "nope"): B has no field nope',
      'D: @keyspace(name: "citys"): there is no keyspace "citys"; there are cities, countries, pages',
    ])
  })

  it('tells everything at once, and each thing once', () => {
    const problems = problemsOf(
      'type Entry { id: ID! }',
      'type A {',
      city('@keyspace(name: "citys")', 'id: ID! a: Nope b: [City] @entry(key: "b b")'),
    )
    expect(problems).toEqual([
      '[1] cannot be understood: Syntax Error: Expected Name, found <EOF>. (line 1)',
      "Entry is a type of fedcache's own; choose another name",
      'Unknown type "Nope".',
      'City: @keyspace(name: "citys"): there is no keyspace "citys"; there are cities, countries, pages',
      'City.b: @entry: key: "b b" must be a field of the stored value, or a template such as "{tenant}/{sku}"',
    ])
  })
})
