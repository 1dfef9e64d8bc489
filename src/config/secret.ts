import { readFile } from 'node:fs/promises'
import { isPlainObject } from './checks.ts'
import type { Problems } from './problems.ts'

/**
 * A secret: the text itself, the name of an environment variable that holds it, or the path of a file that does; there
 * line ends at the end do not count.
 */
export type Secret = string | { readonly env: string } | { readonly file: string }

/** Whether a value is a secret in one of its forms; anything else is noted, without showing it. */
export function checkSecret(problems: Problems, path: string, value: unknown): value is Secret {
  if (typeof value === 'string' && value !== '') return true
  if (isPlainObject(value)) {
    const fields = Object.entries(value)
    const [name, text] = fields[0] ?? []
    if (fields.length === 1 && (name === 'env' || name === 'file') && typeof text === 'string' && text !== '')
      return true
  }
  problems.add(path, "must be a secret: a text, { env: 'NAME' } or { file: 'PATH' }", value)
  return false
}

/**
 * Reads a secret.
 *
 * @throws Error that names the variable or file where it is missing or empty, and never the secret.
 */
export async function readSecret(
  secret: Secret,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  if (typeof secret === 'string') return secret
  if ('env' in secret) {
    const text = environment[secret.env]
    if (text === undefined || text === '') throw new Error(`The environment variable ${secret.env} is not set.`)
    return text
  }
  const text = (await readFile(secret.file, 'utf8')).replace(/[\r\n]+$/, '')
  if (text === '') throw new Error(`The file ${secret.file} is empty.`)
  return text
}
