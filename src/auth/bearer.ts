import { FedcacheError } from '../errors.ts'
import type { RequestHead } from '../ports/index.ts'

const longestToken = 16_384

/** Whether a text can be sent as a token at all. */
export function isSendable(token: string): boolean {
  return /^[\w.~+/=-]+$/.test(token) && token.length < longestToken - 'Bearer '.length
}

/**
 * The token of `Authorization: Bearer …`; `undefined` where there is no such header.
 *
 * @throws FedcacheError `UNAUTHENTICATED` for another kind of credentials, or what is no token.
 */
export function bearerToken({ headers }: RequestHead): string | undefined {
  const header = headers.get('authorization')
  if (header === null || header === '') return undefined
  const [, token] = /^bearer +([\w.~+/=-]+) *$/i.exec(header.slice(0, longestToken)) ?? []
  if (token === undefined) throw unauthenticated('Credentials are sent as "Authorization: Bearer TOKEN".')
  return token
}

/** An error that says no more than that the sender is not known. */
export function unauthenticated(message: string, options?: { readonly cause: unknown }): FedcacheError {
  return new FedcacheError('UNAUTHENTICATED', message, { ...options, outcome: 'NONE' })
}
