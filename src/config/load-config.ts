import { statSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { extname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ConfigError } from '../errors.ts'
import { isPlainObject } from './checks.ts'
import type { Config } from './config.ts'
import { described, redacted } from '../ports/received-value.ts'

const extensions = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']

/** How `loadConfig` imports a module. Given by tests only. */
export type ImportModule = (url: string) => Promise<{ readonly default?: unknown }>

/**
 * Loads a configuration file: a TypeScript or JavaScript module whose default export is the configuration, wherever it
 * lies. What it imports as `fedcache` or `fedcache/testing` is the fedcache that runs. A file that was loaded once is
 * not read again. What the configuration says is not checked; `resolveConfig` does that.
 *
 * @param path relative to the working directory, or absolute.
 * @throws ConfigError where the file is missing, cannot be understood, throws or exports no configuration. Its `cause`
 * is what was thrown.
 */
export async function loadConfig(path: string, importModule: ImportModule = importNatively): Promise<Config> {
  const file = resolve(path)
  const problem = fileProblem(file)
  if (problem !== undefined) throw configError(file, problem, path)
  const url = pathToFileURL(file).href
  importsOfFedcache.resolveFor(url)
  const loaded = await importModule(url).catch((error: unknown) => {
    throw configError(file, failureOf(error, url), undefined, error)
  })
  if (!('default' in loaded))
    throw configError(file, 'has no default export: write export default defineConfig({ … })', undefined)
  if (isPlainObject(loaded.default)) return loaded.default
  throw configError(file, `must export an object by default, not ${described(loaded.default)}`, loaded.default)
}

/** Makes the imports of `fedcache` in configuration files those of the running fedcache. */
const importsOfFedcache = {
  configUrls: new Set<string>(),
  isHooked: false,

  resolveFor(configUrl: string): void {
    this.configUrls.add(configUrl)
    if (this.isHooked) return
    this.isHooked = true
    // This file is src/config/load-config.ts in the repository and dist/src/config/load-config.js in the package.
    const extension = extname(import.meta.url)
    const entries = new Map([
      ['fedcache', new URL(`../index${extension}`, import.meta.url).href],
      ['fedcache/testing', new URL(`../testing${extension}`, import.meta.url).href],
    ])
    registerHooks({
      resolve: (specifier, context, nextResolve) => {
        const url = entries.get(specifier)
        if (url !== undefined) return { url, shortCircuit: true }
        const resolved = nextResolve(specifier, context)
        const isTypeScriptConfig = resolved.url.endsWith('.ts') && this.configUrls.has(resolved.url)
        // Whatever a package.json above it says, a .ts configuration is a module, and Node need not guess.
        return isTypeScriptConfig ? { ...resolved, format: 'module-typescript' } : resolved
      },
    })
  },
}

function importNatively(url: string): Promise<{ readonly default?: unknown }> {
  return import(/* @vite-ignore */ url) as Promise<{ readonly default?: unknown }>
}

function fileProblem(file: string): string | undefined {
  const status = statSync(file, { throwIfNoEntry: false })
  if (status === undefined) return 'does not exist'
  if (!status.isFile()) return 'is not a file'
  return extensions.includes(extname(file)) ? undefined : `must end in one of ${extensions.join(' ')}`
}

function failureOf(error: unknown, configUrl: string): string {
  if (!(error instanceof Error)) return `threw ${described(typeof error === 'string' ? redacted(error) : error)}`
  const code = 'code' in error ? error.code : undefined
  const message = redacted(error.message.trim())
  if (error instanceof ConfigError) return `could not be made:\n${message}`
  if (error instanceof SyntaxError) return `cannot be understood: ${message}${placeOfSyntaxError(error, configUrl)}`
  if (code === 'ERR_MODULE_NOT_FOUND') return `imports what is not there: ${message}`
  return `threw ${error.name}: ${message}${placeOfThrow(error, configUrl)}`
}

/** Node puts the file and line of a syntax error on the first line of the stack. */
function placeOfSyntaxError(error: SyntaxError, configUrl: string): string {
  const [first = ''] = (error.stack ?? '').split('\n')
  const place = /^(\S.*):(\d+)$/.exec(first)
  if (place === null) return ''
  const file = place[1]?.startsWith('file:') ? fileURLToPath(place[1]) : place[1]
  return file === fileURLToPath(configUrl) ? ` (line ${place[2]})` : ` (line ${place[2]} of ${file})`
}

function placeOfThrow(error: Error, configUrl: string): string {
  const stack = error.stack ?? ''
  for (const name of [configUrl, fileURLToPath(configUrl)]) {
    const start = stack.indexOf(`${name}:`)
    const line = start < 0 ? undefined : /^\d+/.exec(stack.slice(start + name.length + 1))?.[0]
    if (line !== undefined) return ` (line ${line})`
  }
  return ''
}

function configError(file: string, message: string, received: unknown, cause?: unknown): ConfigError {
  const error = new ConfigError([{ path: file, message, received }])
  error.cause = cause
  return error
}
