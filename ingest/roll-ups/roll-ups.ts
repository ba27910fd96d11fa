import { rollUpPeriodMs } from '#domain/live-roll-up.ts'
import { metrics } from '#domain/metric.ts'
import { type Policy, policyLookup, type Rules } from '#domain/policy.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import type { RollUpStore } from '#store/telemetry/roll-up-store.ts'
import { type Directory, placeCodes } from '../watch/directory.ts'
import type { Places } from '../watch/places.ts'
import { createFrameFiles } from './frame-files.ts'
import { createFrames, framePageBytes } from './frames.ts'
import { createPlantPoints } from './plant-frame.ts'
import { carriedPeriodsMax } from './probe-frame.ts'
import { createRoller, type RollerLog } from './roller.ts'

export interface RollUpsOptions {
  readonly db: LedgerDb
  /** Folder of the periods that are not yet in the store, its own. */
  readonly directory: string
  readonly store: RollUpStore
  readonly policy: Policy
  readonly log: RollerLog
}

/** What the watch shares with its roll-ups. */
export interface WatchedCity {
  readonly directory: Directory
  places(): Places
  /** Where the watch begins to read; `isNew` where it remembers nothing, and its slots may be others than before. */
  readonly position: number
  readonly isNew: boolean
}

/**
 * Live roll-ups beside the watch: takes the journal's good readings into periods, and writes each period to the store
 * when it is over, and again when late readings have come for it. A store that fails holds this up and nothing else.
 */
export interface RollUps {
  /** First journal record that is not taken. */
  readonly position: number
  /** First journal record that a restart would read again. */
  readonly replayPosition: number
  /** The journal's time goes on with a record. */
  time(position: number, now: number): void
  /** Takes a good reading of a device that stands where it was read. */
  reading(position: number, slot: number, metricCode: number, at: number, value: number): void
  /** Resolves when there is room for more; undefined where there is. */
  room(): Promise<void> | undefined
  /** Everything before a position is taken, and its effects stand in the ledger. */
  settle(position: number): void
  counters(): Record<string, number>
  /** Keeps everything, and ends. */
  close(): Promise<void>
  /** Ends and keeps nothing more. */
  abandon(): Promise<void>
}

/**
 * The disk's share of a reading: readings come in any order, and in a large city soon every page has changed. A crash
 * repeats what came since the last save, a minute's readings at most.
 */
const savedBytesPerReadingMax = 16
/** So little is written without counting. */
const savedBytesFree = 256 * 1024
const savesApartMsMin = 5_000
const savesApartMsMax = 60_000
/** A value of a plant in the file, about. */
const bytesPerPlantValue = 50

const indoorTemperature = metrics.indoor_temperature_c.code

export function openRollUps(options: RollUpsOptions, city: WatchedCity): RollUps {
  const { policy, log } = options
  const { directory } = city
  const dayAt = policyLookup(policy)
  const points = createPlantPoints()
  const files = createFrameFiles(options.directory, points, directory.plants)
  const kept = city.isNew ? undefined : files.readState()
  if (!kept) {
    files.clear()
    // Without a state, a crash before the first save would leave out what was read until then.
    files.begin(city.position)
  }
  let position = kept?.position ?? city.position
  let saved = position
  let savedMs = performance.now()
  let readingsSince = 0
  let late = 0
  /** After a restart, what was wanted and not yet written. */
  let isDue = (kept?.frames.length ?? 0) > 0
  let saving: Promise<void> | undefined
  let rules: Rules | undefined

  const frames = createFrames({
    points,
    kept: (kept?.frames ?? []).map((frame) => files.read(frame)),
    speaksFor(slot) {
      const { samplingMs, reportingMs } = directory.columns
      const expectedMs = Math.max(samplingMs[slot] as number, reportingMs[slot] as number)
      return Math.min(carriedPeriodsMax, Math.floor((expectedMs + (rules?.backlogGraceMs ?? 0)) / rollUpPeriodMs))
    },
    onEvicted: (frame) => roller.evicted(frame),
  })
  frames.reserve(directory.devices.length)
  const roller = createRoller({
    ...options,
    directory,
    dayAt,
    frames,
    files,
    places: city.places,
    waiting: kept?.waiting ?? [],
  })

  async function save(): Promise<void> {
    const { held, waiting, gone } = roller.keepable()
    const applied = position
    savedMs = performance.now()
    readingsSince = 0
    try {
      for (const frame of held) files.write(frame)
      await files.keep({
        position: applied,
        frames: held.map(({ at, closed, wanted }) => ({ at, closed, wanted: wanted || roller.isUnderWay(at) })),
        waiting,
      })
      saved = applied
      for (const at of gone) files.remove(at)
    } catch (error) {
      // The journal keeps what came since the last success.
      log.warn({ err: error }, 'periods of roll-ups could not be kept on the disk')
      roller.notGone(gone)
    }
  }

  function dirtyBytes(): number {
    let bytes = 0
    for (const { dirty } of frames.held()) {
      bytes += dirty.pages.size * framePageBytes
      if (dirty.plants) bytes += points.all().length * bytesPerPlantValue
    }
    return bytes
  }

  function saveSometimes(): void {
    const sinceMs = performance.now() - savedMs
    if (saving || position === saved || sinceMs < savesApartMsMin) return
    const bytesMax = Math.max(savedBytesFree, readingsSince * savedBytesPerReadingMax)
    if (sinceMs < savesApartMsMax && dirtyBytes() > bytesMax) return
    saving = save().finally(() => {
      saving = undefined
    })
  }

  return {
    get position() {
      return position
    },
    get replayPosition() {
      return saved
    },
    time(at, now) {
      if (at < position) return
      rules = dayAt(now).rules
      if (frames.advance(now)) isDue = true
    },
    reading(at, slot, metricCode, readAt, value) {
      if (at < position) return
      readingsSince += 1
      const kind = directory.columns.placeKind[slot]
      if (kind === placeCodes.dwelling) {
        if (slot >= frames.slots) frames.reserve(directory.devices.length)
        if (metricCode === indoorTemperature && !frames.probe(slot, readAt, value)) late += 1
      } else if (kind !== placeCodes.district) {
        if (!frames.plant(directory.columns.place[slot] as number, metricCode, readAt, value)) late += 1
      }
    },
    room: () => roller.room(),
    settle(applied) {
      if (applied <= position) return
      position = applied
      if (isDue) roller.roll()
      isDue = false
      saveSometimes()
    },
    counters: () => ({ ...roller.counters(), rollUpsTooLate: late }),
    async close() {
      await roller.close()
      await saving
      await save()
    },
    async abandon() {
      await roller.close()
      await saving
    },
  }
}
