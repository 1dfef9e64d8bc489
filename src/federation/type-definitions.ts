import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type DocumentNode, parse } from 'graphql'

const domains = ['entry', 'keyspace', 'cluster', 'errors', 'scalars']

// From src/, from dist/ and under test runners alike, the package's own `imports` say where schema/ is.
const { resolve } = createRequire(import.meta.url)

/** The SDL of schema/ in one document, without anything of federation but `@key`. */
export function typeDefinitions(): DocumentNode {
  const files = domains.map((domain) => readFileSync(resolve(`#schema/${domain}.graphql`), 'utf8'))
  return parse(files.join('\n'), { noLocation: true })
}
