import { parseArgs } from 'node:util'
import { didYouMean } from '../config/suggestion.ts'
import type { SubgraphPart } from '../config/config.ts'

/** What fedcache can be told to do. */
export type CommandName = 'serve' | 'check' | 'schema'

/** For which gateway `schema` prints. */
export type SchemaProfile = 'apollo' | 'cosmo' | 'hive'

/** A command line that was understood. */
export type CommandLine =
  | { readonly command: 'help'; readonly about: CommandName | undefined }
  | { readonly command: 'version' }
  | { readonly command: CommandName; readonly flags: Flags }

/** Flags as they were written; `undefined` where one was not. */
export interface Flags {
  readonly config: string | undefined
  readonly port: string | undefined
  readonly host: string | undefined
  readonly nats: string | undefined
  readonly cluster: string | undefined
  readonly peerId: string | undefined
  readonly workers: string | undefined
  readonly auth: string | undefined
  readonly logLevel: string | undefined
  readonly http: readonly string[]
  readonly profile: SchemaProfile | undefined
  readonly expose: readonly SubgraphPart[] | undefined
  readonly override: string | undefined
}

/** A command line that cannot be understood, with everything that is wrong with it. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError'
  readonly problems: readonly string[]
  /** The command that was meant, where that is known. */
  readonly command: CommandName | undefined

  constructor(problems: readonly string[], command: CommandName | undefined) {
    super(problems.join('\n'))
    this.problems = problems
    this.command = command
  }
}

const commands: readonly CommandName[] = ['serve', 'check', 'schema']
const profiles: readonly SchemaProfile[] = ['apollo', 'cosmo', 'hive']
const parts: readonly SubgraphPart[] = ['types', 'entries', 'admin']

const text = { type: 'string' } as const
const options = {
  config: text,
  port: text,
  host: text,
  nats: text,
  cluster: text,
  'peer-id': text,
  workers: text,
  auth: text,
  'log-level': text,
  http: { type: 'string', multiple: true },
  profile: text,
  expose: { type: 'string', multiple: true },
  override: text,
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const

type Option = keyof typeof options

const schemaOptions: readonly string[] = ['profile', 'expose', 'override']
const shortOptions = new Map<string, Option>([
  ['h', 'help'],
  ['v', 'version'],
])

/**
 * Reads a command line, without the names of the program and its runtime. Values are not checked but for those of
 * `--profile` and `--expose`; the check of the configuration sees to the others.
 *
 * @throws UsageError with everything that is wrong: unknown commands and flags, missing values.
 */
export function commandLine(args: readonly string[]): CommandLine {
  const { values, positionals, tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true })
  const [name, ...others] = positionals
  const command = commands.find((candidate) => candidate === name)
  if (values.help === true) return { command: 'help', about: command }
  if (values.version === true) return { command: 'version' }

  const problems: string[] = []
  if (name === undefined) problems.push(`which command? Known are ${commands.join(', ')}.`)
  else if (command === undefined) problems.push(`there is no command ${name}.${hintOf(name, commands)}`)
  for (const token of tokens) if (token.kind === 'option') problems.push(...problemsOf(token, command))
  // A flag that is not known leaves its value behind as a word of its own.
  if (problems.length === 0)
    problems.push(...others.map((other) => `what is ${other} for? A command takes flags only.`))
  const flags = flagsOf(values, problems)
  if (command === undefined || problems.length > 0) throw new UsageError(problems, command)
  return { command, flags }
}

interface OptionToken {
  readonly name: string
  readonly rawName: string
  readonly value: string | undefined
  readonly inlineValue: boolean | undefined
}

function problemsOf(token: OptionToken, command: CommandName | undefined): readonly string[] {
  const { rawName, value, inlineValue } = token
  const name = shortOptions.get(token.name) ?? token.name
  if (!isOption(name)) return [`there is no flag ${rawName}.${hintOf(token.name, Object.keys(options), '--')}`]
  if (command !== undefined && command !== 'schema' && schemaOptions.includes(name)) {
    return [`${rawName} is a flag of the command schema.`]
  }
  if (options[name].type === 'boolean') return value === undefined ? [] : [`${rawName} takes no value.`]
  // What looks like the next flag was not meant as a value; one that begins with a dash is written after "=".
  const isMissing = value === undefined || value === '' || (inlineValue === false && value.startsWith('-'))
  return isMissing ? [`${rawName} needs a value.`] : []
}

/** As they were parsed: `true` for a flag that has no value. */
type Values = Readonly<Record<string, Value | readonly Value[] | undefined>>
type Value = string | boolean

function flagsOf(values: Values, problems: string[]): Flags {
  const many = (name: Option): readonly string[] =>
    [values[name] ?? []].flat().filter((value) => typeof value === 'string')
  const one = (name: Option): string | undefined => many(name).at(0)
  const profile = profiles.find((candidate) => candidate === one('profile'))
  if (profile === undefined && one('profile') !== undefined) {
    problems.push(`--profile must be one of ${profiles.join(', ')}; received ${one('profile')}.`)
  }
  return {
    config: one('config'),
    port: one('port'),
    host: one('host'),
    nats: one('nats'),
    cluster: one('cluster'),
    peerId: one('peer-id'),
    workers: one('workers'),
    auth: one('auth'),
    logLevel: one('log-level'),
    http: many('http'),
    profile,
    expose: exposeOf(many('expose'), problems),
    override: one('override'),
  }
}

function exposeOf(values: readonly string[], problems: string[]): readonly SubgraphPart[] | undefined {
  if (values.length === 0) return undefined
  const exposed = new Set<SubgraphPart>()
  for (const value of values.flatMap((list) => list.split(','))) {
    const part = parts.find((candidate) => candidate === value.trim())
    if (part === undefined) problems.push(`--expose takes ${parts.join(', ')}, with commas between; received ${value}.`)
    else exposed.add(part)
  }
  return [...exposed]
}

function isOption(name: string): name is Option {
  return Object.hasOwn(options, name)
}

function hintOf(received: string, known: readonly string[], prefix = ''): string {
  return didYouMean(received, known).replace('"', `"${prefix}`)
}
