import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { FedcacheError } from '../../errors.ts'
import type { StoreRequest, WriteResult } from '../../ports/index.ts'
import { harmless } from './answers.ts'
import { fieldsOf, invalidValue, refusedRow } from './row-fields.ts'
import { keyName } from './sql-options.ts'
import type { SqliteTable } from './sqlite-table.ts'
import { storedValue } from './sqlite-values.ts'

/** Primary SQLite result codes that say that one row was refused and the transaction goes on. */
const refusals: ReadonlySet<number> = new Set([18, 19, 20])

/** Writes the rows of one table, each call in one transaction. */
export class SqliteWriter {
  readonly #database: DatabaseSync
  readonly #table: SqliteTable
  readonly #upsert: StatementSync
  readonly #remove: StatementSync

  /** @throws Error when the key column has no unique index, or the table cannot be written. */
  constructor(database: DatabaseSync, table: SqliteTable) {
    this.#database = database
    this.#table = table
    this.#upsert = database.prepare(table.upsert)
    this.#remove = database.prepare(table.remove)
  }

  /** Inserts or replaces rows. A row that the table refuses fails alone. */
  store(requests: readonly StoreRequest[]): readonly WriteResult[] {
    return this.#inTransaction(requests, (request) => this.#storeOne(request))
  }

  /** Deletes rows. A row that cannot go, because others refer to it, fails alone. */
  delete(keys: readonly string[]): readonly WriteResult[] {
    return this.#inTransaction(keys, (key) => {
      this.#remove.run({ key })
    })
  }

  #storeOne({ key, value }: StoreRequest): void {
    const values = this.#valuesOf(key, value)
    this.#database.exec('savepoint fedcache_row')
    try {
      const [row] = this.#upsert.all(key, ...values)
      // A column that holds "042" as 42 would never answer for the key that was put.
      if (row?.[keyName] !== key) throw misspelt(key, `${row?.[keyName] as string}`)
    } catch (error) {
      this.#database.exec('rollback to fedcache_row')
      throw error
    } finally {
      this.#database.exec('release fedcache_row')
    }
  }

  #valuesOf(key: string, value: unknown): readonly SQLInputValue[] {
    const { valueColumn, valueFormat = 'json', written, generated, keyColumn } = this.#table
    if (valueColumn !== undefined) {
      return [valueFormat === 'json' ? JSON.stringify(value) : (value as string | Uint8Array)]
    }
    const names = written.map(({ name }) => name)
    const fields = fieldsOf({ key, value, keyColumn, names, ignored: generated })
    return written.map(({ name, type }) => {
      try {
        return storedValue(fields[name], type)
      } catch (error) {
        throw invalidValue(`The field "${name}" of ${JSON.stringify(key)} ${(error as TypeError).message}.`)
      }
    })
  }

  #inTransaction<Request>(requests: readonly Request[], write: (request: Request) => void): readonly WriteResult[] {
    try {
      this.#database.exec('begin immediate')
      const results = requests.map((request) => {
        try {
          write(request)
          return undefined
        } catch (error) {
          return refusalOf(error, this.#table)
        }
      })
      this.#database.exec('commit')
      return results
    } catch (error) {
      this.#rollBack()
      throw harmless('the transaction was rolled back', error)
    }
  }

  #rollBack(): void {
    try {
      this.#database.exec('rollback')
    } catch {
      // SQLite has rolled back on its own, or the transaction never began.
    }
  }
}

/** @throws what was thrown, where it is not about one row. */
function refusalOf(error: unknown, table: SqliteTable): FedcacheError {
  if (error instanceof FedcacheError) return error
  if (error instanceof Error && 'errcode' in error && refusals.has(Number(error.errcode) & 0xff)) {
    return refusedRow(offended(error.message, table), error)
  }
  throw error
}

/** Nothing but columns of the table: of a check, SQLite tells the SQL. */
function offended(message: string, { table, written }: SqliteTable): string {
  const [, list = ''] = /(?:failed:|column) (.*)$/s.exec(message) ?? []
  const told = list.split(', ')
  const names = written.map(({ name }) => name).filter((name) => told.includes(`${table}.${name}`))
  const quoted = names.map((name) => `"${name}"`).join(', ')
  return names.length === 0 ? '' : `${names.length === 1 ? 'column' : 'columns'} ${quoted}`
}

function misspelt(key: string, held: string): FedcacheError {
  const message = `The key ${JSON.stringify(key)} would be stored as ${JSON.stringify(held)}; write it like that.`
  return new FedcacheError('BAD_USER_INPUT', message, { outcome: 'NONE' })
}
