import { metricNameByCode } from '#domain/metric.ts'
import { gatewayTopic } from '#domain/topics.ts'
import type { RefusedReading } from '#store/telemetry/telemetry-store.ts'
import type { DecodedBlock, RejectedDelivery } from '../decoded-block.ts'

/** What of a block is needed to say where its readings came from. */
export type ReadingOrigins = Pick<DecodedBlock, 'readings' | 'position' | 'gateway' | 'gatewayIds'>

/**
 * Readings that the store refused, as deliveries for the quarantine: one for each delivery they came in, in the native
 * format, so that they can be sent through again when the reason is mended. Rows count through all blocks.
 */
export function refusedDeliveries(
  blocks: readonly ReadingOrigins[],
  refused: readonly RefusedReading[],
): RejectedDelivery[] {
  const byPosition = new Map<number, { block: ReadingOrigins; readings: RefusedReading[] }>()
  for (const { row, reason } of [...refused].sort((left, right) => left.row - right.row)) {
    const { block, rowInBlock } = place(blocks, row)
    const position = block.position[rowInBlock]
    const delivery = byPosition.get(position) ?? { block, readings: [] }
    delivery.readings.push({ row: rowInBlock, reason })
    byPosition.set(position, delivery)
  }
  return [...byPosition].map(([position, { block, readings }]) => asDelivery(block, position, readings))
}

function place(blocks: readonly ReadingOrigins[], row: number): { block: ReadingOrigins; rowInBlock: number } {
  let rowInBlock = row
  for (const block of blocks) {
    if (rowInBlock < block.readings.count) return { block, rowInBlock }
    rowInBlock -= block.readings.count
  }
  throw new Error(`the store refused row ${row}, which no block has`)
}

function asDelivery(block: ReadingOrigins, position: number, refused: readonly RefusedReading[]): RejectedDelivery {
  const { readings, gateway, gatewayIds } = block
  const [{ row: first }] = refused
  const gatewayId = gatewayIds[gateway[first]]
  const items = refused.map(({ row }) => ({
    device: readings.deviceIds.at(readings.device[row]),
    at: readings.at[row],
    values: { [metricNameByCode[readings.metric[row]] ?? '']: readings.value[row] },
  }))
  const inDelivery = block.position.subarray(0, readings.count).reduce((sum, at) => sum + (at === position ? 1 : 0), 0)
  return {
    position,
    receivedAt: readings.receivedAt[first],
    gateway: gatewayId,
    topic: gatewayTopic(gatewayId, 'readings'),
    payload: Buffer.from(JSON.stringify(items)),
    storedReadings: inDelivery - refused.length,
    problems: refused.map(({ reason }, index) => ({
      code: 'store_refused',
      path: `$[${index}]`,
      detail: `The store of readings does not take it: ${reason}`,
    })),
  }
}
