import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const commandLine = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

/** One line of the log. */
export interface LogLine {
  readonly level: string
  readonly msg: string
  readonly [field: string]: unknown
}

/** How to start a process. */
export interface StartOptions {
  readonly environment?: Readonly<Record<string, string>>
  /** Flags of Node.js. */
  readonly nodeFlags?: readonly string[]
  readonly directory?: string
}

/** A fedcache that runs as a process of its own, started as a user would. */
export class ServeProcess {
  readonly child: ChildProcess
  readonly log: LogLine[] = []
  errors = ''
  output = ''
  readonly exitCode: Promise<number | null>
  readonly #waiting: { readonly message: string; readonly found: (line: LogLine) => void }[] = []

  constructor(args: readonly string[], options: StartOptions = {}) {
    const { environment = {}, nodeFlags = [], directory = tmpdir() } = options
    this.child = spawn(process.execPath, [...nodeFlags, commandLine, ...args], {
      cwd: directory,
      env: { ...inherited(), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const { stdout, stderr } = this.child
    if (stdout === null || stderr === null) throw new Error('the process has no output')
    stderr.on('data', (chunk: Buffer) => {
      this.errors += chunk.toString()
    })
    createInterface(stdout).on('line', (line) => this.#read(line))
    this.exitCode = once(this.child, 'close').then(([code]) => code as number | null)
  }

  /** The first line with that message, whether it has come or is still to come; fails when the process ends before. */
  logged(message: string): Promise<LogLine> {
    const line = this.log.find(({ msg }) => msg === message)
    if (line !== undefined) return Promise.resolve(line)
    const coming = new Promise<LogLine>((found) => this.#waiting.push({ message, found }))
    const ended = this.exitCode.then((code) => {
      throw new Error(`ended with ${code} before it logged "${message}":\n${this.output}${this.errors}`)
    })
    return Promise.race([coming, ended])
  }

  /** Where its GraphQL API is, once it listens. */
  async url(): Promise<string> {
    const { url } = await this.logged('listening')
    return String(url)
  }

  /** Answer of a GraphQL query. */
  async query(query: string): Promise<unknown> {
    const response = await fetch(await this.url(), {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify({ query }),
    })
    return response.json()
  }

  #read(line: string): void {
    this.output += `${line}\n`
    if (!line.startsWith('{')) return
    const entry = JSON.parse(line) as LogLine
    this.log.push(entry)
    for (const { message, found } of this.#waiting) if (message === entry.msg) found(entry)
  }
}

/** Processes and files of one test file, which `end` ends and removes. */
export class ServeProcesses {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'fedcache-serve-'))
  readonly #processes: ServeProcess[] = []

  start(args: readonly string[], options: StartOptions = {}): ServeProcess {
    const started = new ServeProcess(args, { directory: this.folder, ...options })
    this.#processes.push(started)
    return started
  }

  /** Writes a file and returns its path. */
  file(name: string, text: string): string {
    const path = join(this.folder, name)
    writeFileSync(path, text)
    return path
  }

  async end(): Promise<void> {
    for (const { child } of this.#processes) child.kill('SIGKILL')
    await Promise.all(this.#processes.map(({ exitCode }) => exitCode))
    rmSync(this.folder, { recursive: true })
  }
}

/** The environment of the tests without what would configure fedcache or Node.js. */
function inherited(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => !/^(FEDCACHE_|NODE_|VITEST)/.test(name))
  return Object.fromEntries(entries) as Record<string, string>
}
