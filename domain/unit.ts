import { isMetricName, metrics } from './metric.ts'

/** What a value in a unit is in the metric's own: value × factor + offset. */
interface Conversion {
  readonly factor: number
  readonly offset?: number
}

const same: Conversion = { factor: 1 }
const fahrenheit: Conversion = { factor: 5 / 9, offset: -160 / 9 }

/** Units that makers send, by the unit of the metric. */
const conversions: Readonly<Record<string, Readonly<Record<string, Conversion>>>> = {
  '°C': { '°C': same, C: same, '°F': fahrenheit, F: fahrenheit, K: { factor: 1, offset: -273.15 } },
  '%': { '%': same, '1': { factor: 100 } },
  MPa: {
    MPa: same,
    kPa: { factor: 1e-3 },
    hPa: { factor: 1e-4 },
    Pa: { factor: 1e-6 },
    bar: { factor: 0.1 },
    mbar: { factor: 1e-4 },
  },
  'm³/h': {
    'm³/h': same,
    'm3/h': same,
    'm3/s': { factor: 3_600 },
    'l/h': { factor: 1e-3 },
    'l/min': { factor: 0.06 },
    'l/s': { factor: 3.6 },
  },
  MW: { MW: same, kW: { factor: 1e-3 }, W: { factor: 1e-6 } },
  GJ: { GJ: same, MJ: { factor: 1e-3 }, kWh: { factor: 3.6e-3 }, MWh: { factor: 3.6 }, Wh: { factor: 3.6e-6 } },
  Hz: { Hz: same },
  m: { m: same, cm: { factor: 0.01 }, mm: { factor: 0.001 } },
  t: { t: same, kg: { factor: 0.001 } },
  dBm: { dBm: same },
}

const unitsOf = (metric: string) => (isMetricName(metric) ? conversions[metrics[metric].unit] : undefined) ?? {}

/** The units in which a metric may be sent. */
export const knownUnits = (metric: string): readonly string[] => Object.keys(unitsOf(metric))

/** A value of a metric in its own unit; undefined where the unit is none of the metric's. */
export function inMetricUnit(metric: string, value: number, unit: string): number | undefined {
  const units = unitsOf(metric)
  const conversion = Object.hasOwn(units, unit) ? units[unit] : undefined
  if (conversion === undefined) return undefined
  return withoutBinaryDust(value * conversion.factor + (conversion.offset ?? 0))
}

/** Binary fractions of a conversion are no measurement: 68 °F is 20 °C. */
export const withoutBinaryDust = (value: number): number => Number(value.toPrecision(12))
