import { describe, expect, it } from 'vitest'
import { commandLine, UsageError } from '../../../src/cli/command-line.ts'

const noFlags = {
  config: undefined,
  port: undefined,
  host: undefined,
  nats: undefined,
  cluster: undefined,
  peerId: undefined,
  workers: undefined,
  auth: undefined,
  logLevel: undefined,
  http: [],
  profile: undefined,
  expose: undefined,
}

function problemsOf(...args: readonly string[]): readonly string[] {
  try {
    commandLine(args)
  } catch (error) {
    if (error instanceof UsageError) return error.problems
    throw error
  }
  return []
}

describe('a command line', () => {
  it.each(['serve', 'check', 'schema'] as const)('may be no more than %s', (command) => {
    expect(commandLine([command])).toEqual({ command, flags: noFlags })
  })

  it('has every flag in either form, before and after the command', () => {
    const args = [
      '--config',
      'a.ts',
      'serve',
      '--port=0',
      '--host',
      '::1',
      '--nats',
      'a,b',
      '--cluster=c',
      '--peer-id',
      'p',
      '--workers',
      '2',
    ]
    expect(commandLine([...args, '--auth', 'none', '--log-level', 'debug', '--http', 'a=b', '--http=c=d=e'])).toEqual({
      command: 'serve',
      flags: {
        ...noFlags,
        config: 'a.ts',
        port: '0',
        host: '::1',
        nats: 'a,b',
        cluster: 'c',
        peerId: 'p',
        workers: '2',
        auth: 'none',
        logLevel: 'debug',
        http: ['a=b', 'c=d=e'],
      },
    })
  })

  it('takes the last of a flag that is repeated, as npm start needs', () => {
    expect(commandLine(['serve', '--config', 'a.ts', '--config', 'b.ts'])).toMatchObject({ flags: { config: 'b.ts' } })
  })

  it('exposes parts, with commas or repeatedly', () => {
    expect(commandLine(['schema', '--profile', 'cosmo', '--expose', 'types, admin', '--expose=types'])).toMatchObject({
      flags: { profile: 'cosmo', expose: ['types', 'admin'] },
    })
  })

  it.each([
    [['--help'], undefined],
    [['-h'], undefined],
    [['serve', '--help'], 'serve'],
    [['--help', 'schema', '--colour'], 'schema'],
    [['nonsense', '-h'], undefined],
  ])('asks for help: %j', (args, about) => {
    expect(commandLine(args)).toEqual({ command: 'help', about })
  })

  it.each([['--version'], ['-v'], ['serve', '-v']])('asks for the version: %s', (...args) => {
    expect(commandLine(args)).toEqual({ command: 'version' })
  })
})

describe('a command line that is wrong', () => {
  it.each<[readonly string[], readonly string[]]>([
    [[], ['which command? Known are serve, check, schema.']],
    [['serv'], ['there is no command serv. Did you mean "serve"?']],
    [['start'], ['there is no command start.']],
    [['serve', 'check'], ['what is check for? A command takes flags only.']],
    [['serve', '--prot', '80'], ['there is no flag --prot. Did you mean "--port"?']],
    [['serve', '--colour'], ['there is no flag --colour.']],
    [['serve', '-p', '80'], ['there is no flag -p.']],
    [['serve', '--port'], ['--port needs a value.']],
    [['serve', '--port='], ['--port needs a value.']],
    [['serve', '--port', '--host', 'a'], ['--port needs a value.']],
    [['serve', '--help=yes'], ['--help takes no value.']],
    [['serve', '--profile', 'apollo'], ['--profile is a flag of the command schema.']],
    [['schema', '--expose'], ['--expose needs a value.']],
    [['schema', '--profile'], ['--profile needs a value.']],
    [['check', '--expose=types'], ['--expose is a flag of the command schema.']],
    [['schema', '--profile', 'federation'], ['--profile must be one of apollo, cosmo, hive; received federation.']],
    [['schema', '--expose', 'types,all'], ['--expose takes types, entries, admin, with commas between; received all.']],
    [
      ['serve', '--prot', '80', '--hots=a'],
      ['there is no flag --prot. Did you mean "--port"?', 'there is no flag --hots. Did you mean "--host"?'],
    ],
  ])('%j', (args, problems) => {
    expect(problemsOf(...args)).toEqual(problems)
  })

  it('takes a value that begins with a dash after "="', () => {
    expect(commandLine(['serve', '--port=-1'])).toMatchObject({ flags: { port: '-1' } })
  })
})
