import { unwatchFile, watchFile } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Server } from 'node:https'
import { createSecureContext } from 'node:tls'
import type { Logger } from '../ports/index.ts'

/** Where a server's certificate is: paths of PEM files. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

const lookEveryMs = 2000

/**
 * Gives a server its certificate, and a new one whenever its files change, for connections made from then on. Files that
 * do not fit each other, as while one of them is being replaced, change nothing.
 *
 * @returns stops looking. Rejects where there is no certificate to begin with, with what the configuration calls it.
 */
export async function followCertificate(server: Server, files: CertificateFiles, logger: Logger): Promise<() => void> {
  const read = async (): Promise<void> => {
    const [cert, key] = await Promise.all([
      readFile(files.cert).catch(unusable('http.tls.cert cannot be read')),
      readFile(files.key).catch(unusable('http.tls.key cannot be read')),
    ])
    // Checked before: the server would take what it cannot use.
    try {
      createSecureContext({ cert, key })
    } catch (error) {
      unusable(`http.tls: ${files.cert} and ${files.key} cannot be used together`)(error)
    }
    server.setSecureContext({ cert, key })
  }
  await read()
  const onChange = (): void => {
    read().then(
      () => logger.info({ cert: files.cert }, 'a new certificate is used'),
      (error: unknown) =>
        logger.warn({ error, cert: files.cert }, 'the new certificate cannot be used; the old one goes on'),
    )
  }
  // By polling: certificates are often replaced by moving a link, which watching a file does not see.
  for (const file of [files.cert, files.key]) watchFile(file, { interval: lookEveryMs, persistent: false }, onChange)
  return () => {
    for (const file of [files.cert, files.key]) unwatchFile(file, onChange)
  }
}

function unusable(problem: string): (reason: unknown) => never {
  return (reason) => {
    throw new Error(`${problem}: ${reason instanceof Error ? reason.message : String(reason)}`, { cause: reason })
  }
}
