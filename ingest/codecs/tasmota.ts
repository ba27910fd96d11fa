import { inMetricUnit } from '#domain/unit.ts'
import { jsonOf } from './codec.ts'
import { type ForeignCodec, isObject, type JsonObject, type Measurement, textOf } from './foreign-codec.ts'

/**
 * Tasmota: `tele/{topic}/SENSOR` with one object a sensor; LWT, STATE and INFO bring no measurements. Each sensor is a
 * device: its address is its `Id` (the numbers in DS18B20-1, -2 … shift when a sensor is changed), or "{topic}/{sensor}"
 * where it has none. `Time` is local, so the mapping needs a time zone. Temperatures come out in °C.
 */
export const tasmota: ForeignCodec = {
  timeAdvice: 'Tasmota sends Time with every SENSOR message: the payload is not one.',
  read({ topic, payload }, problems) {
    const levels = topic.split('/')
    if (levels.at(-1) !== 'SENSOR') return []
    const root = jsonOf(payload, problems)
    if (root === undefined) return []
    if (!isObject(root)) {
      problems.add('$', { code: 'schema', detail: 'A SENSOR message of Tasmota is a JSON object.' })
      return []
    }
    const station = levels.filter((level) => level !== 'tele' && level !== 'SENSOR').join('/')
    const time = { value: root.Time, format: 'iso' } as const
    const measurements: Measurement[] = []
    for (const [name, sensor] of Object.entries(root)) {
      if (!isObject(sensor)) continue
      const address = textOf(sensor.Id) ?? `${station}/${name}`
      const part = root.TempUnit === 'F' ? inCelsius(sensor) : sensor
      measurements.push({ address, path: `$[${JSON.stringify(name.slice(0, 100))}]`, root, part, time })
    }
    if (measurements.length === 0)
      problems.add('$', { code: 'field_not_mapped', detail: 'No sensor is in the message.' })
    return measurements
  },
}

function inCelsius(sensor: JsonObject): JsonObject {
  const converted: Record<string, unknown> = { ...sensor }
  for (const name of ['Temperature', 'DewPoint']) {
    const value = sensor[name]
    if (typeof value === 'number') converted[name] = inMetricUnit('indoor_temperature_c', value, '°F')
  }
  return converted
}
