/**
 * The name that was probably meant.
 *
 * @returns the nearest of `known`, or `undefined` when none is near enough to be a slip of the fingers.
 */
export function suggestion(received: string, known: Iterable<string>): string | undefined {
  let nearest: string | undefined
  let nearestDistance = Math.max(1, Math.floor(received.length / 3)) + 1
  for (const name of known) {
    const distance = editDistance(received.toLowerCase(), name.toLowerCase())
    if (distance >= nearestDistance) continue
    nearest = name
    nearestDistance = distance
  }
  return nearest
}

/** ` Did you mean "…"?` where there is something to suggest, otherwise nothing: to be put behind a message. */
export function didYouMean(received: string, known: Iterable<string>): string {
  const name = suggestion(received, known)
  return name === undefined ? '' : ` Did you mean "${name}"?`
}

/** Letters to change, leave out, add or swap with their neighbours. */
function editDistance(left: string, right: string): number {
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, column) => column)]
  const at = (row: number, column: number): number => rows[row]![column]!
  for (let row = 1; row <= left.length; row += 1) {
    const distances = [row]
    rows.push(distances)
    for (let column = 1; column <= right.length; column += 1) {
      const isSame = left[row - 1] === right[column - 1]
      const isSwapped =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      const changed = at(row - 1, column - 1) + (isSame ? 0 : 1)
      const swapped = isSwapped ? at(row - 2, column - 2) + 1 : Infinity
      distances.push(Math.min(changed, swapped, at(row - 1, column) + 1, at(row, column - 1) + 1))
    }
  }
  return at(left.length, right.length)
}
