// A lint rule that holds the arrows of ARCHITECTURE.md: which part of the project may import which.
import { isBuiltin } from 'node:module'
import { dirname, relative, resolve, sep } from 'node:path'

interface Part {
  /** Parts that this one may import; its own files always. */
  readonly parts: readonly string[]
  /** Packages that it may import, or `'any'`. */
  readonly packages: readonly string[] | 'any'
  /** Whether it may open files, sockets or databases with Node's own modules. */
  readonly io?: boolean
}

const everything = [
  'resolvers',
  'auth',
  'config',
  'http',
  'federation',
  'cluster',
  'engine',
  'adapters',
  'ports',
  'errors',
] as const

const parts: Readonly<Record<string, Part>> = {
  cli: { parts: ['server', 'config', 'errors'], packages: [], io: true },
  index: { parts: [...everything, 'server'], packages: [] },
  testing: { parts: ['engine', 'adapters', 'ports', 'errors'], packages: [] },
  server: { parts: everything, packages: 'any', io: true },
  config: { parts: ['engine', 'ports', 'errors'], packages: [], io: true },
  resolvers: { parts: ['engine', 'errors'], packages: ['graphql', 'dataloader'] },
  http: {
    parts: ['engine', 'ports', 'errors'],
    packages: ['graphql', 'graphql-yoga', '@graphql-yoga', '@graphql-tools', 'graphql-ws', 'ws', 'prom-client'],
    io: true,
  },
  federation: {
    parts: ['engine', 'ports', 'errors'],
    packages: ['graphql', '@apollo', '@graphql-tools', 'dataloader'],
    io: true,
  },
  auth: { parts: ['engine', 'ports', 'errors'], packages: ['jose'] },
  cluster: { parts: ['ports', 'errors'], packages: ['hashring', 'msgpackr'] },
  engine: { parts: ['ports', 'errors'], packages: ['dataloader'] },
  adapters: { parts: ['ports', 'errors'], packages: 'any', io: true },
  ports: { parts: [], packages: [] },
  errors: { parts: [], packages: [] },
}

const ioModules = /^(node:)?(fs|net|tls|http|https|http2|dgram|dns|sqlite|child_process|cluster|worker_threads)(\/|$)/

/** `src/http/yoga.ts` → `http`, `src/server.ts` → `server`, `resolvers/query.ts` → `resolvers`; others → `undefined`. */
function partOf(path: string): string | undefined {
  const [top, ...rest] = path.split(sep)
  if (top === 'resolvers') return 'resolvers'
  if (top !== 'src') return undefined
  return rest[0]?.replace(/\.ts$/, '')
}

/** What is wrong with an import, `undefined` when nothing is. Paths are relative to the project. */
export function forbiddenImport(file: string, specifier: string): string | undefined {
  const from = partOf(file)
  if (from === undefined) return undefined
  const rules = parts[from]
  if (rules === undefined) return `'${from}' has no place in the table of arrows (scripts/lint-arrows.ts).`

  if (specifier.startsWith('.')) {
    const target = resolve('/', dirname(file), specifier).slice(1)
    const to = partOf(target)
    if (to === undefined) return `${from} may not import '${target}', which is not part of the package.`
    if (to === from || rules.parts.includes(to)) return undefined
    return `${from} may not import ${to}; it may import ${rules.parts.join(', ') || 'nothing'}.`
  }
  if (specifier.startsWith('#schema/')) return undefined
  if (isBuiltin(specifier)) {
    if (from === 'ports') return 'ports import nothing.'
    return ioModules.test(specifier) && rules.io !== true
      ? `${from} does no I/O and may not import '${specifier}'.`
      : undefined
  }
  if (rules.packages === 'any') return undefined
  const allowed = rules.packages.some((name) => specifier === name || specifier.startsWith(`${name}/`))
  return allowed ? undefined : `${from} may not import the package '${specifier}'; put an adapter behind a port.`
}

interface ImportingNode {
  readonly source?: { readonly value?: unknown } | null
}

interface RuleContext {
  readonly cwd: string
  readonly filename: string
  report(problem: { message: string; node: ImportingNode }): void
}

const arrows = {
  create(context: RuleContext) {
    const file = relative(context.cwd, context.filename)
    const check = (node: ImportingNode) => {
      const specifier = node.source?.value
      if (typeof specifier !== 'string') return
      const message = forbiddenImport(file, specifier)
      if (message !== undefined) context.report({ message, node })
    }
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportAllDeclaration: check,
      ExportNamedDeclaration: check,
      TSImportType: check,
    }
  },
}

export default { meta: { name: 'fedcache' }, rules: { arrows } }
