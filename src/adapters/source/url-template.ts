import { FedcacheError } from '../../errors.ts'
import type { OptionProblems } from './option-problems.ts'

/** Stands for the placeholder while a template is taken apart; no part of a URL changes it. */
const marker = 'fedcache-placeholder'

/** A URL with a placeholder in its path or query. */
export class UrlTemplate {
  readonly #url: URL
  /** Origin and path, as errors and logs may show them: without query and credentials. */
  readonly shown: string
  /** An `authorization` header made from the user name and password in the URL; `undefined` without them. */
  readonly authorization: string | undefined

  /** @param placeholder such as `{key}`; may be missing from the template, and stand in it more than once. */
  constructor(template: string, placeholder: string) {
    this.#url = new URL(template.replaceAll(placeholder, marker))
    this.shown = `${this.#url.origin}${this.#url.pathname}`.replaceAll(marker, placeholder)
    const { username, password } = this.#url
    if (username === '' && password === '') return
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    this.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
    this.#url.username = ''
    this.#url.password = ''
  }

  /**
   * The URL with these texts in place of the placeholder, percent-encoded, with commas between them.
   *
   * @throws FedcacheError `BAD_USER_INPUT` where a text would lead to another path, such as `..`, or is no Unicode.
   */
  expand(...texts: readonly string[]): string {
    const encoded = texts.map(percentEncoded).join(',')
    const expanded = this.#url.href.replaceAll(marker, encoded)
    // What a URL parser rewrites is a "." or ".." that would climb out of the path.
    if (new URL(expanded).href !== expanded) throw unusable(texts.join(','))
    return expanded
  }
}

function percentEncoded(text: string): string {
  if (!text.isWellFormed()) throw unusable(text)
  // The apostrophe is the one character that encodeURIComponent leaves and URL parsers rewrite.
  return encodeURIComponent(text).replaceAll("'", '%27')
}

function unusable(text: string): FedcacheError {
  return new FedcacheError('BAD_USER_INPUT', `The key ${JSON.stringify(text)} cannot be part of this source's URL.`)
}

/** Notes what is wrong with a URL template. */
export function checkUrlTemplate(
  problems: OptionProblems,
  option: string,
  template: unknown,
  placeholder: string,
): void {
  if (typeof template !== 'string') return problems.add(option, 'must be an http or https URL', template)
  const url = URL.canParse(template) ? new URL(template.replaceAll(placeholder, marker)) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    return problems.add(option, 'must be an http or https URL', template)
  }
  const authority = /^[^/]*\/\/[^/?#]*/.exec(template)?.[0] ?? ''
  if (authority.includes(placeholder) || url.hash.includes(marker)) {
    problems.add(option, `may have ${placeholder} in its path and query only`, template)
  }
}
