import { createRequire } from 'node:module'
import { ConfigError } from '../errors.ts'
import { type CommandName, commandLine, type Flags, UsageError } from './command-line.ts'
import { help } from './help.ts'

/**
 * Runs a command line to its end and exits the process: with 0, with 1 where something went wrong, with 2 where the
 * command line could not be understood. What is printed for people goes to standard error, results to standard output.
 */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  // The one place that reads the environment.
  // oxlint-disable-next-line node/no-process-env
  const environment = process.env
  let flags: Flags | undefined
  try {
    const parsed = commandLine(args)
    if (parsed.command === 'help') return await finish(0, help(parsed.about))
    if (parsed.command === 'version') return await finish(0, `${version()}\n`)
    flags = parsed.flags
    await run(parsed.command, flags, environment)
  } catch (error) {
    if (error instanceof UsageError) await finish(2, '', usageReport(error))
    const isDebugging = (flags?.logLevel ?? environment['FEDCACHE_LOG_LEVEL']) === 'debug'
    await finish(1, '', failureReport(error, isDebugging))
  }
}

/** Loads what the command needs, and no more: help should not wait for a GraphQL server. */
async function run(command: CommandName, flags: Flags, environment: NodeJS.ProcessEnv): Promise<void> {
  if (command === 'check') {
    const { check } = await import('./check.ts')
    return finish(0, await check(flags, environment))
  }
  if (command === 'schema') {
    const { printSchema } = await import('./print-schema.ts')
    return finish(0, await printSchema(flags, environment))
  }
  const { serve } = await import('./serve.ts')
  return serve(flags, environment)
}

/** The version of the package. */
function version(): string {
  const { version: text } = createRequire(import.meta.url)('fedcache/package.json') as { readonly version: string }
  return text
}

function usageReport(error: UsageError): string {
  const about = error.command === undefined ? '' : ` ${error.command}`
  const lines = error.problems.map((problem) => `fedcache: ${problem}\n`)
  return `${lines.join('')}\nfedcache${about} --help says more.\n`
}

function failureReport(error: unknown, isDebugging: boolean): string {
  const details = isDebugging ? `\n${detailsOf(error)}\n` : ''
  if (!(error instanceof ConfigError)) {
    return `fedcache: ${error instanceof Error ? error.message : String(error)}\n${details}`
  }
  const { problems } = error
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`
  const lines = problems.map(({ path, message }) => `  ${path}: ${message.replaceAll('\n', '\n    ')}\n`)
  return `fedcache: the configuration has ${count}\n${lines.join('')}${details}`
}

function detailsOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  const shown = error instanceof ConfigError && cause !== undefined ? cause : error
  return shown instanceof Error ? (shown.stack ?? shown.message) : String(shown)
}

/** A configuration may hold timers and connections, so the process is ended, once all is written. */
async function finish(exitCode: number, output: string, report = ''): Promise<void> {
  await new Promise((resolve) => process.stdout.write(output, resolve))
  await new Promise((resolve) => process.stderr.write(report, resolve))
  process.exit(exitCode)
}
