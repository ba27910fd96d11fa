import type { MetricName } from '#domain/metric.ts'
import { dayMs } from '#domain/time.ts'
import { staticMpa } from './circuits.ts'
import type { City } from './city.ts'
import type { Physics } from './physics.ts'

/** One measured point of a plant's controller. */
export interface PlantPoint {
  readonly metric: MetricName
  readonly decimals: number
  /** True value at a time, by the plant's number. */
  readonly read: (physics: Physics, plant: number, at: number) => number
  /** Deviation of the sensor's noise: as a number, or as a share of the value. */
  readonly noise?: number
  readonly noiseShare?: number
  /** Rules need it with every sample; other points are sent when they moved by `step`, and every few minutes. */
  readonly always?: boolean
  readonly step?: number
}

/** One alarm bit of a plant's controller. */
export interface AlarmPoint {
  readonly metric: MetricName
  readonly isOn: (physics: Physics, plant: number) => boolean
}

const at = (column: Float64Array | Uint8Array, index: number) => column[index] as number

/** What a stopped pump's frequency converter and a running one show. */
const pumpHz = (flow: number) => (flow < 0.05 ? 0 : 24 + 18 * flow)

const temperature = { decimals: 1, noise: 0.12 } as const
const pressure = { decimals: 3, noise: 0.0012, step: 0.008 } as const

export const circuitPoints: readonly PlantPoint[] = [
  {
    metric: 'secondary_supply_temperature_c',
    ...temperature,
    always: true,
    read: ({ secondary }, circuit) => at(secondary.supplyC, circuit),
  },
  {
    metric: 'secondary_flow_m3h',
    decimals: 2,
    noiseShare: 0.008,
    always: true,
    read: ({ secondary }, circuit) => at(secondary.flowM3h, circuit),
  },
  {
    metric: 'pump_running',
    decimals: 0,
    always: true,
    read: ({ secondary }, circuit) => at(secondary.pumpRunning, circuit),
  },
  {
    metric: 'secondary_return_temperature_c',
    ...temperature,
    step: 0.6,
    read: ({ secondary }, circuit) => at(secondary.returnC, circuit),
  },
  {
    metric: 'secondary_supply_pressure_mpa',
    ...pressure,
    read: ({ secondary }, circuit) => at(secondary.supplyMpa, circuit),
  },
  {
    metric: 'secondary_return_pressure_mpa',
    ...pressure,
    read: ({ secondary }, circuit) => at(secondary.returnMpa, circuit),
  },
  {
    metric: 'make_up_flow_m3h',
    decimals: 2,
    noiseShare: 0.04,
    step: 0.05,
    read: ({ secondary }, circuit) => at(secondary.makeUpM3h, circuit),
  },
  {
    metric: 'pump_frequency_hz',
    decimals: 1,
    noiseShare: 0.002,
    step: 1,
    read: ({ secondary }, circuit) => pumpHz(at(secondary.flow, circuit)),
  },
  {
    metric: 'valve_opening_pct',
    decimals: 0,
    step: 4,
    read: ({ secondary }, circuit) => at(secondary.valve, circuit) * 100,
  },
]

export const substationPoints: readonly PlantPoint[] = [
  {
    metric: 'primary_supply_temperature_c',
    ...temperature,
    always: true,
    read: ({ primary }, substation) => at(primary.supplyC, substation),
  },
  {
    metric: 'power_supply',
    decimals: 0,
    always: true,
    read: ({ controls }, substation) => 1 - at(controls.powerOff, substation),
  },
  {
    metric: 'primary_return_temperature_c',
    ...temperature,
    step: 0.6,
    read: ({ primary }, substation) => at(primary.returnC, substation),
  },
  {
    metric: 'primary_supply_pressure_mpa',
    ...pressure,
    read: ({ primary }, substation) => at(primary.supplyMpa, substation),
  },
  {
    metric: 'primary_return_pressure_mpa',
    ...pressure,
    read: ({ primary }, substation) => at(primary.returnMpa, substation),
  },
  {
    metric: 'primary_flow_m3h',
    decimals: 2,
    noiseShare: 0.008,
    step: 0.5,
    read: ({ primary }, substation) => at(primary.flowM3h, substation),
  },
  {
    metric: 'heat_power_mw',
    decimals: 3,
    noiseShare: 0.01,
    step: 0.05,
    read: ({ primary }, substation) => at(primary.heatKw, substation) / 1000,
  },
]

export const sourcePoints: readonly PlantPoint[] = [
  {
    metric: 'primary_supply_temperature_c',
    ...temperature,
    always: true,
    read: ({ primary }, source) => at(primary.sourceSupplyC, source),
  },
  { metric: 'pump_running', decimals: 0, always: true, read: () => 1 },
  {
    metric: 'primary_return_temperature_c',
    ...temperature,
    step: 0.6,
    read: ({ primary }, source) => at(primary.sourceReturnC, source),
  },
  {
    metric: 'primary_supply_pressure_mpa',
    ...pressure,
    read: ({ primary }, source) => at(primary.sourceSupplyMpa, source),
  },
  {
    metric: 'primary_return_pressure_mpa',
    ...pressure,
    read: ({ primary }, source) => at(primary.sourceReturnMpa, source),
  },
  {
    metric: 'primary_flow_m3h',
    decimals: 1,
    noiseShare: 0.008,
    step: 1,
    read: ({ primary }, source) => at(primary.sourceFlowM3h, source),
  },
  {
    metric: 'make_up_flow_m3h',
    decimals: 2,
    noiseShare: 0.04,
    step: 0.2,
    read: ({ primary }, source) => at(primary.sourceMakeUpM3h, source),
  },
  {
    metric: 'heat_power_mw',
    decimals: 3,
    noiseShare: 0.01,
    step: 0.1,
    read: ({ primary }, source) => at(primary.sourceHeatKw, source) / 1000,
  },
  {
    metric: 'tank_level_m',
    decimals: 2,
    noise: 0.01,
    step: 0.1,
    read: ({ primary }, source) => at(primary.sourceTankM, source),
  },
  { metric: 'power_supply', decimals: 0, step: 1, read: () => 1 },
  { metric: 'coal_stock_t', decimals: 0, step: 20, read: (_, source, now) => coalStockT(source, now) },
]

/** Coal burns away over three weeks, then the next trains come in. */
function coalStockT(source: number, now: number): number {
  const days = (now / dayMs + source * 5) % 21
  return 4200 + source * 900 - days * 120
}

export const outdoorPoint = (city: City): PlantPoint => ({
  metric: 'outdoor_temperature_c',
  decimals: 1,
  noise: 0.1,
  step: 0.4,
  read: ({ outdoorC }, source) => at(outdoorC, city.sources[source]?.district ?? 0),
})

export const circuitAlarms = (city: City): readonly AlarmPoint[] => [
  {
    metric: 'alarm_secondary_supply_high_pressure',
    isOn: ({ secondary }, circuit) => at(secondary.supplyMpa, circuit) > 1.25,
  },
  {
    metric: 'alarm_secondary_return_high_pressure',
    isOn: ({ secondary }, circuit) => at(secondary.returnMpa, circuit) > 1.05,
  },
  {
    metric: 'alarm_secondary_return_low_pressure',
    isOn: ({ secondary }, circuit) =>
      at(secondary.returnMpa, circuit) < 0.65 * staticMpa[city.circuits[circuit]?.zone ?? 'low'],
  },
  {
    metric: 'alarm_secondary_supply_high_temperature',
    isOn: ({ secondary }, circuit) => at(secondary.supplyC, circuit) > (city.circuits[circuit]?.floorHeating ? 60 : 88),
  },
  { metric: 'alarm_circulation_pump_1_fault', isOn: ({ controls }, circuit) => at(controls.pumpOff, circuit) === 1 },
  { metric: 'alarm_circulation_pump_2_fault', isOn: ({ controls }, circuit) => at(controls.pumpOff, circuit) === 1 },
  { metric: 'alarm_tank_level_low', isOn: ({ secondary }, circuit) => at(secondary.tankM, circuit) < 0.6 },
  { metric: 'alarm_level_switch_low', isOn: ({ secondary }, circuit) => at(secondary.tankM, circuit) < 0.25 },
]

export const substationAlarms = (city: City): readonly AlarmPoint[] => [
  { metric: 'alarm_power_loss', isOn: ({ controls }, substation) => at(controls.powerOff, substation) === 1 },
  {
    metric: 'alarm_primary_supply_low_pressure',
    isOn: ({ primary }, substation) => at(primary.supplyMpa, substation) < 0.55,
  },
  {
    // Primary water that is hardly warmer than the secondary should be cannot heat it.
    metric: 'alarm_primary_supply_low_temperature',
    isOn: ({ primary, secondary }, substation) =>
      city.circuits.some(
        (circuit, index) =>
          circuit.substation === substation && at(primary.supplyC, substation) < at(secondary.setC, index) + 4,
      ),
  },
]
