import { nkeys } from 'nats/lib/nats-base-client/nkeys.js'

type KeyPair = ReturnType<typeof nkeys.createUser>

/** What a user's credentials say beside who they are. */
export interface CredentialOptions {
  /** When they expire. Default: never. */
  readonly expiresAt?: Date
}

/** A NATS operator with one account, as `nsc` would make them: who belongs to the account is proven by signatures. */
export class NatsOperator {
  readonly #operator = nkeys.createOperator()
  readonly #account = nkeys.createAccount()

  /** Configuration for a server that knows no users, only the operator and the account. */
  get serverConfig(): string {
    const account = this.#account.getPublicKey()
    const limits = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 }
    const accountJwt = signed(this.#operator, account, { type: 'account', limits })
    return [
      `operator: ${signed(this.#operator, this.#operator.getPublicKey(), { type: 'operator' })}`,
      'resolver: MEMORY',
      `resolver_preload: { ${account}: ${accountJwt} }`,
    ].join('\n')
  }

  /** The text of a credentials file for a new user of the account. */
  credentials({ expiresAt }: CredentialOptions = {}): string {
    const user = nkeys.createUser()
    const claims = { type: 'user', pub: {}, sub: {}, subs: -1, data: -1, payload: -1 }
    const jwt = signed(this.#account, user.getPublicKey(), claims, expiresAt)
    const seed = new TextDecoder().decode(user.getSeed())
    return [
      '-----BEGIN NATS USER JWT-----',
      jwt,
      '------END NATS USER JWT------',
      '',
      '-----BEGIN USER NKEY SEED-----',
      seed,
      '------END USER NKEY SEED------',
      '',
    ].join('\n')
  }
}

function signed(issuer: KeyPair, subject: string, claims: object, expiresAt?: Date): string {
  const seconds = (date: Date) => Math.floor(date.getTime() / 1000)
  const payload = {
    jti: crypto.randomUUID(),
    iat: seconds(new Date()) - 60,
    ...(expiresAt === undefined ? {} : { exp: seconds(expiresAt) }),
    iss: issuer.getPublicKey(),
    sub: subject,
    name: 'test',
    nats: { version: 2, ...claims },
  }
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const text = `${encode({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encode(payload)}`
  return `${text}.${Buffer.from(issuer.sign(Buffer.from(text))).toString('base64url')}`
}
