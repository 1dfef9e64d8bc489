import type * as Pg from 'pg'
import { FedcacheError, type FedcacheErrorOptions } from '../../errors.ts'
import { type PostgresParsers, postgresTypes } from './postgres-types.ts'

/** What fedcache uses of a connection that a pool of `pg` lends. */
export interface PostgresClient {
  query(query: {
    readonly text: string
    readonly values: readonly unknown[]
    readonly types: PostgresParsers
  }): Promise<PostgresResult>
  release(destroy?: boolean): void
  on(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
  /** The server's process behind the connection. */
  readonly processID?: number | null
}

/** What fedcache uses of a pool of `pg`. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>
}

/** What a statement gave. */
export interface PostgresResult {
  readonly rows: readonly Record<string, unknown>[]
  readonly fields: readonly { readonly name: string }[]
}

/** How to reach a database. */
export interface PostgresConnectionSettings {
  readonly connectionString?: string | undefined
  readonly poolOptions?: Readonly<Record<string, unknown>>
  readonly pool?: PostgresPool
  readonly statementTimeoutMs?: number
}

interface OwnPool extends PostgresPool {
  end(): Promise<void>
}

/** Runs statements over a pool, and stops those that nobody waits for. */
export class PostgresConnection {
  readonly #settings: PostgresConnectionSettings
  readonly #isRaw: boolean
  #pool: PostgresPool | undefined
  #own: OwnPool | undefined
  #types: PostgresParsers | undefined

  /** @param isRaw whether JSON columns are left as text. */
  constructor(settings: PostgresConnectionSettings, isRaw: boolean) {
    this.#settings = settings
    this.#isRaw = isRaw
  }

  /**
   * Makes the pool. Does not connect.
   *
   * @throws Error that says what to install when the package `pg` is missing.
   */
  async open(): Promise<void> {
    const { Pool, types } = await importPg()
    this.#types = postgresTypes(types, this.#isRaw)
    const { pool, connectionString, statementTimeoutMs = 30_000, poolOptions } = this.#settings
    if (pool === undefined) {
      const own = new Pool({
        ...(connectionString === undefined ? {} : { connectionString }),
        application_name: 'fedcache',
        connectionTimeoutMillis: 5000,
        allowExitOnIdle: true,
        statement_timeout: statementTimeoutMs,
        ...poolOptions,
      })
      // An idle connection that breaks is replaced when it is needed; unheard, its error would end the process.
      own.on('error', ignore)
      this.#own = own as unknown as OwnPool
    }
    this.#pool = pool ?? this.#own
  }

  /** Closes the pool, if it is the source's own, when every connection is back. */
  async close(): Promise<void> {
    const own = this.#own
    this.#pool = this.#own = undefined
    await own?.end()
  }

  /**
   * Runs one statement.
   *
   * @throws the signal's reason when it is aborted first; the server is then told to stop the statement, which it may
   * be too late for.
   */
  async query(text: string, values: readonly unknown[], signal: AbortSignal): Promise<PostgresResult> {
    const [pool, types] = [this.#pool, this.#types]
    if (pool === undefined || types === undefined) throw new Error('the source has not been started')
    signal.throwIfAborted()
    const client = await pool.connect()
    if (signal.aborted) client.release()
    signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      let isReleased = false
      const release = (destroy: boolean) => {
        if (isReleased) return
        isReleased = true
        signal.removeEventListener('abort', abort)
        client.release(destroy)
        if (!destroy) client.off('error', ignore)
      }
      const abort = () => {
        const { processID } = client
        // The connection is given up first: the pool may need its place for the one that cancels.
        release(true)
        if (typeof processID === 'number') void this.#cancel(pool, types, processID)
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', abort)
      // A connection that breaks says so by an event as well, which would end the process if nobody heard it.
      client.on('error', ignore)
      client.query({ text, values, types }).then(
        (result) => {
          release(false)
          resolve(result)
        },
        (error: Error) => {
          release(!isStatementError(error))
          reject(error)
        },
      )
    })
  }

  async #cancel(pool: PostgresPool, types: PostgresParsers, processId: number): Promise<void> {
    try {
      const client = await pool.connect()
      client.on('error', ignore)
      try {
        await client.query({ text: 'select pg_cancel_backend($1)', values: [processId], types })
      } finally {
        client.off('error', ignore)
        client.release()
      }
    } catch {
      // The statement then runs until statementTimeoutMs.
    }
  }
}

/** What the server says of a statement that it refused. */
export interface StatementError extends Error {
  /** SQLSTATE. */
  readonly code: string
  /** The column or constraint that data offended, where there is one. */
  readonly column?: string
  readonly constraint?: string
}

/** Whether the server refused a statement, rolled it back, and keeps the connection. */
export function isStatementError(error: unknown): error is StatementError {
  return error instanceof Error && 'severity' in error && error.severity === 'ERROR' && 'code' in error
}

/** The error of a statement that the server stopped by a timeout of its own; `undefined` for any other error. */
export function tookTooLong(error: unknown, options: FedcacheErrorOptions = {}): FedcacheError | undefined {
  if (!isStatementError(error) || error.code !== '57014') return undefined
  const message = 'The database stopped a statement that took too long; try again, or raise its statement timeout.'
  return new FedcacheError('SOURCE_TIMEOUT', message, { ...options, cause: error })
}

async function importPg(): Promise<typeof Pg> {
  try {
    return await import('pg')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error
    throw new Error('postgresSource needs the package pg, which is not installed; run: npm install pg', {
      cause: error,
    })
  }
}

function ignore(): void {
  // Heard, so that it does not end the process.
}
