import { described, jsonOf } from './codec.ts'
import { type ForeignCodec, isObject, textOf } from './foreign-codec.ts'

/**
 * A telegram of wmbusmeters as JSON, on whatever topic its shell hook publishes. The address is the meter's id. A meter
 * whose status is not OK sends zeros for what it cannot measure: its values are not taken.
 */
export const wmbusmeters: ForeignCodec = {
  timeAdvice: 'Let the shell hook publish $METER_JSON whole, with its timestamp.',
  read({ payload }, problems) {
    const root = jsonOf(payload, problems)
    if (root === undefined) return []
    const address = isObject(root) ? textOf(root.id) : undefined
    if (!isObject(root) || address === undefined) {
      problems.add('$.id', { code: 'address_missing', detail: 'A telegram of wmbusmeters names its meter in "id".' })
      return []
    }
    const { status } = root
    if (status !== undefined && status !== 'OK') {
      const detail = `The meter reports ${described(status)}; its values cannot be trusted until its status is OK.`
      problems.add('$.status', { code: 'status_not_ok', detail })
      return []
    }
    return [{ address, path: '$', root, part: root, time: { value: root.timestamp, format: 'iso' } }]
  },
}
