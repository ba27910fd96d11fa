import { metricNameByCode, metrics } from '#domain/metric.ts'
import { type Policy, policyLookup } from '#domain/policy.ts'
import type { Signal } from '#domain/signal.ts'
import { joinableAlerts } from '#store/ledger/alerts.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { listOutages } from '#store/ledger/outages.ts'
import { readProgress } from '#store/ledger/reader-positions.ts'
import { newestObservations } from '#store/ledger/weather.ts'
import type { DecodedBlock, Tick } from '../decoded-block.ts'
import { createAlertBook } from './alert-book.ts'
import { createCheckpoint } from './checkpoint.ts'
import { afterTick, type ClockState, newClock, partRange, seenAt, sweptParts } from './city-clock.ts'
import { createDirectory, placeCodes } from './directory.ts'
import { readDirectoryFile, writeDirectoryFile } from './directory-file.ts'
import { commitEffects, type Effect } from './effects.ts'
import { createIdMap } from './id-map.ts'
import type { IdTable } from './id-table.ts'
import { unpackPage } from './page-codec.ts'
import { createDirtyPages, pageSlotsLog2 } from './pages.ts'
import { createProbeColumns } from './probe-columns.ts'
import { createProbeTerms } from './probe-terms.ts'
import { type Circumstances, createProbeWatch } from './probe-watch.ts'
import { reconcile } from './reconcile.ts'
import { createRegistryFeed } from './registry-feed.ts'
import { openSnapshotFile } from './snapshot-file.ts'
import { createWorldWatch } from './world-watch.ts'

export interface WatchKeeperOptions {
  readonly ledger: Ledger
  /** Folder of the state snapshot, its own. */
  readonly directory: string
  readonly policy: Policy
  /** After so many rows of the registry a copy of the directory is written, for a quick start. */
  readonly directoryCopyRowsMin?: number
  readonly log: { info(facts: object, message: string): void }
}

/**
 * Keeps the watch of a whole city: reads the journal, holds the state of every probe and plant, writes what follows
 * into the ledger. One transaction holds a block's effects and the position behind it. The state itself is written
 * beside, in pieces, and brought up to date from the journal after a crash; nothing that was committed happens again.
 */
export interface WatchKeeper {
  /** First journal record that is not applied. Blocks are given from here on, without a gap. */
  readonly position: number
  /** First journal record that a restart would read again. */
  readonly replayPosition: number
  /** Applies a block that begins at `position`; resolves when its effects are durable. */
  apply(block: DecodedBlock): Promise<{ readonly signals: Signal[] }>
  /** Writes all of the state, so that a restart replays nothing. */
  snapshot(): Promise<void>
  counters(): Record<string, number>
  /** Writes everything and closes. */
  close(): Promise<void>
  /** Closes without writing: what is on the disk stays as a crash would have left it. */
  abandon(): Promise<void>
}

/** The ledger learns of a position without effects this often, in the journal's time. */
const progressEveryMs = 5_000
/** Weather that others observe is looked up this often, in the journal's time. */
const weatherEveryMs = 60_000
/** A day's end is written over this time, a piece a tick, so that it delays nothing. */
const closingMs = 2 * 3_600_000
const closingSlotsMin = 1_000
/** What the clock brings about in one tick has to fit into one transaction. */
const sweepEventsMax = 10_000
/** Older outages cover no silence that is not long flagged. */
const outagesMax = 500

/** Fewer are read again in a moment. */
const directoryCopyRowsMinDefault = 20_000

const indoorTemperature = metrics.indoor_temperature_c.code

export async function openWatchKeeper(options: WatchKeeperOptions): Promise<WatchKeeper> {
  const { ledger, policy, log } = options
  const dayAt = policyLookup(policy)
  const rulesAt = (at: number) => dayAt(at).rules
  const file = openSnapshotFile(options.directory)
  const stored = file.load()
  const saved = await readProgress(ledger.db, 'watch')

  const { directory, version } = await openDirectory(options.directory, stored.ids)
  const columns = createProbeColumns()
  const pages = createDirtyPages()
  columns.reserve(directory.devices.size)
  for (const page of stored.pages) {
    const first = page.number << pageSlotsLog2
    for (const [offset, state] of unpackPage(page.state).entries()) columns.put(first + offset, state)
    pages.written(page.number, page.position)
  }

  const isNew = stored.clock === undefined
  let clock: ClockState = stored.clock
    ? { ...newClock, ...JSON.parse(stored.clock.state) }
    : await clockFromLedger(ledger.db)
  const clockPosition = stored.clock?.position ?? 0
  const worldPosition = stored.world?.position ?? 0
  let position = isNew ? saved.position : stored.floor
  const committedAtOpen = saved.position
  let committed = saved.position
  let committedAt = 0
  let lastAt = clock.lastAt
  let weatherAt = 0
  let effects: Effect[] = []
  let reconciled = false
  let failure: unknown
  let closeOrder: Uint32Array | undefined

  let registryRows = 0
  let keeping: Promise<unknown> = Promise.resolve()
  const rowsMin = options.directoryCopyRowsMin ?? directoryCopyRowsMinDefault
  const feed = await createRegistryFeed({
    db: ledger.db,
    directory,
    version,
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
  const inUseAt = (slot: number) => columns.newestAt[slot] || lastAt || Number.MAX_SAFE_INTEGER
  directory.chooseAgain(inUseAt)
  await feed.loadAll(inUseAt)
  columns.reserve(directory.devices.size)

  const book = createAlertBook((at) => rulesAt(at).alert)
  book.put(await joinableAlerts(ledger.db, lastAt - rulesAt(lastAt).alert.windowMs))
  /** Without a snapshot the sums of the first day lack what came before. */
  const lacksBeginning = isNew && saved.position > 0
  let firstDay: number | undefined
  function emit(effect: Effect): void {
    const isPartial = lacksBeginning && effect.kind === 'day' && effect.sums.day === firstDay
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
    floor: position,
    idsWritten: stored.ids.reduce((sum, ids) => sum + ids.split('\n').length, 0),
  })
  // Even an empty snapshot says from where the journal is needed: without it a crash could not tell new from lost.
  if (isNew) checkpoint.write(position, clock)
  const slotOf = createIdMap((id) => directory.devices.find(id))
  const gatewayOf = createIdMap((id) => directory.gateways.find(id))
  const counters: Record<string, number> = { readings: 0, unassigned: 0, ticks: 0, signals: 0, ...saved.counters }
  const count = (name: string, by = 1) => {
    counters[name] = (counters[name] ?? 0) + by
  }
  log.info({ devices: directory.devices.size, position, committed }, 'watch is open')

  const circumstances = (at: number): Circumstances => ({
    position: at,
    now: lastAt,
    catchingUp: clock.catchingUp,
    emitting: at >= committedAtOpen,
  })

  function takeReading(block: DecodedBlock, index: number): void {
    const at = block.position[index] as number
    const { readings } = block
    const receivedAt = readings.receivedAt[index] as number
    if (receivedAt > lastAt) lastAt = receivedAt
    firstDay ??= dayAt(lastAt).day
    const where = circumstances(at)
    if (where.emitting) count('readings')
    if (at >= worldPosition) {
      const gateway = gatewayOf.at(block.gateway[index] as number, block.gatewayIds)
      if (gateway >= 0) world.gatewayHeard(gateway, receivedAt, where)
    }
    const slot = slotOf.at(readings.device[index] as number, readings.deviceIds)
    const readAt = Math.round(readings.at[index] as number)
    if (slot < 0 || !isHere(slot, readAt, where)) {
      if (where.emitting) count('unassigned')
      return
    }
    const isProbe = directory.columns.placeKind[slot] === placeCodes.dwelling
    if (at < (isProbe ? pages.appliedTo(slot) : worldPosition)) return
    const value = readings.value[index] as number
    const quality = readings.quality[index] as number
    const metricCode = readings.metric[index] as number
    if (!isProbe) {
      const metric = metricNameByCode[metricCode]
      if (metric) world.sample(slot, { metric, at: readAt, value, quality, receivedAt }, where)
    } else if (metricCode === indoorTemperature) {
      probes.sample(slot, { at: readAt, value, quality, receivedAt }, where)
    } else {
      probes.heard(slot, receivedAt, where)
    }
  }

  /** True where the device stands at the place in use; moves it there first when it has come to a new place. */
  function isHere(slot: number, readAt: number, where: Circumstances): boolean {
    const { validFrom, validTo, placeKind } = directory.columns
    if (placeKind[slot] === placeCodes.none) return false
    if (readAt >= (validFrom[slot] as number) && readAt < (validTo[slot] as number)) return true
    const there = directory.placementAt(slot, readAt)
    if (!there) return false
    if (there.validFrom > (validFrom[slot] as number)) {
      move(slot, there.validFrom, where)
      directory.usePlacement(slot, there)
      return true
    }
    // The probe has moved on since: what it measured before belongs to the home where it was.
    if (there.placeKind === 'dwelling' && where.emitting) {
      const key = { day: dayAt(readAt).day, dwelling: there.place, device: directory.devices.idAt(slot) }
      emit({ kind: 'dayWrong', key, position: where.position })
    }
    return false
  }

  function move(slot: number, at: number, where: Circumstances): void {
    const before = directory.placementOf(slot)
    if (before?.placeKind === 'dwelling') probes.leave(slot, before, at, 'moved', where)
  }

  function takeTick(tick: Tick): void {
    if (tick.position < clockPosition) return
    const before = seenAt(clock, lastAt)
    const step = afterTick(before, tick)
    clock = step.clock
    lastAt = clock.lastAt
    const where = circumstances(tick.position)
    if (where.emitting) {
      count('ticks')
      for (const outage of step.outages) emit({ kind: 'outage', outage, now: lastAt })
      if (!clock.catchingUp) emit({ kind: 'clock', now: lastAt })
    }
    sweep([...new Set([...clock.unswept, ...sweptParts(before.lastTickAt, lastAt)])], where)
    if (tick.position >= worldPosition) world.tick(clock, where)
    closeSomeDays(lastAt - before.lastTickAt, where)
  }

  /** Goes through parts of the city; what is left when too much happens waits for the next tick. */
  function sweep(parts: readonly number[], where: Circumstances): void {
    let happened = 0
    let done = 0
    for (; done < parts.length && happened < sweepEventsMax; done += 1) {
      const [from, to] = partRange(parts[done] as number, directory.devices.size)
      happened += probes.sweep(from, to, clock, where)
    }
    clock = { ...clock, unswept: parts.slice(done) }
  }

  function closeSomeDays(passedMs: number, where: Circumstances): void {
    const through = termsSource.openSinceDay(lastAt) - 1
    if (!clock.closing) {
      if (through <= clock.closedThrough) return
      clock = { ...clock, closing: { through, next: 0 } }
    }
    const closing = clock.closing
    if (!closing) return
    closeOrder ??= directory.slotsByDwelling()
    const share = Math.ceil((closeOrder.length * Math.min(passedMs, closingMs)) / closingMs)
    const end = Math.min(closeOrder.length, closing.next + Math.max(closingSlotsMin, share))
    probes.closeDays(closeOrder.subarray(closing.next, end), closing.through, where)
    if (end < closeOrder.length) {
      clock = { ...clock, closing: { ...closing, next: end } }
      return
    }
    closeOrder = undefined
    const { closing: _, ...rest } = clock
    clock = { ...rest, closedThrough: closing.through }
  }

  /** Takes the block's records from one position to another. */
  function take(block: DecodedBlock, from: number, to: number): void {
    const { readings } = block
    const ticks = block.ticks.filter((tick) => tick.position >= from && tick.position < to)
    let nextTick = 0
    for (let index = 0; index < readings.count; index += 1) {
      const at = block.position[index] as number
      if (at < from || at >= to) continue
      for (; (ticks[nextTick]?.readingsBefore ?? Number.POSITIVE_INFINITY) <= index; nextTick += 1) {
        takeTick(ticks[nextTick] as Tick)
      }
      takeReading(block, index)
    }
    for (; nextTick < ticks.length; nextTick += 1) takeTick(ticks[nextTick] as Tick)
    clock = seenAt(clock, lastAt)
    position = to
  }

  /** A replay ends where the ledger is: there, and before anything new happens, state and ledger must agree. */
  async function agree(): Promise<void> {
    if (reconciled || position < committedAtOpen) return
    reconciled = true
    const { ended, changed } = await reconcile({ db: ledger.db, directory, columns, pages, world }, lastAt, position)
    effects.push(...ended)
    if (changed > 0) log.info({ changed }, 'the watch took over what the ledger has open')
  }

  async function refresh(): Promise<void> {
    const { changed, displaced } = await feed.step(inUseAt)
    columns.reserve(directory.devices.size)
    const where = { ...circumstances(position), emitting: true }
    for (const { slot, before } of displaced) {
      if (before.placeKind === 'dwelling') probes.leave(slot, before, lastAt, 'registry', where)
    }
    if (changed) {
      slotOf.forgetMissing()
      gatewayOf.forgetMissing()
      closeOrder = undefined
    }
    if (lastAt - weatherAt < weatherEveryMs) return
    weatherAt = lastAt
    world.observe(await newestObservations(ledger.db, lastAt - rulesAt(lastAt).plant.weatherAgeMsMax))
  }

  async function commit(): Promise<Signal[]> {
    const committing = effects
    effects = []
    const signals = await commitEffects({ ledger, places: feed.places(), book, rulesAt }, committing, {
      position,
      counters: { ...counters },
    })
    committed = position
    committedAt = lastAt
    book.forget(lastAt)
    count('signals', signals.length)
    return signals
  }

  /** Whether the effects are more than ticks at which no alert is due. */
  const hasNews = () => effects.some(({ kind }) => kind !== 'clock') || (effects.length > 0 && book.dueAt() <= lastAt)

  async function settle(block: DecodedBlock): Promise<Signal[]> {
    checkpoint.earn(block.readings.count, block.ticks.length)
    // While a replay is before what was committed, nothing is written: the ledger is ahead.
    if (position < committedAtOpen) return []
    const isDue = checkpoint.isDue(lastAt)
    const isProgressDue = position > committed && (isDue || lastAt - committedAt >= progressEveryMs)
    const signals = hasNews() || isProgressDue ? await commit() : []
    effects = []
    if (isDue && committed === position) checkpoint.write(position, clock)
    return signals
  }

  async function writeEverything(): Promise<void> {
    if (failure !== undefined || position < committedAtOpen) return
    if (position > committed) await commit()
    checkpoint.writeAll(position, clock)
  }

  return {
    get position() {
      return position
    },
    get replayPosition() {
      return Math.min(checkpoint.floor, position)
    },
    async apply(block) {
      if (failure !== undefined) throw new Error('The watch failed and has to be opened again', { cause: failure })
      try {
        await refresh()
        await agree()
        const replayEnd = Math.min(block.to, Math.max(position, committedAtOpen))
        if (replayEnd > position) take(block, position, replayEnd)
        await agree()
        if (block.to > position) take(block, position, block.to)
        return { signals: await settle(block) }
      } catch (error) {
        // The state in memory is ahead of the ledger now: only the snapshot and the journal can be trusted.
        failure = error
        throw error
      }
    },
    snapshot: writeEverything,
    counters: () => ({
      ...counters,
      ...probes.counters(),
      registryRows,
      dirtyPages: pages.dirtyCount,
      records: columns.recordsInUse(),
    }),
    async abandon() {
      failure ??= new Error('The watch was abandoned')
      file.close()
      await keeping
    },
    async close() {
      try {
        await writeEverything()
        await keeping
      } finally {
        file.close()
      }
    },
  }
}

/** The directory from its copy, where that agrees with the slots of the snapshot; else an empty one with those slots. */
async function openDirectory(folder: string, ids: readonly string[]) {
  const kept = await readDirectoryFile(folder)
  const copy = kept && createDirectory(kept.parts)
  const isSame = copy && ids.every((text, page) => agrees(copy.devices, page << pageSlotsLog2, text))
  const directory = isSame ? copy : createDirectory()
  for (const [page, text] of ids.entries()) {
    if ((page + 1) << pageSlotsLog2 <= directory.devices.size) continue
    for (const id of text.split('\n')) directory.devices.take(id)
  }
  return { directory, version: isSame ? kept.version : 0 }
}

function agrees(devices: IdTable, first: number, text: string): boolean {
  const ids = text.split('\n')
  const known = Math.max(0, Math.min(ids.length, devices.size - first))
  return known === 0 || devices.runTogether(first, first + known) === ids.slice(0, known).join('')
}

/** For a watch that begins without its snapshot: what the ledger remembers of our own outages. */
async function clockFromLedger(db: Ledger['db']): Promise<ClockState> {
  const outages = await listOutages(db, 0, Number.MAX_SAFE_INTEGER, outagesMax)
  return { ...newClock, downtimes: outages.reverse().map(({ beganAt, endedAt }) => ({ beganAt, endedAt })) }
}
