import { metricNameByCode, metrics } from '#domain/metric.ts'
import { quality as qualityCodes } from '#domain/quality.ts'
import type { DecodedBlock, Tick } from '../decoded-block.ts'
import { afterTick, allParts, type ClockState, partRange, seenAt, sweptParts } from './city-clock.ts'
import { type Directory, placeCodes } from './directory.ts'
import type { Effect } from './effect.ts'
import { createIdMap } from './id-map.ts'
import type { DirtyPages } from './pages.ts'
import type { ProbeTermsSource } from './probe-terms.ts'
import type { Circumstances, ProbeWatch } from './probe-watch.ts'
import type { WorldWatch } from './world-watch.ts'

/**
 * Takes the journal's records one by one: each to the watch of whom it concerns, and only where that state is not
 * yet past it, because after a restart the pieces of the state are of different age.
 */
export interface JournalTaker {
  readonly clock: ClockState
  /** Latest time that a record has named. */
  readonly lastAt: number
  circumstances(position: number): Circumstances
  /** Takes the block's records from one position to another. */
  take(block: DecodedBlock, from: number, to: number): void
  /** Devices may have come or gone. */
  registryChanged(): void
}

/** Whoever takes the journal's good readings beside the watch, up to a position of its own. */
export interface ReadingsBeside {
  time(position: number, now: number): void
  reading(position: number, slot: number, metricCode: number, at: number, value: number): void
}

interface JournalTakerParts {
  readonly directory: Directory
  readonly pages: DirtyPages
  readonly probes: ProbeWatch
  readonly world: WorldWatch
  readonly termsSource: ProbeTermsSource
  emit(effect: Effect): void
  count(name: string): void
  readonly clock: ClockState
  /** Up to where clock and world are applied; pages know it themselves. */
  readonly clockPosition: number
  readonly worldPosition: number
  /** What comes of records before this position stands in the ledger already. */
  readonly emitFrom: number
  readonly beside?: ReadingsBeside
}

/** A day's end is written over this time, a piece a tick, so that it delays nothing. */
const closingMs = 2 * 3_600_000
const closingSlotsMin = 1_000
/** What the clock brings about in one tick has to fit into one transaction. */
const sweepEventsMax = 10_000

const indoorTemperature = metrics.indoor_temperature_c.code

export function createJournalTaker(parts: JournalTakerParts): JournalTaker {
  const { directory, pages, probes, world, termsSource, emit, count, clockPosition, worldPosition, beside } = parts
  const slotOf = createIdMap((id) => directory.devices.find(id))
  const gatewayOf = createIdMap((id) => directory.gateways.find(id))
  let clock = parts.clock
  let lastAt = clock.lastAt
  let closeOrder: Uint32Array | undefined

  const circumstances = (position: number): Circumstances => ({
    position,
    now: lastAt,
    catchingUp: clock.catchingUp,
    emitting: position >= parts.emitFrom,
  })

  function takeReading(block: DecodedBlock, index: number): void {
    const at = block.position[index] as number
    const { readings } = block
    const receivedAt = readings.receivedAt[index] as number
    if (receivedAt > lastAt) lastAt = receivedAt
    beside?.time(at, receivedAt)
    const where = circumstances(at)
    if (where.emitting) count('readings')
    if (at >= worldPosition) {
      const gateway = gatewayOf.at(block.gateway[index] as number, block.gatewayIds)
      if (gateway >= 0) world.gatewayHeard(gateway, receivedAt, where)
    }
    const device = readings.device[index] as number
    const slot = readings.deviceIds === directory.devices ? device : slotOf.at(device, readings.deviceIds)
    const readAt = Math.round(readings.at[index] as number)
    if (slot < 0 || !isHere(slot, readAt, where)) {
      if (where.emitting) count('unassigned')
      return
    }
    const value = readings.value[index] as number
    const quality = readings.quality[index] as number
    const metricCode = readings.metric[index] as number
    if (quality === qualityCodes.good) beside?.reading(at, slot, metricCode, readAt, value)
    const isProbe = directory.columns.placeKind[slot] === placeCodes.dwelling
    if (at < (isProbe ? pages.appliedTo(slot) : worldPosition)) return
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
    if ((placeKind[slot] ?? placeCodes.none) === placeCodes.none) return false
    if (readAt >= (validFrom[slot] as number) && readAt < (validTo[slot] as number)) return true
    const there = directory.placementAt(slot, readAt)
    if (!there) return false
    if (there.validFrom > (validFrom[slot] as number)) {
      move(slot, there.validFrom, where)
      directory.putPlacement(slot, there)
      return true
    }
    // The probe has moved on since: what it measured before belongs to the home where it was.
    if (there.placeKind === 'dwelling' && where.emitting) {
      const key = { day: termsSource.dayAt(readAt).day, dwelling: there.place, device: directory.devices.at(slot) }
      emit({ kind: 'dayWrong', key, position: where.position })
    }
    return false
  }

  function move(slot: number, at: number, where: Circumstances): void {
    const before = directory.placementOf(slot)
    if (before?.placeKind === 'dwelling') probes.leave(slot, before, at, 'moved', where)
  }

  function takeTick(tick: Tick): void {
    beside?.time(tick.position, tick.at)
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
    const isCaughtUp = before.catchingUp && !clock.catchingUp
    // What is still true after history has filled in is told at once.
    sweep(isCaughtUp ? allParts : [...new Set([...clock.unswept, ...sweptParts(before.lastTickAt, lastAt)])], where)
    if (tick.position >= worldPosition) world.tick(clock, where)
    closeSomeDays(lastAt - before.lastTickAt, where)
  }

  /** Goes through parts of the city; what is left when too much happens waits for the next tick. */
  function sweep(parts: readonly number[], where: Circumstances): void {
    let happened = 0
    let done = 0
    for (; done < parts.length && happened < sweepEventsMax; done += 1) {
      const [from, to] = partRange(parts[done] as number, directory.devices.length)
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
    const order = closeOrder ?? directory.slotsByDwelling()
    closeOrder = order
    const share = Math.ceil((order.length * Math.min(passedMs, closingMs)) / closingMs)
    const end = Math.min(order.length, closing.next + Math.max(closingSlotsMin, share))
    probes.closeDays(order.subarray(closing.next, end), closing.through, where)
    if (end < order.length) {
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
  }

  return {
    get clock() {
      return clock
    },
    get lastAt() {
      return lastAt
    },
    circumstances,
    take,
    registryChanged() {
      slotOf.forgetMissing()
      gatewayOf.forgetMissing()
      closeOrder = undefined
    },
  }
}
