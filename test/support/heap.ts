import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes of JavaScript heap in use once everything that can be collected has been. */
export function heapInUseBytes(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}
