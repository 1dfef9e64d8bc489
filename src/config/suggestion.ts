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

function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= right.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[right.length] ?? 0
}
