import { createHash, timingSafeEqual } from 'node:crypto'
import type { Authenticator, Clock, Identity, Logger } from '../ports/index.ts'
import { bearerToken, isSendable } from './bearer.ts'

/** A token that is known beforehand. */
export interface KnownToken {
  /** Reads the token. Called again now and then, so that one from a file can be replaced. */
  readonly read: () => Promise<string>
  readonly identity: Identity
}

/** What {@link tokenAuthenticator} needs. */
export interface TokenAuthenticatorOptions {
  readonly tokens: readonly KnownToken[]
  readonly clock: Clock
  readonly logger: Logger
}

/** How long tokens are taken as they were read, in milliseconds. */
const rereadMs = 10_000

/**
 * Knows senders by tokens that are kept here. Only hashes of them stay in memory, and every one is compared in the same
 * time, whichever it is and however much of it is right.
 */
export function tokenAuthenticator({ tokens, clock, logger }: TokenAuthenticatorOptions): Authenticator {
  let hashes: readonly Buffer[] = []
  let readAtMs = -Infinity
  let reading: Promise<void> | undefined
  const readAll = async (): Promise<void> => {
    hashes = await Promise.all(tokens.map(async ({ read }, index) => sha256(sendable(await read(), index))))
    readAtMs = clock.monotonic()
  }
  const reread = async (): Promise<void> => {
    try {
      await readAll()
    } catch (error) {
      logger.error({ error }, 'tokens cannot be read again; those read before go on counting')
      readAtMs = clock.monotonic()
    } finally {
      reading = undefined
    }
  }
  const known = (token: string): Identity | undefined => {
    const hash = sha256(token)
    let identity: Identity | undefined
    // To the end, whichever is found: how long it takes tells nothing.
    for (const [index, candidate] of hashes.entries()) {
      if (timingSafeEqual(candidate, hash)) identity = tokens[index]?.identity
    }
    return identity
  }
  return {
    start: readAll,
    authenticate(request) {
      const token = bearerToken(request)
      if (token === undefined) return undefined
      if (clock.monotonic() - readAtMs < rereadMs) return known(token)
      reading ??= reread()
      return reading.then(() => known(token))
    },
  }
}

/** @throws an Error for what could never be found again: nobody can send it. */
function sendable(token: string, index: number): string {
  if (isSendable(token)) return token
  throw new Error(
    `The token of auth.tokens[${index}] cannot be sent: it is made of letters, digits and the characters - . _ ~ + / =, ` +
      'and no others. It is not shown here.',
  )
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
