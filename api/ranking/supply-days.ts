import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Policy, policyAt } from '#domain/policy.ts'
import { type LocalDay, localDayAt, localDayNumbered, seasonOf } from '#domain/season.ts'
import { dayMs } from '#domain/time.ts'
import {
  type CircuitOfDay,
  hoursOver,
  saveCircuitSupply,
  supplyDaysRead,
  watchedCircuits,
} from '#store/ledger/circuit-supply.ts'
import { type SupplyDeps, supplyOf } from './circuit-readings.ts'
import { readLateSupply } from './late-supply.ts'

/** The hot trial run begins so long before the statutory day: in Harbin on the seventh of October at the earliest. */
export const trialDays = 14
/** So near to the beginning or the end, it is watched hour by hour. */
const hourlyDays = 14
/** Days after the season's last one on which it still shows when heating stopped. */
export const afterDays = 3
/** Where telemetry's server was away, a day waits so long for what came before it closed. */
const telemetryAwaitedMs = dayMs
/** What was not read in so many days is in the past: the service was off, or was set up later. */
const daysBackMax = 200
const circuitsPerTurn = 20

/**
 * Reads whether circuits had flow and useful supply temperature, for the days that are over and for the hours of this
 * one, from the hot trial run to the season's end; days again for which readings came late. Returns how many days were
 * read.
 */
export async function readSupply(deps: SupplyDeps, now: number): Promise<number> {
  return (await readNewSupply(deps, now)) + (await readLateSupply(deps, now))
}

async function readNewSupply(deps: SupplyDeps, now: number): Promise<number> {
  const waiting = await daysToRead(deps, now)
  if (waiting.length === 0) return 0
  const { oldestAt, newestAt = now, receivedTo = newestAt } = await deps.telemetry.usage()
  if (oldestAt === undefined) return 0
  const missing = waiting.filter((day) => {
    const closedMs = now - closesAt(deps.policy, day)
    return closedMs < 0 || closedMs >= telemetryAwaitedMs || now - receivedTo <= closedMs
  })
  // Of days before the first reading nothing is known: nobody was shut.
  const unknown = missing.filter(({ endsAt }) => endsAt <= oldestAt)
  const known = missing.filter(({ endsAt }) => endsAt > oldestAt)
  if (unknown.length > 0) await keepDays(deps, unknown, [], now)
  for (const day of known) await keepDays(deps, [day], await supplyOn(deps, day, now), now)
  return known.length
}

async function supplyOn(deps: SupplyDeps, day: LocalDay, now: number): Promise<CircuitOfDay[]> {
  const circuits = await watchedCircuits(deps.ledger.db, Math.min(now, (day.beginsAt + day.endsAt) / 2))
  const found: CircuitOfDay[] = []
  for (const circuit of circuits) {
    found.push({ ...circuit, supply: await supplyOf(deps, circuit, day) })
    if (found.length % circuitsPerTurn === 0) await nextTurn()
  }
  return found
}

const keepDays = (
  { ledger, guard }: SupplyDeps,
  days: readonly LocalDay[],
  circuits: readonly CircuitOfDay[],
  now: number,
): Promise<void> =>
  ledger.write(async (transaction) => {
    await guard?.(transaction)
    for (const day of days) {
      await saveCircuitSupply(transaction, day, circuits, { hours: hoursOver(day, now - lateMs), now })
    }
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
    const isOver = now >= closesAt(policy, day)
    const hours = hoursOver(day, now - lateMs)
    const isHourly = now < day.endsAt && edge <= hourlyDays
    if (read < hours && (isOver || isHourly)) open.push(day)
  }
  return open
}

/** The last hour of a day waits for late readings as long as homes do; then all hours are read for good. */
const closesAt = (policy: Policy, day: LocalDay): number =>
  day.endsAt + policyAt(policy, day.beginsAt).rules.dayClosesAfterMs

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
