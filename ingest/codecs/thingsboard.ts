import { jsonOf } from './codec.ts'
import { type ForeignCodec, isObject, type JsonObject, type Measurement } from './foreign-codec.ts'

/**
 * ThingsBoard's gateway API: `v1/gateway/telemetry` with {"device name": [{"ts": epoch milliseconds, "values": {…}}]}.
 * The address is the device's name. Other topics (connect, attributes, rpc …) bring no measurements.
 */
export const thingsboard: ForeignCodec = {
  timeAdvice: 'Let the gateway send "ts" with its values.',
  read({ topic, payload }, problems) {
    if (!topic.endsWith('/telemetry')) return []
    const root = jsonOf(payload, problems)
    if (root === undefined) return []
    if (!isObject(root) || Object.keys(root).length === 0) {
      problems.add('$', { code: 'schema', detail: 'Telemetry is an object with the names of devices.' })
      return []
    }
    const measurements: Measurement[] = []
    for (const [address, entries] of Object.entries(root)) {
      const place = `$[${JSON.stringify(address.slice(0, 100))}]`
      if (!Array.isArray(entries)) {
        problems.add(place, { code: 'schema', detail: 'A device has a list of {"ts", "values"}.' })
        continue
      }
      for (const [index, entry] of entries.entries()) {
        const path = `${place}[${index}]`
        const { ts, values } = isObject(entry) ? entry : ({} as JsonObject)
        if (isObject(values)) {
          measurements.push({ address, path, root, part: values, time: { value: ts, format: 'epoch_ms' } })
        } else problems.add(path, { code: 'schema', detail: 'An entry has "values", an object.' })
      }
    }
    return measurements
  },
}
