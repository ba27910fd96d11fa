import { localDayAt, localDayNumbered } from '#domain/season.ts'
import { minuteMs } from '#domain/time.ts'
import { type CircuitOfDay, watchedCircuits } from '#store/ledger/circuit-supply.ts'
import { correctCircuitSupply, doneWithLateSupply, lateSupply } from '#store/ledger/late-supply.ts'
import { type SupplyDeps, supplyOf } from './circuit-readings.ts'

/** Telemetry is seconds behind the watch, and late readings come in crowds: so long after the last one they are read. */
const settlesMs = 10 * minuteMs
/** A day of a sensor takes some milliseconds: so many at once leave the thread to its other work. */
const marksPerRound = 200
/** Readings that are later than a season correct nothing: its lists were published long ago. */
const lateDaysMax = 200

/** Reads days again for which readings of plants came late, some at a time. Returns how many days that were. */
export async function readLateSupply(deps: SupplyDeps, now: number): Promise<number> {
  const { ledger, telemetry, policy, guard } = deps
  const marks = await lateSupply(ledger.db, now - settlesMs, marksPerRound)
  if (marks.length === 0) return 0
  const { zone } = policy.season
  const { oldestAt = now, receivedTo = now } = await telemetry.usage()
  const firstDay = localDayAt(zone, now).day - lateDaysMax
  // What telemetry has not taken in yet, because its server was away, waits.
  const byDay = Map.groupBy(
    marks.filter(({ markedAt }) => markedAt <= receivedTo),
    ({ day }) => day,
  )
  for (const [number, ofDay] of byDay) {
    const day = localDayNumbered(zone, number)
    // Where readings are past retention less would be known now than then.
    const isKept = number >= firstDay && oldestAt <= day.beginsAt
    const sensors = ofDay.map(({ device }) => device)
    const circuits = isKept ? await watchedCircuits(ledger.db, (day.beginsAt + day.endsAt) / 2, { sensors }) : []
    const read: CircuitOfDay[] = []
    for (const circuit of circuits) read.push({ ...circuit, supply: await supplyOf(deps, circuit, day) })
    await ledger.write(async (transaction) => {
      await guard?.(transaction)
      await correctCircuitSupply(transaction, day, read, now)
      await doneWithLateSupply(transaction, ofDay)
    })
  }
  return byDay.size
}
