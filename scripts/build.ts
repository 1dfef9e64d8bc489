// Compiles the package into dist/.
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const path = (relativePath: string) => fileURLToPath(new URL(`../${relativePath}`, import.meta.url))

// Files that were renamed since the last build must not be published.
rmSync(path('dist'), { recursive: true, force: true })

try {
  execFileSync(process.execPath, [path('node_modules/typescript/bin/tsc'), '--project', path('tsconfig.build.json')], {
    stdio: 'inherit',
  })
} catch {
  process.exit(1)
}

const cli = path('dist/src/cli.js')
if (existsSync(cli)) chmodSync(cli, 0o755)
