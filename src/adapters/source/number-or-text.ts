/** An integer as a number where that is exact, otherwise as decimal text. */
export function numberOrText(integer: bigint): number | string {
  const number = Number(integer)
  return Number.isSafeInteger(number) ? number : integer.toString()
}
