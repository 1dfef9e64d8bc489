import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void

/** Bytes of JavaScript heap in use once everything that can be collected has been. */
export function heapInUseBytes(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

/** Bytes of JavaScript heap in use once everything that minor collections find has been collected. */
export function heapLeftByMinorCollectionsBytes(): number {
  // What has survived two is old.
  for (let round = 0; round < 3; round++) collectGarbage({ type: 'minor' })
  return process.memoryUsage().heapUsed
}
