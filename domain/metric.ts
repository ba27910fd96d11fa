/**
 * The dictionary of what devices measure. `code` is the stable number a store writes: never reuse or change one.
 * A value outside `plausible` is stored with quality `fail` and never used by a rule; outside `usual` it is `suspect`.
 * `ratePerHourMax` is the fastest believable change; a faster one is suspect to the rules that see the sequence.
 */
export interface Metric {
  readonly code: number
  readonly unit: string
  readonly plausible: readonly [number, number]
  readonly usual?: readonly [number, number]
  readonly ratePerHourMax?: number
  /** Values a sensor sends when it measures nothing (DS18B20: 85.0 at power-on, -127 when disconnected). */
  readonly sensorErrorValues?: readonly number[]
  /** 0/1 states and alarm bits: any other number is implausible. */
  readonly binary?: boolean
}

const ds18b20Errors = [85, -127] as const
const bit = (code: number): Metric => ({ code, unit: '', plausible: [0, 1], binary: true })

export const metrics = {
  indoor_temperature_c: {
    code: 1,
    unit: '°C',
    plausible: [-30, 50],
    usual: [-10, 38],
    ratePerHourMax: 15,
    sensorErrorValues: ds18b20Errors,
  },
  humidity_pct: { code: 2, unit: '%', plausible: [0, 100] },
  battery_pct: { code: 3, unit: '%', plausible: [0, 100] },
  outdoor_temperature_c: {
    code: 4,
    unit: '°C',
    plausible: [-60, 50],
    ratePerHourMax: 10,
    sensorErrorValues: ds18b20Errors,
  },
  signal_strength_dbm: { code: 5, unit: 'dBm', plausible: [-200, 30] },

  primary_supply_temperature_c: { code: 10, unit: '°C', plausible: [-40, 180], ratePerHourMax: 120 },
  primary_return_temperature_c: { code: 11, unit: '°C', plausible: [-40, 180], ratePerHourMax: 120 },
  secondary_supply_temperature_c: { code: 12, unit: '°C', plausible: [-40, 130], ratePerHourMax: 120 },
  secondary_return_temperature_c: { code: 13, unit: '°C', plausible: [-40, 130], ratePerHourMax: 120 },
  primary_supply_pressure_mpa: { code: 14, unit: 'MPa', plausible: [-0.1, 4] },
  primary_return_pressure_mpa: { code: 15, unit: 'MPa', plausible: [-0.1, 4] },
  secondary_supply_pressure_mpa: { code: 16, unit: 'MPa', plausible: [-0.1, 2.5] },
  secondary_return_pressure_mpa: { code: 17, unit: 'MPa', plausible: [-0.1, 2.5] },
  primary_flow_m3h: { code: 18, unit: 'm³/h', plausible: [0, 30_000] },
  secondary_flow_m3h: { code: 19, unit: 'm³/h', plausible: [0, 10_000] },
  make_up_flow_m3h: { code: 20, unit: 'm³/h', plausible: [0, 2_000] },
  heat_power_mw: { code: 21, unit: 'MW', plausible: [0, 3_000] },
  heat_energy_gj: { code: 22, unit: 'GJ', plausible: [0, 1e9] },
  pump_running: { code: 23, unit: '', plausible: [0, 1], binary: true },
  pump_frequency_hz: { code: 24, unit: 'Hz', plausible: [0, 60] },
  valve_opening_pct: { code: 25, unit: '%', plausible: [0, 100] },
  tank_level_m: { code: 26, unit: 'm', plausible: [0, 30] },
  coal_stock_t: { code: 27, unit: 't', plausible: [0, 1e7] },
  power_supply: { code: 28, unit: '', plausible: [0, 1], binary: true },

  // The sixteen alarm bits of Chinese station controllers (XD100/XD1100 family), registers 10017 to 10032.
  alarm_primary_supply_low_pressure: bit(40),
  alarm_secondary_supply_high_pressure: bit(41),
  alarm_secondary_return_high_pressure: bit(42),
  alarm_secondary_return_low_pressure: bit(43),
  alarm_primary_supply_low_temperature: bit(44),
  alarm_secondary_supply_high_temperature: bit(45),
  alarm_tank_level_high: bit(46),
  alarm_tank_level_low: bit(47),
  alarm_circulation_pump_1_fault: bit(48),
  alarm_circulation_pump_2_fault: bit(49),
  alarm_circulation_pump_3_fault: bit(50),
  alarm_make_up_pump_1_fault: bit(51),
  alarm_make_up_pump_2_fault: bit(52),
  alarm_level_switch_low: bit(53),
  alarm_level_switch_high: bit(54),
  alarm_power_loss: bit(55),
} as const satisfies Record<string, Metric>

export type MetricName = keyof typeof metrics

export const metricNames = Object.keys(metrics) as MetricName[]

/** Metric name by stable code; undefined where no metric has the code. */
export const metricNameByCode: readonly (MetricName | undefined)[] = (() => {
  const byCode: (MetricName | undefined)[] = []
  for (const name of metricNames) byCode[metrics[name].code] = name
  return byCode
})()

export function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(metrics, name)
}
