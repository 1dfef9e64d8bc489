import type { ResolvedConfig } from '../config/resolve-config.ts'

/** Says in words for people why a process could not listen; other errors are returned as they are. */
export function listenFailure(error: unknown, { host, port }: Pick<ResolvedConfig, 'host' | 'port'>): unknown {
  if (!(error instanceof Error) || !('syscall' in error && 'code' in error)) return error
  const failure = failureOf(error.code, host, port)
  return failure === undefined ? error : new Error(failure, { cause: error })
}

function failureOf(code: unknown, host: string, port: number): string | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} of ${host} is taken by another process. Choose another with --port, or --port 0 for any free one.`
    case 'EACCES':
      return `this user may not listen on port ${port} of ${host}. Choose a port from 1024 up with --port.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} is no address of this machine. Choose one with --host.`
    default:
      return undefined
  }
}
