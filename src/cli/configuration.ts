import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load-config.ts'
import { environmentOverrides, overriddenConfig, type OverriddenConfig } from '../config/overrides.ts'
import { httpKeyspace } from '../server.ts'
import type { Flags } from './command-line.ts'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A configuration with flags and environment laid over it, and where it was found. */
export interface Configuration extends OverriddenConfig {
  /** Absolute path of the file; `undefined` where there is none. */
  readonly file: string | undefined
}

const defaultFiles = ['fedcache.config.ts', 'fedcache.config.mts', 'fedcache.config.js', 'fedcache.config.mjs']

/**
 * Loads the configuration that a command line means: the file of `--config`, of `FEDCACHE_CONFIG` or of the working
 * directory, if any, under the environment, under the flags. It is not checked.
 *
 * @throws ConfigError where the file cannot be loaded.
 */
export async function configuration(flags: Flags, environment: Environment): Promise<Configuration> {
  const named = flags.config ?? (environment['FEDCACHE_CONFIG'] || undefined)
  const path = named ?? defaultFiles.find((candidate) => existsSync(candidate))
  const config: Config = path === undefined ? {} : await loadConfig(path)
  const overridden = overriddenConfig(config, environmentOverrides(environment), flags, httpKeyspace)
  return { ...overridden, file: path === undefined ? undefined : resolve(path) }
}
