import type { MetricName } from '#domain/metric.ts'
import { type Policy, policyAt } from '#domain/policy.ts'
import type { Sample } from '#domain/reading.ts'
import type { LocalDay } from '#domain/season.ts'
import { flowMetrics, type SupplyHours, supplyHours, supplyMetrics } from '#domain/supply-hours.ts'
import type { WatchedCircuit } from '#store/ledger/circuit-supply.ts'
import type { Ledger, LedgerTransaction } from '#store/ledger/database.ts'
import type { TelemetryReader } from '#store/telemetry/telemetry-store.ts'

export interface SupplyDeps {
  readonly ledger: Ledger
  readonly telemetry: Pick<TelemetryReader, 'readings' | 'usage'>
  readonly policy: Policy
  /** Called first in each transaction. */
  readonly guard?: (transaction: LedgerTransaction) => Promise<void>
}

/** At one sample in ten seconds. */
const samplesPerDayMax = 8_640

/** Hours of a day in which a circuit had flow and useful supply temperature, from the readings that are kept. */
export async function supplyOf(deps: SupplyDeps, { devices }: WatchedCircuit, day: LocalDay): Promise<SupplyHours> {
  const { flowM3hMax } = policyAt(deps.policy, day.beginsAt).rules.plant.noFlow
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
