import { checkFields, isPlainObject } from './checks.ts'
import type { ClusterAuthConfig, ClusterTlsConfig } from './config.ts'
import { type Problems, pathOf } from './problems.ts'
import { checkSecret } from './secret.ts'

const ways = ['user', 'token', 'nkey', 'creds'] as const

/** Reads the `cluster.tls` of a configuration: paths of files, which are read whenever a connection is made. */
export function resolveClusterTls(problems: Problems, value: unknown): ClusterTlsConfig | undefined {
  if (value === undefined || value === false) return undefined
  if (value === true) return {}
  const fields = checkFields(problems, 'cluster.tls', value, ['ca', 'cert', 'key', 'serverName'])
  for (const [name, text] of Object.entries(fields)) {
    if (text !== undefined && (typeof text !== 'string' || text === '')) {
      const what = name === 'serverName' ? 'the name in the certificates of the servers' : 'the path of a PEM file'
      problems.add(pathOf('cluster.tls', name), `must be ${what}`, name === 'key' ? '***' : text)
    }
  }
  if ((fields['cert'] === undefined) !== (fields['key'] === undefined)) {
    const missing = fields['cert'] === undefined ? 'cert' : 'key'
    problems.add(`cluster.tls.${missing}`, 'must be given: a client certificate needs cert and key', undefined)
  }
  return fields
}

/** Reads the `cluster.auth` of a configuration. Secrets are read whenever a connection is made. */
export function resolveClusterAuth(problems: Problems, value: unknown): ClusterAuthConfig | undefined {
  if (value === undefined) return undefined
  const fields = checkFields(problems, 'cluster.auth', value, [...ways, 'password'])
  if (!isPlainObject(value)) return undefined
  const given = ways.filter((way) => fields[way] !== undefined)
  const [way] = given
  if (given.length !== 1 || way === undefined) {
    problems.add('cluster.auth', 'must have exactly one of user (with password), token, nkey and creds', value)
    return undefined
  }
  if (way === 'user') {
    if (typeof fields['user'] !== 'string') problems.add('cluster.auth.user', 'must be a text', fields['user'])
    checkSecret(problems, 'cluster.auth.password', fields['password'])
  } else {
    checkSecret(problems, `cluster.auth.${way}`, fields[way])
    if (fields['password'] !== undefined) problems.add('cluster.auth.password', 'must go with user', '***')
  }
  return value as unknown as ClusterAuthConfig
}
