import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createFedcache, loadConfig } from '../../src/index.ts'
import { resolvedConfig } from '../../src/server.ts'
import { post } from '../support/served-cache.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const pages = [
  'README.md',
  'SECURITY.md',
  'docs/federation.md',
  'docs/http.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => /^(?:auth|discovery)-.*\.md$/.test(name))
    .map((name) => `docs/${name}`),
]

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedcache-docs-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** The configurations of a page, as files. */
async function configsOf(page: string): Promise<readonly string[]> {
  const text = readFileSync(join(root, page), 'utf8')
  const blocks = Array.from(text.matchAll(/^```ts\n((?:(?!^```).)*?^export default.*?)^```$/gms), ([, block]) => block!)
  return Promise.all(
    blocks.map(async (block, index) => {
      const path = join(folder, `${page.replace(/\W/g, '-')}-${index}.config.ts`)
      await writeFile(path, block)
      return path
    }),
  )
}

test.each(pages)('%s: every configuration in it is right', async (page) => {
  vi.stubEnv('DATABASE_URL', 'postgres://localhost/shop')
  const paths = await configsOf(page)
  expect(paths).not.toHaveLength(0)
  for (const path of paths) resolvedConfig(await loadConfig(path), { heapLimitBytes: Infinity })
})

test('every configuration compiles, as strictly as one may', async () => {
  const files = (await Promise.all(pages.map(configsOf))).flat()
  const options = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    target: 'es2024',
    module: 'nodenext',
    allowImportingTsExtensions: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
    paths: { fedcache: [join(root, 'src/index.ts')], '*': [join(root, 'node_modules/*')] },
  }
  const project = join(folder, 'tsconfig.json')
  await writeFile(project, JSON.stringify({ compilerOptions: options, files }))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  const compiler = fileURLToPath(new URL('../lib/tsc.js', import.meta.resolve('typescript')))
  const { stdout } = await promisify(execFile)(process.execPath, [compiler, '--project', project]).catch(
    (error: { readonly stdout: string }) => error,
  )
  // In stricter settings than its own the compiler finds something in fedcache as well.
  expect(stdout.split('\n').filter((line) => line.includes('.config.ts'))).toStrictEqual([])
})

test.each(pages)('%s: every request in it is JSON', (page) => {
  const text = readFileSync(join(root, page), 'utf8')
  for (const [, body] of text.matchAll(/ -d '(\{.*?\})'$/gms)) expect(() => JSON.parse(body!)).not.toThrow()
})

test('docs/auth-function.md does what it says', async () => {
  const [path] = await configsOf('docs/auth-function.md')
  const fedcache = createFedcache({ ...(await loadConfig(path!)), memoryLimit: '16mb', log: { level: 'silent' } })
  const status = async (headers: Readonly<Record<string, string>>) =>
    (await fedcache.fetch(post({ query: '{ entry(keyspace: "notes", key: "a") { key } }' }, headers))).status
  expect([await status({}), await status({ 'x-authenticated-user': 'ann@acme' })]).toStrictEqual([401, 200])
  await fedcache.stop()
})

test.each(pages)('%s: every page that it points to is there', (page) => {
  const text = readFileSync(join(root, page), 'utf8')
  const targets = Array.from(text.matchAll(/\]\((?!http)([^)#]+)\)/g), ([, target]) => target!)
  expect(targets.filter((target) => !existsSync(join(root, page, '..', target)))).toStrictEqual([])
})
