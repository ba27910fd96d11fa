import { jsonOf } from './codec.ts'
import { type ForeignCodec, isObject, type JsonObject, textOf } from './foreign-codec.ts'

/**
 * ChirpStack v4, JSON: `application/{id}/device/{devEUI}/event/{up|status|join|ack|txack|log|location|integration}`.
 * Fields are looked up in `object`, what the device profile's codec made of the bytes; of a status event they are
 * `batteryLevel` and `margin`. The address is the device EUI in lower case.
 */
export const chirpstack: ForeignCodec = {
  read({ topic, payload }, problems) {
    const event = topic.slice(topic.lastIndexOf('/') + 1)
    if (event !== 'up' && event !== 'status') return []
    const root = jsonOf(payload, problems)
    if (root === undefined) return []
    const info = isObject(root) ? root.deviceInfo : undefined
    const address = isObject(info) ? textOf(info.devEui)?.toLowerCase() : undefined
    if (!isObject(root) || address === undefined) {
      problems.add('$.deviceInfo.devEui', {
        code: 'address_missing',
        detail: 'A ChirpStack v4 event names its devEui.',
      })
      return []
    }
    const time = { value: root.time, format: 'iso' } as const
    if (event === 'status') {
      return [{ address, path: '$', root, part: statusValues(root), time, auxiliary: true }]
    }
    if (!isObject(root.object)) {
      const detail = 'The uplink holds bytes alone. Give the device profile in ChirpStack a codec that decodes them.'
      problems.add('$.object', { code: 'not_decoded', detail })
      return []
    }
    return [{ address, path: '$.object', root, part: root.object, time }]
  },
}

/** Protobuf's JSON leaves out what is 0 or false: an empty battery has no `batteryLevel`. */
function statusValues(event: JsonObject): JsonObject {
  const margin = event.margin ?? 0
  if (event.batteryLevelUnavailable === true || event.externalPowerSource === true) return { margin }
  return { margin, batteryLevel: event.batteryLevel ?? 0 }
}
