import { setImmediate as nextTurn } from 'node:timers/promises'
import type { MetricName } from '#domain/metric.ts'
import { type Policy, policyAt } from '#domain/policy.ts'
import type { Sample } from '#domain/reading.ts'
import { type LocalDay, localDayAt, localDayNumbered, seasonOf } from '#domain/season.ts'
import { type SupplyHours, supplyHours } from '#domain/supply-hours.ts'
import {
  hoursOver,
  saveCircuitSupply,
  supplyDaysRead,
  type WatchedCircuit,
  watchedCircuits,
} from '#store/ledger/circuit-supply.ts'
import type { Ledger, LedgerTransaction } from '#store/ledger/database.ts'
import type { TelemetryReader } from '#store/telemetry/telemetry-store.ts'

export interface SupplyDeps {
  readonly ledger: Ledger
  readonly telemetry: Pick<TelemetryReader, 'readings' | 'usage'>
  readonly policy: Policy
  /** Called first in each transaction. */
  readonly guard?: (transaction: LedgerTransaction) => Promise<void>
}

/** The hot trial run begins so long before the statutory day: in Harbin on the seventh of October at the earliest. */
export const trialDays = 14
/** So near to the beginning or the end, it is watched hour by hour. */
const hourlyDays = 14
/** Days after the season's last one on which it still shows when heating stopped. */
export const afterDays = 3
/** What was not read in so many days is in the past: the service was off, or was set up later. */
const daysBackMax = 200
/** At one sample in ten seconds. */
const samplesPerDayMax = 8_640
const circuitsPerTurn = 20

/**
 * Reads whether circuits had flow and useful supply temperature, for the days that are over and for the hours of this
 * one, from the hot trial run to the season's end. Returns how many days were read.
 */
export async function readSupply(deps: SupplyDeps, now: number): Promise<number> {
  const missing = await daysToRead(deps, now)
  if (missing.length === 0) return 0
  const { oldestAt } = await deps.telemetry.usage()
  if (oldestAt === undefined) return 0
  let read = 0
  for (const day of missing) {
    // Of days before the first reading nothing is known: nobody was shut.
    const isKnown = day.endsAt > oldestAt
    await keepDay(deps, day, isKnown ? await supplyOn(deps, day, now) : [], now)
    if (isKnown) read += 1
  }
  return read
}

type CircuitOfDay = WatchedCircuit & { readonly supply: SupplyHours }

async function supplyOn(deps: SupplyDeps, day: LocalDay, now: number): Promise<CircuitOfDay[]> {
  const circuits = await watchedCircuits(deps.ledger.db, Math.min(now, (day.beginsAt + day.endsAt) / 2))
  const flowStill = policyAt(deps.policy, day.beginsAt).rules.plant.noFlow.flowM3hMax
  const found: CircuitOfDay[] = []
  for (const circuit of circuits) {
    found.push({ ...circuit, supply: await supplyOf(deps, circuit, day, flowStill) })
    if (found.length % circuitsPerTurn === 0) await nextTurn()
  }
  return found
}

const keepDay = (
  { ledger, guard }: SupplyDeps,
  day: LocalDay,
  circuits: readonly CircuitOfDay[],
  now: number,
): Promise<void> =>
  ledger.write(async (transaction) => {
    await guard?.(transaction)
    await saveCircuitSupply(transaction, day, circuits, { hours: hoursOver(day, now - lateMs), now })
  })

/** Days within reach whose hours were not all read, the oldest first. */
async function daysToRead({ ledger, policy }: SupplyDeps, now: number): Promise<LocalDay[]> {
  const { zone } = policy.season
  const today = localDayAt(zone, now)
  const known = await supplyDaysRead(ledger.db, today.day - daysBackMax, today.day)
  const open: LocalDay[] = []
  for (let number = today.day - daysBackMax; number <= today.day; number += 1) {
    const edge = nearestEdge(policy, number)
    if (edge === undefined) continue
    const day = number === today.day ? today : localDayNumbered(zone, number)
    const read = known.get(number) ?? 0
    const { dayClosesAfterMs } = policyAt(policy, day.beginsAt).rules
    // The last hour of a day waits for late readings as long as homes do; then all hours are read for good.
    const isOver = now >= day.endsAt + dayClosesAfterMs
    const hours = hoursOver(day, now - lateMs)
    const isHourly = now < day.endsAt && edge <= hourlyDays
    if (read < hours && (isOver || isHourly)) open.push(day)
  }
  return open
}

/** Gateways report some minutes after the hour. */
const lateMs = 20 * 60_000

/**
 * Days between a day and the beginning or the end of heating, whichever is nearer; undefined outside of the time from
 * the hot trial run to some days after the end.
 */
function nearestEdge(policy: Policy, day: number): number | undefined {
  const { year } = Temporal.PlainDate.from('1970-01-01').add({ days: day })
  for (const autumn of [year, year - 1]) {
    const season = seasonOf(policy.season, autumn)
    if (!season || day < season.firstDay - trialDays || day > season.lastDay + afterDays) continue
    return Math.min(Math.abs(day - season.firstDay), Math.abs(day - season.lastDay))
  }
  return undefined
}

const flowMetrics = ['secondary_flow_m3h', 'pump_running', 'pump_frequency_hz'] as const
const supplyMetrics = ['secondary_supply_temperature_c', 'primary_supply_temperature_c'] as const

async function supplyOf(
  deps: SupplyDeps,
  { devices }: WatchedCircuit,
  day: LocalDay,
  flowM3hMax: number,
): Promise<SupplyHours> {
  const flow = await firstMeasured(deps, devices, flowMetrics, day)
  const supply = await firstMeasured(deps, devices, supplyMetrics, day)
  return supplyHours(
    {
      flowStill: flow?.metric === 'secondary_flow_m3h' ? flowM3hMax : 0,
      ...(flow && { flow: flow.samples }),
      ...(supply && { supplyC: supply.samples }),
    },
    day,
  )
}

/** The readings of the first metric that any of the devices measured on the day. */
async function firstMeasured(
  { telemetry }: SupplyDeps,
  devices: readonly string[],
  metrics: readonly MetricName[],
  { beginsAt, endsAt }: LocalDay,
): Promise<{ metric: MetricName; samples: readonly Sample[] } | undefined> {
  for (const metric of metrics) {
    const samples: Sample[] = []
    for (const device of devices) {
      samples.push(...(await telemetry.readings(device, metric, beginsAt, endsAt, samplesPerDayMax)))
    }
    if (samples.length > 0) return { metric, samples }
  }
  return undefined
}
