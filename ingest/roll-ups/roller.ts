import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import { type LiveRollUp, rollUpPeriodMs } from '#domain/live-roll-up.ts'
import type { PolicyDay } from '#domain/policy.ts'
import { dayMs } from '#domain/time.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import { flagsOpenAt } from '#store/ledger/roll-up-homes.ts'
import { outdoorTemperatureAt } from '#store/ledger/weather.ts'
import type { RollUpStore } from '#store/telemetry/roll-up-store.ts'
import type { Directory } from '../watch/directory.ts'
import type { Places } from '../watch/places.ts'
import { type CityPlan, isCurrent, loadCityPlan } from './city-plan.ts'
import type { FrameFiles } from './frame-files.ts'
import type { Frame, Frames } from './frames.ts'
import { type PeriodSurroundings, rollUpPeriod } from './roll-up-period.ts'

export interface RollerLog {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
}

interface RollerParts {
  readonly db: LedgerDb
  readonly directory: Directory
  readonly store: RollUpStore
  readonly frames: Frames
  readonly files: FrameFiles
  /** Periods that are on the disk only. */
  readonly waiting: readonly number[]
  places(): Places
  dayAt(at: number): PolicyDay
  readonly log: RollerLog
}

/** Rolls closed periods up and brings them to the store, oldest first, beside everything else. */
export interface Roller {
  /** Looks for periods that are wanted. */
  roll(): void
  /** A frame has left memory. */
  evicted(frame: Frame): void
  room(): Promise<void> | undefined
  /** What the next state on the disk is to name, and periods whose files it needs no more. */
  keepable(): { readonly held: readonly Frame[]; readonly waiting: number[]; readonly gone: number[] }
  /** The state could not be kept: files of these periods are still needed. */
  notGone(periods: readonly number[]): void
  isUnderWay(at: number): boolean
  counters(): Record<string, number>
  close(): Promise<void>
}

/** A store syncs once for so many. */
const rollUpsPerWrite = 1_000
/** Without failures the watch waits for the roller when so many periods are behind: history fills in faster than it rolls. */
const waitingMax = 36
/** A week, as long as the journal may wait for a store. Of more the oldest are given up. */
const waitingWhileFailingMax = 7 * 144
/** A season, and the one before to compare it with. */
const daysKept = 400
const retryMsMin = 1_000
const retryMsMax = 30_000

export function createRoller(parts: RollerParts): Roller {
  const { db, directory, store, frames, files, log } = parts
  const waiting = new Set(parts.waiting)
  /** Files that nothing needs, but that the state on the disk may still name. */
  let gone: number[] = []
  /** Taken up, and not confirmed by the store. */
  const underWay = new Map<number, Frame>()
  const evictedUnderWay = new Set<number>()
  let running: Promise<void> | undefined
  let again = false
  let closing = false
  let failing = false
  let retryMs = retryMsMin
  let retryTimer: NodeJS.Timeout | undefined
  let plan: CityPlan | undefined
  let droppedAt = 0
  const counts = { rollUpsWritten: 0, rollUpPeriods: 0, rollUpFailures: 0, rollUpPeriodsGivenUp: 0 }

  const firstWaiting = () => (waiting.size === 0 ? undefined : Math.min(...waiting))
  const firstWanted = () => frames.held().find((frame) => frame.closed && frame.wanted && !underWay.has(frame.at))

  function takeNext(): Frame | undefined {
    const at = firstWaiting()
    const frame = at === undefined ? firstWanted() : files.read({ at, closed: true, wanted: false })
    if (frame === undefined) return undefined
    if (at !== undefined) {
      waiting.delete(at)
      evictedUnderWay.add(at)
    }
    underWay.set(frame.at, frame)
    frame.wanted = false
    return frame
  }

  async function surroundingsOf(frame: Frame): Promise<PeriodSurroundings> {
    const end = frame.at + rollUpPeriodMs
    if (!plan || !(await isCurrent(plan, db, end)))
      plan = await loadCityPlan({ db, dwellings: directory.dwellings, pause }, end)
    const policyDay = parts.dayAt(frame.at)
    const outdoorC = new Map<number, number>()
    for (const [number, { level, id }] of plan.places.entries()) {
      if (level !== 'district') continue
      const observed = await outdoorTemperatureAt(db, id, end, policyDay.rules.plant.weatherAgeMsMax)
      if (observed) outdoorC.set(number, observed.outdoorTemperatureC)
    }
    return { directory, plan, places: parts.places(), policyDay, outdoorC, flags: flagsOpenAt(db, end) }
  }

  async function rollAll(): Promise<void> {
    let batch: LiveRollUp[] = []
    /** Periods of which everything is in the batch or written. */
    let done: number[] = []
    async function write(): Promise<void> {
      await store.writeRollUps(batch)
      counts.rollUpsWritten += batch.length
      batch = []
      for (const at of done) confirm(at)
      done = []
      await nextTurn()
    }
    for (let frame = takeNext(); frame; frame = takeNext()) {
      for await (const rollUp of rollUpPeriod(frame, await surroundingsOf(frame))) {
        if (batch.push(rollUp) >= rollUpsPerWrite) await write()
        if (closing) return
      }
      done.push(frame.at)
      if (frame.at - droppedAt >= dayMs) {
        droppedAt = frame.at
        await store.dropRollUpsBefore(frame.at - daysKept * dayMs)
      }
      await nextTurn()
    }
    if (batch.length > 0) await write()
  }

  function confirm(at: number): void {
    underWay.delete(at)
    if (evictedUnderWay.delete(at) && !waiting.has(at)) gone.push(at)
    counts.rollUpPeriods += 1
    failing = false
    retryMs = retryMsMin
  }

  /** What was taken up and not confirmed is wanted again. */
  function giveBack(): void {
    for (const [at, frame] of underWay) {
      if (evictedUnderWay.delete(at)) waiting.add(at)
      else frame.wanted = true
    }
    underWay.clear()
  }

  function fail(error: unknown): void {
    counts.rollUpFailures += 1
    if (!failing) log.warn({ err: error }, 'roll-ups cannot be written; they wait on the disk, readings go on')
    failing = true
    if (closing) return
    retryTimer = setTimeout(roll, retryMs)
    retryMs = Math.min(retryMs * 2, retryMsMax)
  }

  function roll(): void {
    again = true
    clearTimeout(retryTimer)
    running ??= run().finally(() => {
      running = undefined
    })
  }

  async function run(): Promise<void> {
    try {
      while (again && !closing) {
        again = false
        await rollAll()
      }
    } catch (error) {
      giveBack()
      fail(error)
    }
    giveBack()
  }

  /** A disk that is full costs a period of roll-ups; the watch goes on. */
  function kept(frame: Frame): boolean {
    try {
      files.write(frame)
      return true
    } catch (error) {
      log.warn({ err: error }, 'a period of roll-ups could not be kept on the disk and is given up')
      counts.rollUpPeriodsGivenUp += 1
      return false
    }
  }

  function wait(at: number): void {
    waiting.add(at)
    if (waiting.size <= waitingWhileFailingMax) return
    const oldest = firstWaiting() as number
    waiting.delete(oldest)
    gone.push(oldest)
    counts.rollUpPeriodsGivenUp += 1
  }

  return {
    roll,
    evicted(frame) {
      const isUnderWay = underWay.has(frame.at)
      if ((isUnderWay || frame.wanted) && !kept(frame)) return
      if (frame.wanted) wait(frame.at)
      else if (isUnderWay) evictedUnderWay.add(frame.at)
      else gone.push(frame.at)
    },
    room: () => (waiting.size > waitingMax && !failing ? running : undefined),
    keepable() {
      const leaving = gone.filter((at) => !waiting.has(at))
      gone = []
      return { held: frames.held(), waiting: [...new Set([...waiting, ...evictedUnderWay])], gone: leaving }
    },
    notGone(periods) {
      gone.push(...periods)
    },
    isUnderWay: (at) => underWay.has(at),
    counters: () => ({
      ...counts,
      rollUpPeriodsWaiting: waiting.size + underWay.size,
      rollUpsFailing: failing ? 1 : 0,
    }),
    async close() {
      closing = true
      clearTimeout(retryTimer)
      await running
    },
  }
}

/** Between pages of the registry: a whole city takes some seconds to read, and readings come first. */
const pause = () => delay(5)
