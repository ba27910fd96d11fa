import { sampleC } from '#domain/cold.ts'
import { type DaySums, summarizeDay } from '#domain/dwelling-day.ts'
import { newProbe, next, type ProbeState } from '#domain/dwelling-watch.ts'
import { type Policy, policyLookup } from '#domain/policy.ts'
import type { Sample } from '#domain/reading.ts'
import type { DevicePeriod, DwellingPeriod } from '#domain/registry.ts'
import { localDayNumbered } from '#domain/season.ts'
import { dayMs } from '#domain/time.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { type DayKey, dwellingDays, replaceStaleDay, staleDays } from '#store/ledger/dwelling-days.ts'
import { entriesOf } from '#store/ledger/registry-lookups.ts'
import type { TelemetryReader } from '#store/telemetry/telemetry-store.ts'
import { createProbeTerms } from './probe-terms.ts'

export interface StaleDaysOptions {
  readonly ledger: Ledger
  readonly telemetry: Pick<TelemetryReader, 'readings'>
  readonly policy: Policy
  /** Journal position up to which telemetry holds the readings: a day that was made wrong later has to wait. */
  readonly appliedTo: number
  /** Gateways whose readings come through this journal; all where it is absent. Another's position says nothing here. */
  isOurs?(gateway: string): boolean
  /** Days done in one call, so that other work has its turn. */
  readonly limit: number
}

/**
 * Computes days again that readings out of order or late have made wrong, from all readings that are kept. The same
 * fold as when they come in live, so that the same readings give the same day. Returns how many were looked at.
 */
export async function recomputeStaleDays(options: StaleDaysOptions): Promise<number> {
  const { ledger, appliedTo, limit } = options
  const stale = await staleDays(ledger.db, appliedTo, limit)
  for (const { staleSince, ...key } of stale) {
    if (!(await isWatchedHere(options, key))) continue
    const sums = await recomputeDay(options, key)
    // Readings that are past retention leave the day as it was: less would be known now than then.
    const [known] = sums ? [] : (await dwellingDays(ledger.db, key.dwelling, key.day, key.day)).filter(isOf(key))
    const day = sums ? summarizeDay(key.dwelling, key.device, sums) : known
    if (day) await ledger.write((transaction) => replaceStaleDay(transaction, day, staleSince))
  }
  return stale.length
}

const isOf = (key: DayKey) => (day: DayKey) => day.device === key.device

async function isWatchedHere({ ledger, isOurs }: StaleDaysOptions, { device }: DayKey): Promise<boolean> {
  if (!isOurs) return true
  const gateway = (await entriesOf(ledger.db, 'device_period', [device], { limit: entriesMax })).at(-1)?.gateway
  return gateway === undefined || isOurs(gateway)
}

/** The rate test has found its feet after far less; a day before costs little. */
const leadMs = dayMs
/** At one sample in ten seconds. */
const samplesMax = 40_000

async function recomputeDay(
  { ledger, telemetry, policy }: StaleDaysOptions,
  { day, dwelling, device }: DayKey,
): Promise<DaySums | undefined> {
  const placements = await entriesOf(ledger.db, 'device_period', [device], { limit: entriesMax })
  const contracts = await entriesOf(ledger.db, 'dwelling_period', [dwelling], { limit: entriesMax })
  const { beginsAt, endsAt } = localDayNumbered(policy.season.zone, day)
  const samplingMs = Math.max(0, ...placements.map((entry) => entry.sampling_interval_s * 1000))
  const reachMs = policyLookup(policy)(beginsAt).rules.sequence.coverIntervals * samplingMs
  const samples = await telemetry.readings(
    device,
    'indoor_temperature_c',
    beginsAt - leadMs,
    endsAt + reachMs,
    samplesMax,
  )
  if (!samples.some(({ at }) => at >= beginsAt && at < endsAt)) return undefined
  const termsSource = createProbeTerms(policy, { contractAt: (_, at) => inForceAt(contracts, at)?.contract })
  return foldDay(samples, day, (at) => {
    const placement = inForceAt(placements, at)
    if (placement?.place_kind !== 'dwelling' || placement.place !== dwelling) return undefined
    return termsSource.terms(
      {
        samplingMs: placement.sampling_interval_s * 1000,
        reportingMs: placement.reporting_interval_s * 1000,
        toleranceK: placement.tolerance_k,
      },
      0,
      at,
      0,
    )
  })
}

/** A home or a probe has a few entries in its life. */
const entriesMax = 1_000

type Terms = ReturnType<ReturnType<typeof createProbeTerms>['terms']>

/** Sums of a day from samples in order; `termsAt` gives nothing where the probe was elsewhere. */
function foldDay(
  samples: readonly Sample[],
  day: number,
  termsAt: (at: number) => Terms | undefined,
): DaySums | undefined {
  let state: ProbeState = newProbe
  let found: DaySums | undefined
  for (const { at, value, quality } of samples) {
    const terms = termsAt(at)
    if (!terms) {
      state = newProbe
      continue
    }
    const input = { kind: 'sample', at, c: sampleC(value), quality, receivedAt: at, catchingUp: false } as const
    const step = next(state, input, terms)
    state = step.state
    for (const event of step.events) if (event.kind === 'dayClosed' && event.sums.day === day) found = event.sums
  }
  return found ?? [state.today, state.yesterday].find((sums) => sums?.day === day)
}

function inForceAt<Entry extends Pick<DevicePeriod | DwellingPeriod, 'valid_from' | 'valid_to'>>(
  entries: readonly Entry[],
  at: number,
): Entry | undefined {
  const begun = entries
    .filter((entry) => entry.valid_from <= at && entry.valid_to !== entry.valid_from)
    .sort((left, right) => left.valid_from - right.valid_from)
    .at(-1)
  return begun && (begun.valid_to === undefined || begun.valid_to > at) ? begun : undefined
}
