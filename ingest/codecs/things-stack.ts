import { jsonOf } from './codec.ts'
import { type ForeignCodec, isObject, textOf } from './foreign-codec.ts'

/**
 * The Things Stack v3: `v3/{application}@{tenant}/devices/{device}/up`; other ends (join, down/…, location/solved) bring
 * no measurements. Fields are looked up in `decoded_payload`. The address is the device EUI in lower case, or the
 * device id where there is none. Empty values are left out of its messages: `when_absent` of a field brings a 0 back.
 */
export const thingsStack: ForeignCodec = {
  read({ topic, payload }, problems) {
    if (!topic.endsWith('/up')) return []
    const root = jsonOf(payload, problems)
    if (root === undefined) return []
    const ids = isObject(root) ? root.end_device_ids : undefined
    const address = isObject(ids) ? (textOf(ids.dev_eui)?.toLowerCase() ?? textOf(ids.device_id)) : undefined
    if (!isObject(root) || address === undefined) {
      const detail = 'An uplink of The Things Stack names its device in end_device_ids.'
      problems.add('$.end_device_ids', { code: 'address_missing', detail })
      return []
    }
    if (root.simulated === true) {
      problems.add('$.simulated', { code: 'simulated', detail: 'A simulated uplink is no measurement.' })
      return []
    }
    const uplink = root.uplink_message
    if (!isObject(uplink) || !isObject(uplink.decoded_payload)) {
      const detail = 'The uplink holds bytes alone. Give the device in The Things Stack a payload formatter.'
      problems.add('$.uplink_message.decoded_payload', { code: 'not_decoded', detail })
      return []
    }
    const time = { value: uplink.received_at ?? root.received_at, format: 'iso' } as const
    return [{ address, path: '$.uplink_message.decoded_payload', root, part: uplink.decoded_payload, time }]
  },
}
