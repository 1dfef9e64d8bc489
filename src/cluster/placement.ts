import { createHash } from 'node:crypto'
import HashRing from 'hashring'
import { type Clock, slotCount } from '../ports/index.ts'

/**
 * Digests per peer. Given to hashring per server: for its default of 40 it computes the number from the weights, with
 * a rounding error that depends on how many servers there are and so moves keys between servers that were there before.
 */
const virtualNodes = 100

/**
 * Points per digest: all 16 that a SHA-512 has. With hashring's usual 4 of an MD5, 400 points a peer, the shares of
 * three peers have a standard deviation of 4.1 %, so that every now and then one is 15 % off; with 1,600 it is 2.3 %
 * and 15 % is out of reach, for the same number of digests. Assigning with bounded loads would be more even still, and
 * was not chosen because a join then moves slots between old peers.
 */
const pointsPerDigest = 16

/** Slots lie evenly on the ring of 2^32 positions; hashing them would add its own unevenness to that of the points. */
const slotSpacing = 2 ** 32 / slotCount

/** How many peers' points are remembered: 6.4 KiB each. */
const rememberedPeers = 1024

/** How long a slice of {@link slotTableInSlices} may take, in milliseconds, give or take one peer. */
const sliceMs = 5

/** Stands in {@link SlotTable.deputies} for "no such peer". */
export const noPeer = 0xffff

/** Who owns which slot, as every peer with the same view computes it. Immutable. */
export interface SlotTable {
  /** The peers, each once, in the order of their UTF-16 code units. */
  readonly peers: readonly string[]
  /** What {@link viewHash} gives for the peers. */
  readonly view: string
  /** For every slot, the index in `peers` of its owner: the first peer at or after the slot on the ring. */
  readonly owners: Uint16Array
  /** For every slot, the index in `peers` of its deputy, the next peer on the ring; {@link noPeer} with one peer. */
  readonly deputies: Uint16Array
}

/**
 * Computes who owns which slot. The result depends on the set of ids alone, not on their order.
 *
 * A peer that joins takes slots from others, and none moves between those others. For a process that serves requests
 * use {@link slotTableInSlices}: 200 peers that were never seen before take a tenth of a second.
 *
 * @param peerIds at least one and fewer than 65,535.
 * @throws RangeError for no or too many peers.
 */
export function slotTable(peerIds: Iterable<string>): SlotTable {
  const steps = computation(peerIds)
  let step = steps.next()
  while (step.done !== true) step = steps.next()
  return step.value
}

/**
 * Like {@link slotTable}, giving way to other work every 5 ms. It does not notice that the peers changed meanwhile;
 * compare `view` before using the result.
 */
export async function slotTableInSlices(peerIds: Iterable<string>, clock: Clock): Promise<SlotTable> {
  const steps = computation(peerIds)
  let sliceEndMs = clock.monotonic() + sliceMs
  let step = steps.next()
  while (step.done !== true) {
    if (clock.monotonic() >= sliceEndMs) {
      await new Promise<void>((resolve) => {
        clock.setTimer(resolve, 0)
      })
      sliceEndMs = clock.monotonic() + sliceMs
    }
    step = steps.next()
  }
  return step.value
}

/**
 * A short text that is the same for the same set of peers, whatever their order, and differs for different ones: 64
 * bits of SHA-256, in hexadecimal.
 */
export function viewHash(peerIds: Iterable<string>): string {
  return hashOfSorted(sortedSet(peerIds))
}

/**
 * The id of a slot's owner.
 *
 * @throws RangeError for a slot that does not exist.
 */
export function ownerOf(table: SlotTable, slot: number): string {
  return table.peers[table.owners[slot] ?? noPeer] ?? outOfRange(slot)
}

/**
 * The id of a slot's deputy; `undefined` where its owner is the only peer.
 *
 * @throws RangeError for a slot that does not exist.
 */
export function deputyOf(table: SlotTable, slot: number): string | undefined {
  return table.peers[table.deputies[slot] ?? outOfRange(slot)]
}

function outOfRange(slot: number): never {
  throw new RangeError(`A slot is 0 to ${slotCount - 1}, received ${slot}.`)
}

function sortedSet(peerIds: Iterable<string>): readonly string[] {
  // Not by locale: every machine has to arrive at the same order.
  return [...new Set(peerIds)].toSorted((a, b) => (a < b ? -1 : 1))
}

function hashOfSorted(peers: readonly string[]): string {
  return createHash('sha256').update(peers.join('\n')).digest('hex').slice(0, 16)
}

/**
 * Pauses after every peer. Instead of sorting the points of all peers into one ring and walking it for every slot, it
 * looks for each peer's own first point at or after every slot: the smallest distance is the owner's, the next the
 * deputy's, exactly as on the common ring. Where two points coincide the peer that sorts first has the slot.
 */
function* computation(peerIds: Iterable<string>): Generator<void, SlotTable> {
  const peers = sortedSet(peerIds)
  if (peers.length === 0 || peers.length >= noPeer) {
    throw new RangeError(`A slot table takes 1 to ${noPeer - 1} peers, received ${peers.length}.`)
  }
  const owners = new Uint16Array(slotCount).fill(noPeer)
  const deputies = new Uint16Array(slotCount).fill(noPeer)
  const ownerDistances = new Float64Array(slotCount).fill(Infinity)
  const deputyDistances = new Float64Array(slotCount).fill(Infinity)

  for (const [peer, id] of peers.entries()) {
    const points = pointsOf(id)
    const firstPoint = points[0] ?? 0
    let index = 0
    for (let slot = 0; slot < slotCount; slot++) {
      const position = slot * slotSpacing
      while (index < points.length && (points[index] ?? 0) < position) index++
      const distance = (points[index] ?? firstPoint + 2 ** 32) - position
      if (distance < (ownerDistances[slot] ?? 0)) {
        deputies[slot] = owners[slot] ?? noPeer
        deputyDistances[slot] = ownerDistances[slot] ?? Infinity
        owners[slot] = peer
        ownerDistances[slot] = distance
      } else if (distance < (deputyDistances[slot] ?? 0)) {
        deputies[slot] = peer
        deputyDistances[slot] = distance
      }
    }
    yield
  }
  return { peers, view: hashOfSorted(peers), owners, deputies }
}

/** Points depend on the peer alone, so a view change computes them for new peers only. */
const remembered = new Map<string, Uint32Array>()

function pointsOf(peerId: string): Uint32Array {
  let points = remembered.get(peerId)
  if (points === undefined) {
    const ring = new HashRing({ [peerId]: { vnodes: virtualNodes } }, 'sha512', { replicas: pointsPerDigest })
    points = Uint32Array.from(ring.points([peerId])[peerId] ?? [])
  } else {
    remembered.delete(peerId)
  }
  remembered.set(peerId, points)
  if (remembered.size > rememberedPeers) {
    for (const oldest of remembered.keys()) {
      remembered.delete(oldest)
      break
    }
  }
  return points
}
