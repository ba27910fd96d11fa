import assert from 'node:assert'
import { type Policy, policyLookup } from '#domain/policy.ts'
import type { Signal } from '#domain/signal.ts'
import { joinableAlerts } from '#store/ledger/alerts.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { readProgress } from '#store/ledger/reader-positions.ts'
import { outdoorTemperatureAt, plantsSource } from '#store/ledger/weather.ts'
import type { DecodedBlock } from '../decoded-block.ts'
import type { RegisteredDevices } from '../registered-devices.ts'
import type { RollUps, WatchedCity } from '../roll-ups/roll-ups.ts'
import { createAlertBook } from './alert-book.ts'
import { createCheckpoint } from './checkpoint.ts'
import { commitEffects } from './commit.ts'
import { writeDirectoryFile } from './directory-file.ts'
import type { Effect } from './effect.ts'
import { flagBelongs, forgetGateways, packGateways, unpackGateway } from './hand-over.ts'
import type { IdTable } from './id-table.ts'
import { createJournalTaker } from './journal-taker.ts'
import { restore } from './opening.ts'
import { createProbeTerms } from './probe-terms.ts'
import { createProbeWatch } from './probe-watch.ts'
import { reconcile } from './reconcile.ts'
import { heardBefore, registeredDevices } from './registered.ts'
import { createRegistryFeed } from './registry-feed.ts'
import { openSnapshotFile } from './snapshot-file.ts'
import { createWorldWatch } from './world-watch.ts'

export interface WatchKeeperOptions {
  readonly ledger: Ledger
  /** Folder of the state snapshot, its own. */
  readonly directory: string
  readonly policy: Policy
  /** The table of devices that readings are numbered by, where the watch of this process is opened again. */
  readonly devices?: IdTable
  /** After so many rows of the registry a copy of the directory is written, for a quick start. */
  readonly directoryCopyRowsMin?: number
  /** So much of the snapshot is written at a time. */
  readonly snapshotBatchBytes?: number
  /** Opens the live roll-ups, which read the journal with the watch. */
  openRollUps?(city: WatchedCity): RollUps
  readonly log: { info(facts: object, message: string): void }
  /** Where several workers share the city, which gateways this one watches now; all where it is absent. */
  isOurs?(gateway: string): boolean
  /** Name under which the ledger has this watch's position. */
  readonly readerName?: string
}

/**
 * Keeps the watch of a whole city: reads the journal, holds the state of every probe and plant, writes what follows
 * into the ledger. One transaction holds a block's effects and the position behind it. The state itself is written
 * beside, in pieces, and brought up to date from the journal after a crash; nothing that was committed happens again.
 */
export interface WatchKeeper {
  /** First journal record that is not applied. Blocks are given from here on, without a gap. */
  readonly position: number
  /** First journal record whose effects the ledger does not have. */
  readonly committedPosition: number
  /** First journal record that a restart would read again. */
  readonly replayPosition: number
  readonly registered: RegisteredDevices
  /** A 1 for each device that was heard before a position; to be asked for before the first block. */
  heardBefore(position: number): Uint8Array
  /** Applies a block that begins at `position`; resolves when its effects are durable. */
  apply(block: DecodedBlock): Promise<{ readonly signals: Signal[] }>
  /** Writes all of the state, so that a restart replays nothing. */
  snapshot(): Promise<void>
  /** What it knows of each gateway that is asked for, packed for the watch of another worker. */
  packGateways(isAsked: (gateway: string) => boolean): ReadonlyMap<string, Uint8Array>
  /** Takes what other workers' watches have packed, and is at one with the ledger about it; durable when it resolves. */
  takeGateways(packed: readonly Uint8Array[]): Promise<void>
  /** Lets go of what others watch now; durable when it resolves. */
  forgetOthers(): Promise<void>
  counters(): Record<string, number>
  /** Writes everything and closes. */
  close(): Promise<void>
  /** Closes without writing: what is on the disk stays as a crash would have left it. */
  abandon(): Promise<void>
}

/** Where one worker watches the whole city. */
const watchReaderName = 'watch'

/** The ledger learns of a position without effects this often, in the journal's time. */
const progressEveryMs = 5_000
/** Weather that others observe is looked up this often, in the journal's time. */
const weatherEveryMs = 60_000

/** Fewer are read again in a moment. */
const directoryCopyRowsMinDefault = 20_000

export async function openWatchKeeper(options: WatchKeeperOptions): Promise<WatchKeeper> {
  const { ledger, policy, log, isOurs, readerName = watchReaderName } = options
  const dayAt = policyLookup(policy)
  const rulesAt = (at: number) => dayAt(at).rules
  // Asked first: while the ledger is away, an attempt is to cost neither a read of the snapshot nor an open file.
  const saved = await readProgress(ledger.db, readerName)
  const file = openSnapshotFile(options.directory)
  const stored = file.load()

  const restored = await restore(stored, options.directory, ledger, options.devices)
  const { directory, columns, pages } = restored
  const isNew = stored.clock === undefined
  const floor = isNew ? saved.position : stored.floor
  const committedAtOpen = saved.position
  let committed = saved.position
  let committedAt = 0
  let weatherAt = 0
  let effects: Effect[] = []
  let reconciled = false
  let failure: unknown

  let registryRows = 0
  let keeping: Promise<unknown> = Promise.resolve()
  const rowsMin = options.directoryCopyRowsMin ?? directoryCopyRowsMinDefault
  const feed = await createRegistryFeed({
    db: ledger.db,
    directory,
    version: restored.registryVersion,
    onLoaded(loaded, rows) {
      registryRows += rows
      if (rows < rowsMin) return
      const { revision } = directory
      const kept = { version: loaded, parts: directory.parts() }
      keeping = keeping
        .then(() => writeDirectoryFile(options.directory, kept, () => directory.revision === revision))
        .catch((error) => log.info({ err: error }, 'the copy of the directory could not be written'))
    },
  })
  const openedAt = restored.clock.lastAt
  const inUseAt = (slot: number) => columns.newestAt[slot] || openedAt || Number.MAX_SAFE_INTEGER
  directory.chooseAgain(inUseAt)
  await feed.loadAll(inUseAt)
  columns.reserve(directory.devices.length)

  const rollUps = options.openRollUps?.({ directory, places: () => feed.places(), position: floor, isNew })
  const openedPosition = Math.min(floor, rollUps?.position ?? floor)
  let position = openedPosition

  const book = createAlertBook((at) => rulesAt(at).alert)
  book.put(await joinableAlerts(ledger.db, openedAt - rulesAt(openedAt).alert.windowMs))
  /** Without a snapshot the sums of the first day lack what came before. */
  const lacksBeginning = isNew && saved.position > 0
  let firstDay: number | undefined
  function emit(effect: Effect): void {
    if (lacksBeginning) firstDay ??= dayAt(taker.lastAt).day
    const isPartial = effect.kind === 'day' && effect.sums.day === firstDay
    effects.push(isPartial ? { ...effect, sums: { ...effect.sums, wrong: true } } : effect)
  }
  const termsSource = createProbeTerms(policy, directory)
  const probes = createProbeWatch({ directory, columns, pages, termsSource, emit })
  const world = createWorldWatch({ directory, policy, places: () => feed.places(), emit })
  if (stored.world) world.unpack(stored.world.state)
  const checkpoint = createCheckpoint({
    file,
    columns,
    pages,
    devices: directory.devices,
    packWorld: () => world.pack(),
    floor,
    ...(options.snapshotBatchBytes !== undefined && { batchBytes: options.snapshotBatchBytes }),
    idsWritten: stored.ids.reduce((sum, ids) => sum + ids.split('\n').length, 0),
  })
  // Even an empty snapshot says from where the journal is needed: without it a crash could not tell new from lost.
  if (isNew) checkpoint.write(position, restored.clock)
  const counters: Record<string, number> = { readings: 0, unassigned: 0, ticks: 0, signals: 0, ...saved.counters }
  const count = (name: string, by = 1) => {
    counters[name] = (counters[name] ?? 0) + by
  }
  const taker = createJournalTaker({
    directory,
    pages,
    probes,
    world,
    termsSource,
    emit,
    count,
    clock: restored.clock,
    clockPosition: stored.clock?.position ?? 0,
    worldPosition: stored.world?.position ?? 0,
    emitFrom: committedAtOpen,
    ...(rollUps && { beside: rollUps }),
  })
  log.info({ devices: directory.devices.length, position, committed }, 'watch is open')

  function take(block: DecodedBlock, to: number): void {
    if (to <= position) return
    taker.take(block, position, to)
    position = to
  }

  /** A replay ends where the ledger is: there, and before anything new happens, state and ledger must agree. */
  async function agree(): Promise<void> {
    if (reconciled || position < committedAtOpen) return
    reconciled = true
    letGo()
    await agreeWithLedger()
  }

  async function agreeWithLedger(): Promise<void> {
    const parts = { db: ledger.db, directory, columns, pages, world }
    const belongs = isOurs && flagBelongs(parts, isOurs)
    const { ended, changed } = await reconcile({ ...parts, ...(belongs && { belongs }) }, taker.lastAt, position)
    effects.push(...ended)
    if (changed > 0) log.info({ changed }, 'the watch took over what the ledger has open')
  }

  /** A worker who was killed while it handed gateways over may still have their state. */
  function letGo(): void {
    if (!isOurs) return
    const forgotten = forgetGateways({ directory, columns, pages, world }, (gateway) => !isOurs(gateway), position)
    if (forgotten > 0) log.info({ probes: forgotten }, 'the watch let go of what other workers watch')
  }

  async function refresh(): Promise<void> {
    const { changed, displaced } = await feed.step(inUseAt)
    columns.reserve(directory.devices.length)
    const where = { ...taker.circumstances(position), emitting: true }
    for (const { slot, before } of displaced) {
      if (before.placeKind === 'dwelling') probes.leave(slot, before, where.now, 'registry', where)
    }
    if (changed) taker.registryChanged()
    const now = where.now
    if (now - weatherAt < weatherEveryMs) return
    weatherAt = now
    for (const district of feed.places().districts) {
      const observed = await outdoorTemperatureAt(ledger.db, district, now, rulesAt(now).plant.weatherAgeMsMax)
      // What the plants feel comes with the journal itself.
      if (observed && observed.source !== plantsSource) world.observe(observed)
    }
  }

  async function commit(): Promise<Signal[]> {
    const committing = effects
    effects = []
    const context = { ledger, places: feed.places(), book, rulesAt, readerName, isShared: isOurs !== undefined }
    const signals = await commitEffects(context, committing, {
      position,
      counters: { ...counters },
    })
    committed = position
    committedAt = taker.lastAt
    book.forget(taker.lastAt)
    count('signals', signals.length)
    return signals
  }

  /** Whether the effects are more than ticks at which no alert is due. */
  const hasNews = () =>
    effects.some(({ kind }) => kind !== 'clock') || (effects.length > 0 && book.dueAt() <= taker.lastAt)

  async function settle(block: DecodedBlock): Promise<Signal[]> {
    checkpoint.earn(block.readings.count, block.ticks.length)
    // While a replay is before what was committed, nothing is written: the ledger is ahead.
    if (position < committedAtOpen) return []
    const isDue = checkpoint.isDue(taker.lastAt)
    const isProgressDue = position > committed && (isDue || taker.lastAt - committedAt >= progressEveryMs)
    const signals = hasNews() || isProgressDue ? await commit() : []
    effects = []
    if (isDue && committed === position) checkpoint.write(position, taker.clock)
    return signals
  }

  async function writeEverything(): Promise<void> {
    if (failure !== undefined || position < committedAtOpen) return
    if (position > committed) await commit()
    checkpoint.writeAll(position, taker.clock)
  }

  return {
    get position() {
      return position
    },
    get committedPosition() {
      return committed
    },
    get replayPosition() {
      return Math.min(checkpoint.floor, position, rollUps?.replayPosition ?? position)
    },
    registered: registeredDevices(directory, feed),
    heardBefore(before) {
      assert(position === openedPosition, 'what was heard before is told before the first block')
      return heardBefore({ columns, pages, slots: directory.devices.length }, before)
    },
    async apply(block) {
      if (failure !== undefined) throw new Error('The watch failed and has to be opened again', { cause: failure })
      try {
        await rollUps?.room()
        await refresh()
        await agree()
        const replayEnd = Math.min(block.to, Math.max(position, committedAtOpen))
        take(block, replayEnd)
        await agree()
        take(block, block.to)
        const signals = await settle(block)
        rollUps?.settle(position)
        return { signals }
      } catch (error) {
        // The state in memory is ahead of the ledger now: only the snapshot and the journal can be trusted.
        failure = error
        throw error
      }
    },
    snapshot: writeEverything,
    packGateways: (isAsked) => packGateways({ directory, columns, pages, world }, isAsked),
    async takeGateways(packed) {
      await refresh()
      for (const one of packed) unpackGateway({ directory, columns, pages, world }, one, position)
      await agreeWithLedger()
      await writeEverything()
    },
    async forgetOthers() {
      letGo()
      await writeEverything()
    },
    counters: () => ({
      ...counters,
      ...probes.counters(),
      ...rollUps?.counters(),
      registryRows,
      dirtyPages: pages.dirtyCount,
      records: columns.recordsInUse(),
    }),
    async abandon() {
      failure ??= new Error('The watch was abandoned')
      await rollUps?.abandon()
      file.close()
      await keeping
    },
    async close() {
      try {
        await writeEverything()
        await keeping
      } finally {
        if (failure === undefined) await rollUps?.close()
        else await rollUps?.abandon()
        file.close()
      }
    },
  }
}
