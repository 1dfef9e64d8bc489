import { readFile } from 'node:fs/promises'
import { env } from 'node:process'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import type { NatsBusOptions } from '../adapters/bus/nats-bus-options.ts'
import type { ClusterAuthConfig, ClusterTlsConfig } from '../config/config.ts'
import { readSecret, type Secret } from '../config/secret.ts'

/** What a bus is told of TLS and credentials. Files and secrets are read whenever it connects. */
export function busSecurity(
  tls: ClusterTlsConfig | undefined,
  auth: ClusterAuthConfig | undefined,
): Pick<NatsBusOptions, 'tls' | 'auth'> {
  return {
    ...(tls === undefined ? {} : { tls: () => tlsOptions(tls) }),
    ...(auth === undefined ? {} : { auth: () => credentials(auth) }),
  }
}

async function tlsOptions({ ca, cert, key, serverName }: ClusterTlsConfig): Promise<object> {
  const files = Object.entries({ ca, cert, key }).filter(([, path]) => path !== undefined)
  const texts = await Promise.all(files.map(async ([name, path]) => [name, await readFile(path!, 'utf8')] as const))
  return {
    ...Object.fromEntries(texts),
    ...(serverName === undefined
      ? {}
      : {
          servername: serverName,
          checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
            checkServerIdentity(serverName, certificate),
        }),
  }
}

async function credentials(auth: ClusterAuthConfig): Promise<Awaited<ReturnType<AuthReader>>> {
  const read = (secret: Secret) => readSecret(secret, env)
  if ('user' in auth) return { user: auth.user, password: await read(auth.password) }
  if ('token' in auth) return { token: await read(auth.token) }
  if ('nkey' in auth) return { nkeySeed: (await read(auth.nkey)).trim() }
  return { credentials: await read(auth.creds) }
}

type AuthReader = Extract<NonNullable<NatsBusOptions['auth']>, (...args: never[]) => unknown>
