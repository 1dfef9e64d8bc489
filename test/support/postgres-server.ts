import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, chownSync, constants, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { Client } from 'pg'

/** A real PostgreSQL server of a test's own, on a Unix socket. */
export interface PostgresServer {
  /** Connects as superuser to the database `postgres`. */
  readonly connectionString: string
  /** Runs statements on a connection of its own and gives the rows of the last. */
  query(sql: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>
  /** Breaks every connection and takes no new ones until `start`. */
  stop(): Promise<void>
  /** Starts again after `stop`, with the same data. */
  start(): Promise<void>
  /** Stops the server, if it runs, and deletes its data. */
  dispose(): Promise<void>
}

/**
 * Starts a server with an empty database. It dies with this process, however that ends.
 *
 * @throws Error that says what to install where there is no PostgreSQL and it cannot be installed.
 */
export async function postgresServer(): Promise<PostgresServer> {
  const directory = mkdtempSync(join(tmpdir(), 'fedcache-postgres-'))
  const user = unprivilegedUser()
  if (user.uid !== undefined && user.gid !== undefined) chownSync(directory, user.uid, user.gid)
  const data = join(directory, 'data')
  const initdb = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync']
  execFileSync(program('initdb'), initdb, { ...user, cwd: directory, stdio: 'ignore' })
  let running: ChildProcess | undefined = await started(directory, data, user)

  async function stop(): Promise<void> {
    const server = running
    running = undefined
    if (server === undefined) return
    const ended = once(server, 'exit')
    server.stdin?.end('keep\n')
    await ended
  }

  const connectionString = `postgresql://postgres@/postgres?host=${encodeURIComponent(directory)}`
  return {
    connectionString,
    async query(sql, values = []) {
      const client = new Client({ connectionString })
      await client.connect()
      try {
        const result = await client.query<Record<string, unknown>>(sql, [...values])
        const last: typeof result = Array.isArray(result) ? (result as unknown as (typeof result)[]).at(-1)! : result
        return last.rows
      } finally {
        await client.end()
      }
    },
    stop,
    async start() {
      running ??= await started(directory, data, user)
    },
    async dispose() {
      await stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

interface User {
  readonly uid?: number
  readonly gid?: number
}

/** PostgreSQL refuses to run as root. */
function unprivilegedUser(): User {
  if (process.getuid?.() !== 0) return {}
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }))
      return { uid: id('-u'), gid: id('-g') }
    } catch {
      // There is no such user; the next one will do.
    }
  }
  throw new Error('PostgreSQL does not run as root, and there is no user postgres or nobody to run it as')
}

function program(name: 'initdb' | 'postgres'): string {
  const found = installed(name)
  if (found !== undefined) return found
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', 'postgresql'], {
      env: environment,
      stdio: 'ignore',
    })
  }
  const path = installed(name)
  if (path === undefined) throw new Error(`these tests need PostgreSQL: install it, so that ${name} is on the PATH`)
  return path
}

function installed(name: string): string | undefined {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).map((version) => join(debian, version, 'bin')) : []
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), ...versions]
  return directories.map((directory) => join(directory, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

async function started(directory: string, data: string, user: User): Promise<ChildProcess> {
  const settings = ['listen_addresses=', `unix_socket_directories=${directory}`, 'fsync=off', 'lc_messages=C']
  const server = [program('postgres'), '-D', data, ...settings.flatMap((setting) => ['-c', setting])]
  // The shell waits for a word. When its standard input ends without one, this process has died, even by SIGKILL, and
  // the shell cleans up. Signals to the whole process group must not end the shell before it has done so.
  const script = `trap '' INT TERM HUP
    "$0" "$@" & server=$!
    exec 2>/dev/null
    read -r word
    kill -INT $server
    wait $server
    [ "$word" = keep ] || rm -rf "$PWD"`
  const child = spawn('/bin/sh', ['-c', script, ...server], {
    ...user,
    cwd: directory,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  const printed: string[] = []
  const lines = createInterface({ input: child.stderr })
  for await (const line of lines) {
    printed.push(line)
    if (!line.includes('database system is ready to accept connections')) continue
    child.stderr.resume()
    return child
  }
  child.stdin.end()
  throw new Error(`PostgreSQL did not start:\n${printed.join('\n')}`)
}
