// What a configuration was given, as its problems tell of it. Both the check and the sources look at it.

const secretName = /pass|secret|token|credential|auth|jwt|seed|nkey|private|api_?key/i
const longestPrinted = 120

/** A message without the user names, passwords and query values of the URLs in it. */
export function redacted(message: string): string {
  return withoutQueryValues(message.replace(/:\/\/\S*@/g, '://***@'))
}

/** What a value is, in a few words, with nothing of what is inside objects. */
export function described(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') return quoted(value)
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return `${value}`
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (value instanceof Promise) return 'a promise'
  if (typeof value !== 'object') return `a ${typeof value}`
  const names = Object.keys(value)
  return names.length === 0 ? 'an empty object' : `an object with ${names.slice(0, 10).join(', ')}`
}

function quoted(text: string): string {
  return JSON.stringify(text.length <= longestPrinted ? text : `${text.slice(0, longestPrinted)}…`)
}

/** A value as messages may show it: without credentials in URLs, and without what is secret by the name of its field. */
export function withoutSecrets(path: string, value: unknown): unknown {
  const name = path.slice(path.lastIndexOf('.') + 1)
  return shownOf(secretName.test(name), value)
}

/** A value that may be a secret, with its texts hidden. */
export function hidden(value: unknown): unknown {
  return shownOf(true, value)
}

function shownOf(isSecret: boolean, value: unknown): unknown {
  if (typeof value === 'string') return isSecret ? '***' : withoutCredentials(value)
  if (Array.isArray(value)) return value.map((item: unknown) => shownOf(isSecret, item))
  if (!isPlain(value)) return value
  // Everything within a secret is one: `token: { text: '…' }`.
  const fields = Object.entries(value)
  return Object.fromEntries(fields.map(([name, inner]) => [name, shownOf(isSecret || secretName.test(name), inner)]))
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

function withoutCredentials(value: string): string {
  // Up to the last "@": passwords are often written with "@", "/" and spaces unescaped.
  return withoutQueryValues(value.replace(/^(.*?:\/\/)?.*@/s, '$1***@'))
}

function withoutQueryValues(text: string): string {
  return text.replace(/([?&][^=&\s]*=)[^&\s]+/g, '$1***')
}
