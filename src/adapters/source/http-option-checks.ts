import type { OptionProblems } from './option-problems.ts'
import { checkUrlTemplate } from './url-template.ts'

/** Options as they came, which from JavaScript may be anything. */
type Given<Name extends string> = Readonly<Partial<Record<Name, unknown>>>

/** Notes what is wrong with the options that every source over HTTP takes. */
export function checkHttpConnection(
  problems: OptionProblems,
  given: Given<'name' | 'headers' | 'timeoutMs' | 'concurrency' | 'maxResponseBytes'>,
): void {
  problems.type('name', given.name, 'string')
  for (const option of ['timeoutMs', 'concurrency', 'maxResponseBytes'] as const) {
    problems.wholeNumber(option, given[option], 1)
  }
  checkHeaders(problems, given.headers)
}

/** Notes what is wrong with the options of one request per load. */
export function checkBulk(problems: OptionProblems, bulk: unknown): void {
  if (!problems.object('bulk', bulk)) return
  const { url, method, ...others }: Given<'url' | 'method' | 'body' | 'parse' | 'keyOf'> = bulk
  checkUrlTemplate(problems, 'bulk.url', url, '{keys}')
  if (method !== undefined && !isMethod(method)) {
    problems.add('bulk.method', 'must be GET or a method that may have a body, such as POST', method)
  }
  for (const option of ['body', 'parse', 'keyOf'] as const) problems.type(`bulk.${option}`, others[option], 'function')
}

/** Notes a problem unless the option is left out or a list of HTTP statuses. */
export function checkStatuses(problems: OptionProblems, option: string, received: unknown): void {
  const isStatus = (status: unknown) => Number.isInteger(status) && Number(status) >= 100 && Number(status) <= 599
  if (received === undefined || (Array.isArray(received) && received.every(isStatus))) return
  problems.add(option, 'must be a list of numbers from 100 to 599', received)
}

function checkHeaders(problems: OptionProblems, headers: unknown): void {
  if (headers === undefined || typeof headers === 'function') return
  // Lists, Maps and Headers keep what they hold elsewhere than in fields, and would be sent as nothing.
  if (typeof headers !== 'object' || headers === null || Symbol.iterator in headers) {
    return problems.add('headers', 'must be an object or a function', headers)
  }
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string' && isMade(() => new Headers({ [name]: value }))) continue
    problems.add('headers', `has ${JSON.stringify(name)} with what HTTP cannot carry`, headers)
  }
}

function isMethod(method: unknown): boolean {
  if (typeof method !== 'string') return false
  const body = method.toUpperCase() === 'GET' ? {} : { body: '' }
  return isMade(() => new Request('http://localhost', { method: method.toUpperCase(), ...body }))
}

/** Whether what `fetch` is given can be made at all, by its own rules. */
function isMade(make: () => unknown): boolean {
  try {
    make()
    return true
  } catch {
    return false
  }
}
