import { env } from 'node:process'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// Suites whose tests start processes, servers or browsers, and so need longer.
const slow = ['integration', 'federation', 'browser', 'cluster']
// Peers that starve take each other for dead: clusters of real processes have the machine to themselves.
const clusters = ['cluster-*', 'discovery', 'invalidation-cluster', 'nats-*', 'tls', 'workers']
const clusterTests = clusters.map((name) => `test/integration/${name}.test.ts`)

function project(name: string, include: readonly string[], exclude: readonly string[] = []) {
  const isSlow = slow.includes(name)
  return {
    extends: true as const,
    test: {
      name,
      include: [...include],
      exclude: [...exclude],
      testTimeout: isSlow ? 60_000 : 30_000,
      hookTimeout: isSlow ? 120_000 : 30_000,
      maxWorkers: name === 'cluster' ? 1 : 2,
      sequence: { groupOrder: name === 'cluster' ? 2 : isSlow ? 1 : 0 },
      // A machine shared with others can starve them all the same. A test that passes only the second time is shown.
      retry: isSlow && env['CI'] !== undefined ? 1 : 0,
    },
  }
}

export default defineConfig({
  resolve: {
    // Tests import the package by its name, as users do; there may be no build yet.
    alias: [
      { find: /^fedcache$/, replacement: source('./src/index.ts') },
      { find: /^fedcache\/testing$/, replacement: source('./src/testing.ts') },
      // Vite would load the ES modules of graphql while packages load its CommonJS, as Node does for all: two realms.
      { find: /^graphql$/, replacement: source('./node_modules/graphql/index.js') },
    ],
  },
  test: {
    projects: [
      // Packages of their own, which must not meet those here.
      'test/gateways/vitest.config.ts',
      ...['unit', 'contract', 'simulation', 'federation', 'browser'].map((name) =>
        project(name, [`test/${name}/**/*.test.ts`]),
      ),
      project('integration', ['test/integration/**/*.test.ts'], clusterTests),
      project('cluster', clusterTests),
    ],
    restoreMocks: true,
    unstubEnvs: true,
    coverage: {
      provider: 'v8',
      reportOnFailure: true,
      include: ['src/**/*.ts', 'resolvers/**/*.ts'],
      exclude: ['resolvers/generated/**', '**/*.d.ts'],
      reporter: ['text', 'html', 'json-summary'],
      thresholds: {
        'src/engine/**/*.ts': { branches: 95 },
        'src/config/**/*.ts': { branches: 95 },
        'resolvers/**/*.ts': { branches: 95 },
      },
    },
  },
})
