#!/usr/bin/env node
// Nothing is imported up here: what the rest needs, an old Node.js does not have, and would only say so in a stack.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`fedcache needs Node.js 22.18 or newer; this is ${process.versions.node}.\n`)
  process.exitCode = 1
} else {
  const { runCommandLine } = await import('./cli/run-command-line.ts')
  await runCommandLine(process.argv.slice(2))
}
