import { FedcacheError } from '../../src/errors.ts'
import type { LogFields } from '../../src/ports/index.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { type ChangeRecord, History, type Moment, type ReadRecord, tagsOf, words } from './history.ts'
import type { Action, Plan } from './plan.ts'
import type { CallFate } from './shared-source.ts'
import { type KeyspaceName, keyspaceNames, SimulatedCluster, type SimulatedProcess } from './simulated-cluster.ts'

export interface Outcome {
  readonly problems: readonly string[]
  readonly events: number
  readonly reads: number
  readonly changes: number
}

const readTimeoutMs = 4_000
const writeTimeoutMs = 2_000
const keys = ['u', 'v', 'w', 'x', 'y', 'z'] as const
const ids = ['a', 'b', 'c', 'd', 'e'] as const
/** How long all must have been well before what was not confirmed everywhere counts as heard everywhere. */
const cleanseMs = 2_500

/** What a process logs when something moves. */
const momentous: ReadonlySet<string> = new Set([
  'view changed',
  'handed over',
  'leaving',
  'others took the place of this peer while it was away; it joins anew',
])

/** Plays a plan and checks what happened. */
export async function play(plan: Plan, log?: (line: string) => void): Promise<Outcome> {
  const { random } = Math
  // The jitter of lifetimes and whatever else draws numbers must be the same every time.
  Math.random = seededRandom(plan.seed ^ 0x1234)
  const player = new Player(plan, log)
  const unhandled = (error: unknown): void =>
    player.fail(`unhandled rejection: ${String((error as Error)?.stack ?? error)}`)
  process.on('unhandledRejection', unhandled)
  try {
    return await player.play()
  } catch (error) {
    player.fail(`the simulation failed: ${String((error as Error).stack)}`)
    return player.outcome()
  } finally {
    process.off('unhandledRejection', unhandled)
    Math.random = random
  }
}

class Player {
  readonly #plan: Plan
  readonly #cluster: SimulatedCluster
  readonly #history: History
  readonly #random: () => number
  readonly #log: ((line: string) => void) | undefined
  readonly #problems: string[] = []
  readonly #pauses: { readonly process: SimulatedProcess; readonly fromMs: number; toMs: number }[] = []
  #value = 0
  #cold = 0
  #sourceTroubleUntilMs = -Infinity
  #cleanSinceMs: number | undefined
  #blackout = false
  #isPlaying = false
  /** How many faults there were. */
  #faults = 0
  #missedAtMs = -Infinity
  readonly #cutAt = new Map<SimulatedProcess, number>()
  readonly #killedMs: number[] = []

  constructor(plan: Plan, log: ((line: string) => void) | undefined) {
    this.#plan = plan
    this.#log = log
    this.#random = seededRandom(plan.seed ^ 0xabc)
    const { seed, maxDelayMs, maxSkewMs, ttlMs, nearTtlMs, revisions } = plan
    this.#cluster = new SimulatedCluster({
      seed,
      maxDelayMs,
      maxSkewMs,
      revisions,
      policy: {
        ttlMs,
        nearTtlMs,
        readTimeoutMs,
        writeTimeoutMs,
        negativeTtlMs: 1_000,
        ttlJitter: 0.1,
        tags: (_key, value) => tagsOf((value as { n: number }).n),
      },
      fate: (key) => this.#fate(key),
      onFault: (what) => this.fail(what),
      onLog: (process, message, fields) => this.#onLog(process, message, fields),
      log,
    })
    this.#history = new History(this.#cluster.sources, ttlMs + readTimeoutMs + 500, 2 * maxSkewMs)
  }

  fail(what: string): void {
    this.#log?.(`${String(this.#cluster.time.nowMs).padStart(6)} !!! ${what}`)
    this.#problems.push(what)
  }

  async play(): Promise<Outcome> {
    const { actions, peers } = this.#plan
    const { time } = this.#cluster
    for (const id of ids.slice(0, peers)) this.#cluster.start(id)
    this.#watch()
    await this.#untilClean('after the start', 6_000)
    const startMs = time.nowMs
    this.#isPlaying = true
    for (const action of actions) {
      await time.runUntil(startMs + action.atMs)
      this.#act(action)
    }
    await this.#heal()
    this.#isPlaying = false
    await this.#untilClean('after the last fault', 25_000)
    await time.runUntil(time.nowMs + cleanseMs + 200)
    await this.#readEverything()
    await this.#stampedeAlone()
    await this.#stop()
    this.#problems.push(...this.#history.problems())
    return this.outcome()
  }

  outcome(): Outcome {
    const { reads, changes } = this.#history
    const { time } = this.#cluster
    return { problems: this.#problems, events: time.events, reads: reads.length, changes: changes.length }
  }

  /** Where something moves, something may go wrong: that is when to look and to write. */
  #onLog(process: SimulatedProcess, message: string, fields: LogFields): void {
    const { time } = this.#cluster
    if (message === 'peer changed' && fields['state'] === 'DEAD' && String(fields['reason']).startsWith('silent')) {
      const listenedMs = time.nowMs - process.listeningSinceMs
      if (listenedMs < 4_500)
        this.fail(`${process.name} judged ${String(fields['peer'])} when it had listened for ${listenedMs} ms`)
    }
    if (message.startsWith('invalidations of a peer were missed')) this.#missedAtMs = time.nowMs
    if (!this.#isPlaying || !momentous.has(message)) return
    for (let times = 0; times < 3; times++) {
      const afterMs = Math.floor(this.#random() * (2 * this.#plan.maxDelayMs + 20))
      const action = { atMs: 0, who: this.#random(), pick: this.#random(), forMs: 0 }
      const kind = this.#random() < 0.7 ? 'getMany' : 'put'
      time.at(time.nowMs + afterMs, () => this.#act({ ...action, kind }))
    }
  }

  /** Looks every now and then whether all are well. */
  #watch(): void {
    this.#look()
    this.#cluster.time.at(this.#cluster.time.nowMs + 50, () => this.#watch())
  }

  #look(): void {
    const { isClean, time } = this.#cluster
    this.#cluster.look()
    for (const change of this.#history.changes) {
      if (change.strong !== undefined || change.uncovered === undefined || this.#isForgotten(change)) continue
      const isMadeUpFor = ({ state, regained, isLost }: SimulatedProcess): boolean =>
        state === 'gone' || (!isLost && regained > change.end!.order)
      if (change.uncovered.every(isMadeUpFor)) change.strong = this.#moment()
    }
    if (!isClean || this.#blackout) this.#cleanSinceMs = undefined
    else this.#cleanSinceMs ??= time.nowMs
    if (this.#cleanSinceMs === undefined) return
    for (const change of this.#history.changes) {
      if (change.strong !== undefined || change.outcome !== 'DONE' || this.#isForgotten(change)) continue
      if (time.nowMs - Math.max(change.end!.atMs, this.#cleanSinceMs) >= cleanseMs) change.strong = this.#moment()
    }
  }

  /** Of a clear that nobody but its maker heard of, nobody can tell those who kept their puts once the maker is gone. */
  #isForgotten({ kind, process, end, uncovered }: ChangeRecord): boolean {
    const isGoing = process.state === 'gone' || process.cluster.info().self.state === 'DEAD'
    if (kind !== 'clear' || !isGoing || uncovered === undefined) return false
    const others = this.#cluster.alive.filter((each) => each !== process)
    return others.every((each) => uncovered.includes(each) || each.startedAtMs > end!.atMs)
  }

  get #isClean(): boolean {
    this.#look()
    return this.#cleanSinceMs !== undefined
  }

  #wasCleanSince({ atMs }: Moment): boolean {
    return this.#isClean && this.#cleanSinceMs! <= atMs && this.#sourceTroubleUntilMs < atMs
  }

  /** Whether a process and all others but one, which is paused or was killed, have been well for a while. */
  #isCalm(process: SimulatedProcess): boolean {
    const { alive, time } = this.#cluster
    const isWell = ({ state, connected, wellSinceMs }: SimulatedProcess): boolean =>
      state === 'running' && connected && time.nowMs - wellSinceMs > 3_000
    const killed = this.#killedMs.filter((ms) => time.nowMs - ms < 7_000).length
    const paused = alive.filter((each) => each.state === 'paused' && each.connected).length
    const others = alive.filter((each) => !isWell(each)).length
    const isSourceWell = this.#sourceTroubleUntilMs + 2 * readTimeoutMs < time.nowMs
    return isWell(process) && others === paused && killed + paused <= 1 && isSourceWell
  }

  async #untilClean(when: string, limitMs: number): Promise<void> {
    const { time } = this.#cluster
    const endMs = time.nowMs + limitMs
    while (time.nowMs < endMs) {
      await time.runUntil(time.nowMs + 50)
      if (this.#isClean) return
    }
    const states = this.#cluster.alive.map(({ name, state, connected, cluster }) => {
      const { view, settled, degraded, peers } = cluster.info()
      return `${name} ${state} ${connected ? '' : 'cut '}view ${view.slice(0, 4)} settled ${settled} degraded ${degraded} [${peers.map((peer) => `${peer.id} ${peer.state}`).join()}]`
    })
    this.fail(`not well within ${limitMs} ms ${when}: ${states.join('; ')}`)
  }

  #moment(): Moment {
    return { order: this.#cluster.next(), atMs: this.#cluster.time.nowMs }
  }

  #fate(key: string): CallFate {
    const random = this.#random
    const slow = random() < 0.1
    const thereMs = Math.floor(random() * (slow ? 400 : 15))
    const backMs = Math.floor(random() * (slow ? 400 : 15))
    const trouble = this.#cluster.time.nowMs < this.#sourceTroubleUntilMs && !key.startsWith('cold') && random() < 0.4
    const ending = trouble ? (['REFUSED', 'FAILED', 'LOST'] as const)[Math.floor(random() * 3)]! : 'DONE'
    return { thereMs, backMs, ending }
  }

  #act(action: Action): void {
    const { kind, who, pick } = action
    const running = this.#cluster.running
    const process = running[Math.floor(who * running.length)]
    if (process === undefined) return
    const key = keys[Math.floor(pick * 97) % keys.length]!
    const keyspace = keyspaceNames[Math.floor(pick * 31) % keyspaceNames.length]!
    switch (kind) {
      case 'get':
        return this.#get(process, keyspace, key)
      case 'getMany':
        return this.#getMany(process, keyspace, keys)
      case 'put':
        return this.#put(process, keyspace === 'loaded' ? 'stored' : keyspace, key)
      case 'delete':
        return this.#change(process, { kind: 'delete', keyspace, key }, () => process.engine.delete(keyspace, key))
      case 'clear':
        return this.#change(process, { kind: 'clear', keyspace }, () => process.engine.clear(keyspace))
      case 'tags': {
        const tag = pick < 0.5 ? 'even' : 'odd'
        return this.#change(process, { kind: 'tags', keyspace, tag }, () =>
          process.engine.invalidateTags(keyspace, [tag]),
        )
      }
      case 'change':
        return this.#cluster.sources.loaded.change(key, pick < 0.2 ? null : ++this.#value)
      case 'stampede':
        return this.#stampede()
      default:
        return this.#fault(action, process)
    }
  }

  #fault({ kind, forMs, pick }: Action, process: SimulatedProcess): void {
    const cluster = this.#cluster
    this.#log?.(`${String(cluster.time.nowMs).padStart(6)} *** ${kind} ${process.name} ${forMs}`)
    const { running } = cluster
    this.#faults++
    switch (kind) {
      case 'kill':
      case 'restart':
        if (running.length < 2) return
        this.#loss()
        this.#killedMs.push(cluster.time.nowMs)
        cluster.kill(process)
        if (kind === 'restart')
          cluster.time.at(cluster.time.nowMs + Math.floor(forMs / 2), () => this.#startAgain(process.id))
        break
      case 'leave':
        // The last takes with it what nobody else could have.
        if (cluster.alive.filter(({ state }) => state !== 'leaving').length < 2) return
        if (running.length < 2) return
        cluster.leave(process)
        break
      case 'join': {
        const free = ids.find((id) => (cluster.process(id)?.state ?? 'gone') === 'gone')
        if (free === undefined || this.#blackout) return
        cluster.start(free)
        break
      }
      case 'pause': {
        const pause = { process, fromMs: cluster.time.nowMs, toMs: Infinity }
        this.#pauses.push(pause)
        // Others take it for dead after a while, and own what it had.
        this.#loss()
        cluster.pause(process)
        cluster.time.at(cluster.time.nowMs + forMs, () => this.#resume(process))
        break
      }
      case 'cut':
      case 'slowConsumer':
        this.#loss()
        if (process.connected) this.#cutAt.set(process, cluster.next())
        cluster.cut(process, kind === 'slowConsumer')
        cluster.time.at(cluster.time.nowMs + (kind === 'cut' ? forMs : 20), () => this.#mend(process))
        break
      case 'stall':
        if (!process.connected) return
        this.#loss()
        cluster.stall(process)
        cluster.time.at(cluster.time.nowMs + forMs, () => this.#mend(process))
        break
      case 'blackout':
        if (this.#blackout) return
        this.#loss()
        this.#blackout = true
        for (const each of cluster.alive) {
          if (!each.connected) continue
          this.#cutAt.set(each, cluster.next())
          cluster.cut(each, false)
        }
        cluster.time.at(cluster.time.nowMs + forMs, () => this.#endBlackout())
        break
      case 'drop':
        cluster.loseChanges(process, 1)
        // Nobody else would tell that it is over. That something was lost shows with the next heartbeat.
        cluster.time.at(cluster.time.nowMs + 600, () => cluster.loseChanges(process, 0))
        this.#taggedLoss()
        break
      case 'delay':
        cluster.setMaxDelay(Math.floor(pick * 120))
        break
      case 'sourceTrouble':
        this.#sourceTroubleUntilMs = cluster.time.nowMs + forMs
        break
      default:
    }
    this.#look()
  }

  #startAgain(id: string): void {
    if ((this.#cluster.process(id)?.state ?? 'gone') === 'gone' && !this.#blackout) this.#cluster.start(id)
  }

  #resume(process: SimulatedProcess): void {
    if (process.state !== 'paused') return
    for (const pause of this.#pauses)
      if (pause.process === process && pause.toMs === Infinity) pause.toMs = this.#cluster.time.nowMs
    this.#cluster.resume(process)
    this.#loss()
    this.#readSoon(process)
  }

  /** What a process answers when it has just come back is where old values would be seen. */
  #readSoon(process: SimulatedProcess): void {
    const { time } = this.#cluster
    for (const afterMs of [0, 0, 1, 4, 20, 100]) {
      time.at(time.nowMs + afterMs, () => {
        if (process.state !== 'running') return
        for (const keyspace of keyspaceNames) this.#getMany(process, keyspace, keys)
      })
    }
  }

  #mend(process: SimulatedProcess): void {
    if (process.connected || process.state === 'gone' || this.#blackout) return
    this.#cutAt.delete(process)
    this.#cluster.mend(process)
    this.#loss()
    this.#readSoon(process)
  }

  #endBlackout(): void {
    this.#blackout = false
    for (const process of this.#cluster.alive) this.#mend(process)
  }

  #loss(): void {
    this.#history.losses.push(this.#moment())
    this.#taggedLoss()
  }

  /** Whoever missed a change learns it from the next heartbeat, and drops what carries tags. */
  #taggedLoss(): void {
    const { nowMs } = this.#cluster.time
    this.#history.taggedLosses.push({ fromMs: nowMs, toMs: nowMs + 2_500 })
  }

  async #heal(): Promise<void> {
    const { time } = this.#cluster
    const calmMs = this.#sourceTroubleUntilMs + 2 * readTimeoutMs
    this.#sourceTroubleUntilMs = Math.min(this.#sourceTroubleUntilMs, time.nowMs)
    this.#cluster.setMaxDelay(this.#plan.maxDelayMs)
    for (const process of this.#cluster.alive) {
      this.#cluster.loseChanges(process, 0)
      if (process.state === 'paused') this.#resume(process)
    }
    this.#endBlackout()
    for (const process of this.#cluster.alive) this.#mend(process)
    const leaving = this.#cluster.alive.filter(({ state }) => state === 'leaving')
    const endMs = this.#cluster.time.nowMs + 25_000
    while (leaving.some(({ state }) => state !== 'gone')) {
      await this.#cluster.time.runUntil(this.#cluster.time.nowMs + 100)
      if (this.#cluster.time.nowMs < endMs) continue
      this.fail('a leaving process did not end within 25 s')
      break
    }
    if (this.#cluster.running.length === 0) this.#cluster.start('a')
    if (calmMs > time.nowMs) await time.runUntil(Math.min(calmMs, time.nowMs + 2 * readTimeoutMs))
  }

  #get(process: SimulatedProcess, keyspace: KeyspaceName, key: string): void {
    this.#getMany(process, keyspace, [key])
  }

  #getMany(process: SimulatedProcess, keyspace: KeyspaceName, wanted: readonly string[]): void {
    const clean =
      this.#isClean &&
      this.#cleanSinceMs! <= this.#cluster.time.nowMs - readTimeoutMs &&
      this.#cluster.time.nowMs > this.#sourceTroubleUntilMs + 2 * readTimeoutMs
    const calm = this.#isCalm(process)
    const faults = this.#faults
    const records = wanted.map((key): ReadRecord => ({ process, keyspace, key, sent: this.#moment(), clean, calm }))
    this.#history.reads.push(...records)
    const ended = process.engine.getMany(keyspace, wanted).then((results) =>
      results.forEach((result, index) => {
        const record = records[index]!
        record.end = this.#moment()
        record.clean &&= this.#wasCleanSince(record.sent)
        record.calm &&= this.#faults === faults
        if (result instanceof FedcacheError) {
          record.error = `${result.code} ${result.message}`
        } else {
          record.value = result === null ? null : (result.value as { n: number }).n
          record.servedFrom = result?.servedFrom ?? 'nowhere'
        }
      }),
    )
    this.#expectEnd(process, `read of ${keyspace}/${wanted.join()}`, readTimeoutMs + 50, ended, (error) => {
      for (const record of records) record.error = String(error)
    })
  }

  #put(process: SimulatedProcess, keyspace: KeyspaceName, key: string): void {
    const value = ++this.#value
    this.#change(process, { kind: 'put', keyspace, key, value }, () =>
      process.engine.put(keyspace, { key, value: { n: value, key } }),
    )
  }

  #change(
    process: SimulatedProcess,
    what: Pick<ChangeRecord, 'kind' | 'keyspace' | 'key' | 'value' | 'tag'>,
    call: () => Promise<{ readonly confirmedBy: readonly string[]; readonly unconfirmed: readonly string[] }>,
  ): void {
    const clean =
      this.#isClean &&
      this.#cleanSinceMs! <= this.#cluster.time.nowMs - readTimeoutMs &&
      this.#cluster.time.nowMs > this.#sourceTroubleUntilMs + 2 * writeTimeoutMs
    const record: ChangeRecord = { ...what, process, sent: this.#moment(), clean }
    this.#history.changes.push(record)
    const ended = call().then(({ confirmedBy, unconfirmed }) => {
      record.end = this.#moment()
      record.outcome = 'DONE'
      record.unconfirmed = unconfirmed
      const uncovered = this.#uncovered(record, confirmedBy)
      record.isHeardByAll = this.#cluster.alive.every(({ id }) => confirmedBy.includes(id))
      if (uncovered.length === 0) record.strong = this.#moment()
      else record.uncovered = uncovered
      const cutSince = this.#cutAt.get(process)
      if (!process.connected && cutSince !== undefined && cutSince < record.sent.order) {
        this.fail(`acknowledged by a process without a connection: ${words(record)}`)
      }
      this.#log?.(`${String(this.#cluster.time.nowMs).padStart(6)} ${words(record)}`)
    })
    this.#expectEnd(process, words(record), 2 * writeTimeoutMs + 3_500, ended, (error) => {
      record.end = this.#moment()
      record.error = String(error)
      record.clean &&= this.#wasCleanSince(record.sent)
      if (!(error instanceof FedcacheError) || error.outcome === undefined) {
        this.fail(`failed without an outcome: ${words(record)}: ${String(error)}`)
      } else {
        record.outcome = error.outcome
      }
      this.#log?.(`${String(this.#cluster.time.nowMs).padStart(6)} ${words(record)} ${record.error}`)
    })
  }

  /** Who is left that may serve what a change made old, once it was acknowledged. */
  #uncovered(
    { process: writer, sent, end }: ChangeRecord,
    confirmedBy: readonly string[],
  ): readonly SimulatedProcess[] {
    return this.#cluster.alive.filter((process) => {
      if (confirmedBy.includes(process.id) || process.state === 'leaving') return false
      // One that was stopped meanwhile must notice it before it answers. But what it lost is another matter.
      const pause = this.#pauses.find(
        (each) => each.process === process && each.fromMs <= end!.atMs && each.toMs >= sent.atMs,
      )
      return pause === undefined || !process.connected || !writer.connected
    })
  }

  #expectEnd(
    process: SimulatedProcess,
    what: string,
    withinMs: number,
    call: Promise<unknown>,
    onError: (error: unknown) => void,
  ): void {
    const { time } = this.#cluster
    const sentMs = time.nowMs
    let ended = false
    const check = (): void => {
      if (ended || process.state === 'gone' || process.state === 'leaving') return
      const pausedMs = this.#pauses
        .filter((pause) => pause.process === process && pause.toMs >= sentMs)
        .reduce((sum, { fromMs, toMs }) => sum + Math.min(toMs, time.nowMs) - Math.max(fromMs, sentMs), 0)
      if (time.nowMs - sentMs - pausedMs > withinMs)
        this.fail(`no answer within ${withinMs} ms: ${what} at ${process.name} ${sentMs} ms`)
      else time.at(time.nowMs + Math.max(100, withinMs - (time.nowMs - sentMs - pausedMs)), check)
    }
    time.at(sentMs + withinMs + 10, check)
    call.then(
      () => (ended = true),
      (error: unknown) => {
        ended = true
        if (!(error instanceof FedcacheError))
          this.fail(`${what} failed with no error of ours: ${String((error as Error).stack)}`)
        onError(error)
      },
    )
  }

  /** Everybody asks for a key that nobody has. */
  #stampede(): void {
    const { running, time } = this.#cluster
    const key = `cold${++this.#cold}`
    this.#cluster.sources.loaded.change(key, ++this.#value)
    const wasClean = this.#isClean
    for (const process of running) for (let index = 0; index < 2; index++) this.#get(process, 'loaded', key)
    time.at(time.nowMs + 3_000, () => {
      const loads = this.#cluster.sources.loaded.loadsByKey.get(key) ?? 0
      const clean = wasClean && this.#isClean && Math.max(this.#cleanSinceMs!, this.#missedAtMs) <= time.nowMs - 3_000
      const invalidated = this.#history.changes.some(
        (change) => change.keyspace === 'loaded' && change.key === undefined,
      )
      if (clean && loads !== 1 && !invalidated) this.fail(`${loads} loads of ${key} in a cluster that was well`)
    })
  }

  async #stampedeAlone(): Promise<void> {
    this.#stampede()
    await this.#cluster.time.runUntil(this.#cluster.time.nowMs + 3_050)
  }

  /** At the end everybody must see the same, and of what has a source what it has. */
  async #readEverything(): Promise<void> {
    const { running, time, sources } = this.#cluster
    const from = this.#history.reads.length
    // Twice: the second time near copies answer.
    for (let round = 0; round < 2; round++) {
      for (const process of running) for (const keyspace of keyspaceNames) this.#getMany(process, keyspace, keys)
      await time.runUntil(time.nowMs + 1_000)
    }
    const seen = new Map<string, ReadRecord>()
    for (const read of this.#history.reads.slice(from)) {
      const { keyspace, key, value, process, servedFrom, error } = read
      if (value === undefined) {
        this.fail(`the last read of ${keyspace}/${key} at ${process.name} failed: ${error ?? 'no answer'}`)
        continue
      }
      if (keyspace === 'stored' && value !== sources.stored.current(key).value && !this.#isUntold(read)) {
        this.fail(
          `in the end ${process.name} gives ${value} from ${servedFrom} for stored/${key}, the source ${sources.stored.current(key).value}`,
        )
      }
      const name = `${keyspace}/${key}`
      const other = seen.get(name)
      // What its owner lost may be served as a near copy for a while.
      const near = (servedFrom === 'NEAR' && other?.value === null) || (value === null && other?.servedFrom === 'NEAR')
      const excused = near && this.#history.taggedLosses.length > 0
      if (keyspace === 'kept' && other !== undefined && other.value !== value && !excused) {
        this.fail(
          `in the end ${process.name} gives ${value} from ${servedFrom} for ${name}, ${other.process.name} ${other.value} from ${other.servedFrom}`,
        )
      }
      seen.set(name, read)
    }
  }

  /** Whether the source may have a value of which nobody who is left had heard when a read was sent. */
  #isUntold({ keyspace, key, sent }: ReadRecord): boolean {
    return this.#history.changes.some(
      (change) =>
        change.keyspace === keyspace &&
        change.key === key &&
        (change.end === undefined || (change.outcome === 'UNKNOWN' && change.end.order > sent.order)),
    )
  }

  /** Everybody leaves, and nothing may be left over. */
  async #stop(): Promise<void> {
    const { time } = this.#cluster
    for (const process of this.#cluster.running) {
      const { pendingRequests } = process.bus.stats
      if (pendingRequests > 0) this.fail(`${process.name} has ${pendingRequests} requests pending in the end`)
      if (process.cluster.stats.refusedMessages > 0) this.fail(`${process.name} refused messages`)
    }
    const leaving = this.#cluster.running
    for (const process of leaving) {
      this.#cluster.leave(process)
      if (!this.#plan.stopTogether) await time.runUntil(time.nowMs + 7_000)
    }
    if (this.#plan.stopTogether) await time.runUntil(time.nowMs + 9_000)
    for (const process of leaving) if (process.state !== 'gone') this.fail(`${process.name} did not stop in time`)
  }
}
