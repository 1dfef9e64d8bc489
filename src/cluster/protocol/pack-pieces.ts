/** What {@link packPieces} makes. */
export interface Pieces<Item> {
  /** The items in their order, cut where the next would not fit. None is empty. */
  readonly pieces: readonly (readonly Item[])[]
  /** Items that alone are over the limit, in their order. They are in no piece. */
  readonly tooLarge: readonly Item[]
}

/**
 * How many bytes a message may have on a bus that carries `maxPayloadBytes`: an eighth less, and at most 16 KiB less.
 * The margin is for what the sizes given to {@link packPieces} leave out, such as MessagePack's own overhead.
 */
export function pieceLimitBytes(maxPayloadBytes: number): number {
  return maxPayloadBytes - Math.min(Math.floor(maxPayloadBytes / 8), 16 * 1024)
}

/**
 * Cuts a batch into pieces that each fit into a message.
 *
 * @param maxBytes what the sizes of a piece may sum up to; see {@link pieceLimitBytes}.
 * @param sizeOf the bytes that an item takes in the message, its key, its value and their overhead included.
 */
export function packPieces<Item>(
  items: Iterable<Item>,
  maxBytes: number,
  sizeOf: (item: Item) => number,
): Pieces<Item> {
  const pieces: Item[][] = []
  const tooLarge: Item[] = []
  let piece: Item[] = []
  let pieceBytes = 0
  for (const item of items) {
    const bytes = sizeOf(item)
    if (bytes > maxBytes) {
      tooLarge.push(item)
      continue
    }
    if (piece.length === 0 || pieceBytes + bytes > maxBytes) {
      piece = []
      pieces.push(piece)
      pieceBytes = 0
    }
    piece.push(item)
    pieceBytes += bytes
  }
  return { pieces, tooLarge }
}
