import type { Bus, Clock, Logger } from '../ports/index.ts'
import { Announcements } from './announcements.ts'
import { Asker } from './asker.ts'
import { Detours } from './detours.ts'
import { Lease } from './lease.ts'
import { type Member, type MemberListener, Members } from './members.ts'
import type { SaidState } from './protocol/heartbeat.ts'
import { Routes } from './routes.ts'
import { type Subjects, subjects } from './subjects.ts'
import { defaultTimings, type Timings } from './timings.ts'
import { View } from './view.ts'
import { WaitingRoom } from './waiting-room.ts'

/** What a cluster is joined with. */
export interface ClusterOptions {
  readonly name: string
  readonly peerId: string
  readonly bus: Bus
  readonly clock: Clock
  readonly logger: Logger
  /** Where this peer's GraphQL API is reached; `null` until it listens. */
  readonly url: () => string | null
  /** Hash of the configuration, so that peers notice when theirs differ. */
  readonly configHash: string
  /** Random text that makes the names of processes differ. */
  readonly randomText: () => string
  /** Called when an older process with the same `peerId` is alive: this one must end. */
  readonly onDuplicate: () => void
  readonly timings?: Partial<Timings>
}

/** What a peer has of its cluster before it joins, and what those share who act for it afterwards. */
export interface ClusterParts {
  readonly options: ClusterOptions
  readonly timings: Timings
  readonly subjects: Subjects
  /** Names this process: sorts by age, because of two with one id the younger must end. */
  readonly process: string
  readonly members: Members
  readonly view: View
  readonly lease: Lease
  readonly routes: Routes
  readonly room: WaitingRoom
  readonly detours: Detours
  readonly asker: Asker
  readonly announcements: Announcements
  /** To be called when anything has changed that somebody may wait for. */
  readonly look: () => void
}

/** Whom the parts tell, and ask, beyond each other. */
export interface ClusterCallbacks {
  /** What this peer says of itself. */
  readonly state: () => SaidState
  readonly onMember: MemberListener
  /** Called when a view was computed, with whether it is another. */
  readonly onView: (changed: boolean) => void
  readonly look: () => void
}

/** Puts the parts together. */
export function clusterParts(options: ClusterOptions, callbacks: ClusterCallbacks): ClusterParts {
  const { name, peerId: selfId, clock, bus, randomText } = options
  const { state, onMember, onView, look } = callbacks
  const timings = { ...defaultTimings, ...options.timings }
  const process = `${Math.floor(clock.now()).toString(36).padStart(9, '0')}-${randomText()}`
  const ownSubjects = subjects(name, selfId)
  const room = new WaitingRoom(clock)
  const detours = new Detours()
  const members = new Members({ clock, timings, onChange: onMember })
  const lease = new Lease({
    clock,
    timings,
    known: () => Array.from(members.all(), processOf),
    expected: () => Array.from(members.expected(), processOf),
  })
  const view: View = new View({ clock, timings, selfId, placed: () => routes.placed(state()), onComputed: onView })
  const routes = new Routes({ selfId, members, view, lease, room })
  const asker = new Asker({
    bus,
    clock,
    subjects: ownSubjects,
    view: () => view.hash,
    incarnation: (peer) => members.get(peer)?.heartbeat.incarnation ?? '',
    onNoResponders: (peer) => members.suspect(peer, 'nobody listens in its place'),
    onSuspect: (peer, listener) => detours.listen(peer, listener),
    isSuspect: (peer) => members.get(peer)?.state === 'SUSPECT',
  })
  const announcements = new Announcements({ bus, clock, timings, subjects: ownSubjects, selfId, process, members })
  const own = { options, timings, subjects: ownSubjects, process, look }
  return { ...own, members, view, lease, routes, room, detours, asker, announcements }
}

/** Not its id: a peer that was started anew under its name knows nothing of what the one before has changed. */
function processOf({ heartbeat }: Member): string {
  return heartbeat.process
}
