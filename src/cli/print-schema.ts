import { resolvedConfig } from '../server.ts'
import { subgraphSdlOf } from '../server/graphql-schema.ts'
import type { Flags } from './command-line.ts'
import { configuration, type Environment } from './configuration.ts'

/**
 * The SDL that a gateway composes.
 *
 * @throws ConfigError where the configuration is wrong.
 */
export async function printSchema(flags: Flags, environment: Environment): Promise<string> {
  const { config, origins, problems } = await configuration(flags, environment)
  // Nothing is kept in memory to print a schema, so there may be any amount of it.
  const resolved = resolvedConfig(config, { origins, problems, heapLimitBytes: Infinity, memoryBytes: Infinity })
  return subgraphSdlOf(resolved, { expose: flags.expose, profile: flags.profile, overrideFrom: flags.override })
}
