import { formatSize } from './units.ts'

const megabyte = 2 ** 20

// Entries of 1 KiB and more cost 1.39 times their bytes in resident memory, and the collector needs room to work in.
const heapBytesPerEntryByte = 1.5

/** What the process needs beside its entries: code, sources, the requests that are under way. */
const baseBytes = 128 * megabyte

/** The heap that a process needs to keep entries of `memoryLimitBytes`, in bytes. */
export function heapBytesFor(memoryLimitBytes: number): number {
  return memoryLimitBytes * heapBytesPerEntryByte + baseBytes
}

/** The largest `memoryLimit` that a heap of `heapLimitBytes` has room for, in whole mebibytes as bytes; never negative. */
export function memoryLimitFor(heapLimitBytes: number): number {
  const bytes = (heapLimitBytes - baseBytes) / heapBytesPerEntryByte
  return Math.max(0, Math.floor(bytes / megabyte)) * megabyte
}

/**
 * The memory that a process can have, in bytes: what its container allows it, or else what the machine has.
 *
 * @param constrainedBytes what `process.constrainedMemory()` says.
 * @param machineBytes what `os.totalmem()` says.
 */
export function memoryOfProcess(constrainedBytes: number | undefined, machineBytes: number): number {
  // Where there is no limit it is nothing, 0, or more than any machine has, by version of Node and kernel.
  return Math.min(constrainedBytes || Infinity, machineBytes)
}

/** Says how much memory there is, where `memoryLimit` is more. */
export function memoryAdvice(memoryBytes: number): string {
  return `must not be more than the ${wholeMegabytes(memoryBytes)} of memory that this process can have`
}

/** The value of Node's `--max-old-space-size`, which is in mebibytes, that makes room for `memoryLimitBytes`. */
export function oldSpaceMebibytesFor(memoryLimitBytes: number): number {
  return Math.ceil(heapBytesFor(memoryLimitBytes) / megabyte)
}

/** Says how to start Node so that its heap has room for `memoryLimitBytes`. */
export function heapAdvice(memoryLimitBytes: number, heapLimitBytes: number): string {
  return (
    `needs a larger heap than the ${wholeMegabytes(heapLimitBytes)} of this process: start Node with ` +
    `--max-old-space-size=${oldSpaceMebibytesFor(memoryLimitBytes)}, or lower it`
  )
}

function wholeMegabytes(bytes: number): string {
  return formatSize(Math.floor(bytes / megabyte) * megabyte)
}
