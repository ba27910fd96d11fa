import { isMetricName, type MetricName, metrics } from '#domain/metric.ts'
import { type Refusal, shortened } from './codec.ts'

/** What a value in a SenML unit is in the metric's unit. */
interface Conversion {
  readonly factor: number
  readonly offset?: number
}

/** Units of RFC 8428 and of the secondary registry of RFC 8798, by the unit of the metric. */
const conversions: Readonly<Record<string, Readonly<Record<string, Conversion>>>> = {
  '°C': { Cel: { factor: 1 }, K: { factor: 1, offset: -273.15 } },
  '%': { '%': { factor: 1 }, '/': { factor: 100 }, '/100': { factor: 1 } },
  MPa: { Pa: { factor: 1e-6 }, hPa: { factor: 1e-4 } },
  'm³/h': { 'm3/s': { factor: 3_600 }, 'l/s': { factor: 3.6 } },
  MW: { W: { factor: 1e-6 }, kW: { factor: 1e-3 } },
  GJ: { J: { factor: 1e-9 }, Wh: { factor: 3.6e-6 }, kWh: { factor: 3.6e-3 } },
  Hz: { Hz: { factor: 1 }, MHz: { factor: 1e6 } },
  m: { m: { factor: 1 }, cm: { factor: 0.01 }, mm: { factor: 0.001 } },
  t: { kg: { factor: 0.001 } },
  dBm: { dBm: { factor: 1 }, dBW: { factor: 1, offset: 30 } },
  '': { '/': { factor: 1 } },
}

/** Units that stand for one quantity only. */
const conversionsOfMetric: Partial<Record<MetricName, Readonly<Record<string, Conversion>>>> = {
  humidity_pct: { '%RH': { factor: 1 } },
  battery_pct: { '%EL': { factor: 1 } },
}

/** What a record without a metric in its name measures: a probe whose name is its device alone. */
export const metricOfUnit: Readonly<Record<string, MetricName>> = {
  Cel: 'indoor_temperature_c',
  K: 'indoor_temperature_c',
  '%RH': 'humidity_pct',
  '%EL': 'battery_pct',
}

/** A value in the metric's own unit; without a unit it is taken as that. */
export function inMetricUnit(metric: string, value: number, unit: string | undefined): number | Refusal {
  if (unit === undefined || !isMetricName(metric)) return value
  const known = { ...conversions[metrics[metric].unit], ...conversionsOfMetric[metric] }
  const conversion = Object.hasOwn(known, unit) ? known[unit] : undefined
  if (conversion === undefined) {
    const units = Object.keys(known).map((name) => `"${name}"`)
    return { code: 'unit', detail: `"${shortened(unit)}" is no unit of ${metric}; known are ${units.join(', ')}.` }
  }
  // Binary fractions of a conversion are no measurement: 293.55 K is 20.4 °C.
  return Number((value * conversion.factor + (conversion.offset ?? 0)).toPrecision(12))
}
