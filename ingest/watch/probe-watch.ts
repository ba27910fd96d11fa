import { sampleC } from '#domain/cold.ts'
import { dwellingFlagEvent, type OtherProbe } from '#domain/dwelling-flag.ts'
import { next, type ProbeEvent, type ProbeInput, type ProbeState } from '#domain/dwelling-watch.ts'
import { coldRules, type FlagRule } from '#domain/flag.ts'
import { metrics } from '#domain/metric.ts'
import type { PolicyDay } from '#domain/policy.ts'
import { type QualityCode, quality } from '#domain/quality.ts'
import { silentAfterMs, watchedMs } from '#domain/silence.ts'
import type { ClearReason, FlagEvent } from '#domain/watch-event.ts'
import type { ClockState } from './city-clock.ts'
import { type Directory, type Placement, placeCodes } from './directory.ts'
import type { Effect } from './effect.ts'
import type { DirtyPages } from './pages.ts'
import { type ProbeColumns, probeBits } from './probe-columns.ts'
import type { ProbeTermsSource } from './probe-terms.ts'

/** Runs the pure watch of dwellings over the columns of a whole city. */
export interface ProbeWatch {
  /** Takes an indoor temperature of a probe that stands in a dwelling. */
  sample(slot: number, reading: ProbeReading, circumstances: Circumstances): void
  /** Takes that a probe spoke, whatever it said. */
  heard(slot: number, receivedAt: number, circumstances: Circumstances): void
  /** Lets the clock act on slots from one to another; returns how much happened. */
  sweep(from: number, to: number, clock: ClockState, circumstances: Circumstances): number
  /** Closes days up to `through` for these slots. */
  closeDays(slots: Uint32Array, through: number, circumstances: Circumstances): void
  /** Ends what is open where the probe was until now; the days there are closed. */
  leave(slot: number, before: Placement, at: number, by: ClearReason, circumstances: Circumstances): void
  counters(): { readonly plainSamples: number; readonly otherSamples: number }
}

export interface ProbeReading {
  readonly at: number
  readonly value: number
  readonly quality: number
  readonly receivedAt: number
}

/** Where in the journal something comes from. */
export interface Circumstances {
  readonly position: number
  /** Latest time that the journal has named. */
  readonly now: number
  readonly catchingUp: boolean
  /** False while a replay rebuilds the state: what follows from it stands in the ledger already. */
  readonly emitting: boolean
}

interface ProbeWatchParts {
  readonly directory: Directory
  readonly columns: ProbeColumns
  readonly pages: DirtyPages
  readonly termsSource: ProbeTermsSource
  emit(effect: Effect): void
}

export function createProbeWatch({ directory, columns, pages, termsSource, emit }: ProbeWatchParts): ProbeWatch {
  let plainSamples = 0
  let otherSamples = 0
  let limits = plainLimits(termsSource.dayAt(0))

  /**
   * The common case without objects: a warm, good sample in order, of a probe of which nothing else is known, within
   * the day that its sums are of. Gives the same as the pure watch, and leaves everything else to it.
   */
  function takePlain(slot: number, { at, value, receivedAt }: ProbeReading): boolean {
    const newestAt = columns.newestAt[slot] as number
    const reportedMs = at - newestAt
    if (newestAt === 0 || reportedMs <= 0) return false
    if (at < limits.day.beginsAt || at >= limits.day.endsAt) limits = plainLimits(termsSource.dayAt(at))
    const { day } = limits
    const samplingMs = directory.columns.samplingMs[slot] as number
    const reachMs = Math.min(reportedMs, limits.coverIntervals * samplingMs)
    const { today } = columns
    if (at - reachMs < day.beginsAt || today.day[slot] !== day.day || samplingMs <= limits.windowSamplingMs)
      return false
    const centi = Math.round(value * 100)
    const warm = Math.max(limits.targetCenti - (directory.columns.toleranceCenti[slot] as number), limits.tiersCenti)
    if (centi < warm) return false
    const changedCenti = Math.abs(centi - (columns.newestCenti[slot] as number))
    if (changedCenti >= limits.allowanceCenti + limits.centiPerMs * reportedMs) return false
    columns.newestAt[slot] = at
    columns.newestCenti[slot] = centi
    if (receivedAt > (columns.heardAt[slot] as number)) columns.heardAt[slot] = receivedAt
    today.coveredMs[slot] = (today.coveredMs[slot] as number) + reachMs
    today.warmth[slot] = (today.warmth[slot] as number) + centi * reachMs
    if (centi < (today.minCenti[slot] as number)) today.minCenti[slot] = centi
    return true
  }

  /** Returns how much happened. */
  function take(slot: number, input: ProbeInput, at: number, circumstances: Circumstances): number {
    const dwelling = directory.columns.place[slot] as number
    const placement = {
      samplingMs: directory.columns.samplingMs[slot] as number,
      reportingMs: directory.columns.reportingMs[slot] as number,
      toleranceK: (directory.columns.toleranceCenti[slot] as number) / 100,
    }
    const terms = termsSource.terms(placement, dwelling, at, termsSource.openSinceDay(circumstances.now))
    const before = columns.get(slot)
    const step = next(before, input, terms)
    if (step.state !== before) store(slot, step.state, circumstances.position)
    if (circumstances.emitting && step.events.length > 0) {
      const id = directory.dwellings.at(dwelling)
      for (const event of step.events) tell(slot, id, event, circumstances, others(slot))
    }
    return step.events.length
  }

  function store(slot: number, state: ProbeState, position: number): void {
    columns.put(slot, state)
    pages.touch(slot, position)
  }

  function tell(
    slot: number,
    dwelling: string,
    event: ProbeEvent,
    { now, position }: Circumstances,
    othersOf: (rule: FlagRule) => OtherProbe[],
  ): void {
    const device = directory.devices.at(slot)
    if (event.kind === 'dayClosed') {
      emit({ kind: 'day', key: { day: event.sums.day, dwelling, device }, sums: event.sums, position })
    } else if (event.kind === 'dayWrong') {
      emit({ kind: 'dayWrong', key: { day: event.day, dwelling, device }, position })
    } else if (event.rule === 'probeSilent') {
      emit({ kind: 'flag', subject: { kind: 'device', id: device, dwelling, device }, event, now })
    } else {
      const ofDwelling: FlagEvent | undefined = dwellingFlagEvent(event, othersOf(event.rule))
      const subject = { kind: 'dwelling', id: dwelling, dwelling, device } as const
      if (ofDwelling) emit({ kind: 'flag', subject, event: ofDwelling, now })
    }
  }

  /** What the other probes of the same dwelling hold. */
  const others = (slot: number) => (rule: FlagRule) =>
    directory
      .slotsIn(directory.columns.place[slot] as number)
      .filter((other) => other !== slot)
      .map((other): OtherProbe => {
        const held = rule === 'openWindow' ? columns.windowAt(other) : columns.coldAt(other, coldRules.indexOf(rule))
        return held.kind === 'open' ? { open: true, told: held.told } : { open: false, told: false }
      })

  /** True where the clock may have something to do. */
  function isDue(slot: number, clock: ClockState, now: number): boolean {
    if (directory.columns.placeKind[slot] !== placeCodes.dwelling) return false
    const bits = columns.bits[slot] as number
    if (bits & probeBits.timed) return true
    if (bits & probeBits.silent) return false
    const heardAt = columns.heardAt[slot] as number
    if (heardAt === 0 || clock.catchingUp || now >= (directory.columns.validTo[slot] as number)) return false
    return now - heardAt >= silentAfterMs(directory.columns.reportingMs[slot] as number, limits.day.rules.silence)
  }

  return {
    sample(slot, reading, circumstances) {
      const isPlain = ((columns.bits[slot] as number) & probeBits.plain) !== 0 && reading.quality === quality.good
      if (isPlain && takePlain(slot, reading)) {
        plainSamples += 1
        pages.touch(slot, circumstances.position)
        return
      }
      otherSamples += 1
      const input = {
        kind: 'sample',
        at: reading.at,
        c: sampleC(reading.value),
        quality: reading.quality as QualityCode,
        receivedAt: reading.receivedAt,
        catchingUp: circumstances.catchingUp,
      } as const
      take(slot, input, reading.at, circumstances)
    },
    heard(slot, receivedAt, circumstances) {
      if (receivedAt <= (columns.heardAt[slot] as number)) return
      if (columns.isUneasy(slot)) {
        take(slot, { kind: 'heard', receivedAt, catchingUp: circumstances.catchingUp }, receivedAt, circumstances)
        return
      }
      columns.heardAt[slot] = receivedAt
      pages.touch(slot, circumstances.position)
    },
    sweep(from, to, clock, circumstances) {
      const { now } = circumstances
      if (now < limits.day.beginsAt || now >= limits.day.endsAt) limits = plainLimits(termsSource.dayAt(now))
      let happened = 0
      for (let slot = from; slot < to; slot += 1) {
        if (!isDue(slot, clock, now) || pages.appliedTo(slot) > circumstances.position) continue
        const heardAt = columns.heardAt[slot] as number
        const quietMs = heardAt === 0 ? 0 : watchedMs(clock.downtimes, heardAt, now)
        happened += take(slot, { kind: 'tick', at: now, catchingUp: clock.catchingUp, quietMs }, now, circumstances)
      }
      return happened
    },
    closeDays(slots, through, circumstances) {
      for (const slot of slots) {
        const day = columns.today.day[slot] as number
        if (day === 0 && !columns.hasYesterday(slot)) continue
        if (pages.appliedTo(slot) > circumstances.position) continue
        take(slot, { kind: 'closeDays', through }, circumstances.now, circumstances)
      }
    },
    leave(slot, before, at, by, circumstances) {
      const terms = termsSource.terms(before, directory.dwellings.find(before.place), at, 0)
      const step = next(columns.get(slot), { kind: 'leave', at, by }, terms)
      store(slot, step.state, circumstances.position)
      if (!circumstances.emitting) return
      for (const event of step.events) tell(slot, before.place, event, circumstances, others(slot))
    },
    counters: () => ({ plainSamples, otherSamples }),
  }
}

/** A day's rules in the units of the columns. */
interface PlainLimits {
  readonly day: PolicyDay
  readonly targetCenti: number
  readonly tiersCenti: number
  readonly coverIntervals: number
  readonly windowSamplingMs: number
  readonly allowanceCenti: number
  readonly centiPerMs: number
}

function plainLimits(day: PolicyDay): PlainLimits {
  const { targetC, below16, below12, below5, sequence, openWindow } = day.rules
  return {
    day,
    targetCenti: Math.round(targetC * 100),
    tiersCenti: Math.max(...[below16, below12, below5].map(({ limitC }) => Math.round(limitC * 100))),
    coverIntervals: sequence.coverIntervals,
    windowSamplingMs: openWindow.samplingMsMax,
    // A hundredth less than the rule: at the very limit the rule itself decides.
    allowanceCenti: Math.round(sequence.allowanceK * 100) - 1,
    centiPerMs: (metrics.indoor_temperature_c.ratePerHourMax * 100) / 3_600_000,
  }
}
