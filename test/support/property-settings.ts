import type { Parameters } from 'fast-check'

/**
 * How a property test runs. What fails is printed by fast-check with its seed and path, and comes back with
 * `PROPERTY_SEED=… PROPERTY_PATH=… npx vitest run FILE`. `PROPERTY_RUNS=5000` looks harder.
 */
export function propertySettings<Values>(runs: number): Parameters<Values> {
  const { PROPERTY_RUNS, PROPERTY_SEED, PROPERTY_PATH } = process.env
  return {
    numRuns: PROPERTY_RUNS === undefined ? runs : Number(PROPERTY_RUNS),
    ...(PROPERTY_SEED === undefined ? {} : { seed: Number(PROPERTY_SEED) }),
    ...(PROPERTY_PATH === undefined ? {} : { path: PROPERTY_PATH, endOnFailure: true }),
  }
}
