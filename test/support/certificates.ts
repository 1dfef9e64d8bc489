import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] as const

/** Paths of a certificate and its key. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

/** An authority that signs certificates, made by openssl in a folder. */
export class CertificateAuthority {
  readonly #folder: string
  readonly #name: string

  private constructor(folder: string, name: string) {
    this.#folder = folder
    this.#name = name
  }

  /** Path of its own certificate. */
  get ca(): string {
    return join(this.#folder, `${this.#name}.pem`)
  }

  static async make(folder: string, name: string): Promise<CertificateAuthority> {
    const authority = new CertificateAuthority(folder, name)
    const files = ['-keyout', authority.#path(`${name}-key.pem`), '-out', authority.ca]
    const subject = ['-nodes', '-days', '2', '-subj', `/CN=${name}`]
    await run('openssl', ['req', '-x509', ...newKey, ...subject, ...files])
    return authority
  }

  /**
   * Signs a certificate for a name, written to `<file>.pem` and `<file>-key.pem`.
   *
   * @param days from now; a negative number makes one that has expired.
   */
  async sign(
    commonName: string,
    options: { readonly file?: string; readonly alternatives?: string; readonly days?: number } = {},
  ): Promise<CertificateFiles> {
    const { file = commonName, alternatives, days = 1 } = options
    const [request, extensions] = [this.#path(`${file}.csr`), this.#path(`${file}.ext`)]
    const files = { cert: this.#path(`${file}.pem`), key: this.#path(`${file}-key.pem`) }
    await writeFile(extensions, alternatives === undefined ? '' : `subjectAltName=${alternatives}\n`)
    const asked = ['-nodes', '-subj', `/CN=${commonName}`, '-keyout', files.key, '-out', request]
    await run('openssl', ['req', '-new', ...newKey, ...asked])
    // Not by openssl's file of numbers: several are signed at once.
    const serial = ['-set_serial', `0x${randomBytes(16).toString('hex').replace(/^./, '1')}`]
    const signer = ['-CA', this.ca, '-CAkey', this.#path(`${this.#name}-key.pem`), ...serial]
    const signed = ['-out', files.cert, '-extfile', extensions, '-days', String(days)]
    await run('openssl', ['x509', '-req', '-in', request, ...signer, ...signed])
    return files
  }

  #path(file: string): string {
    return join(this.#folder, file)
  }
}
