import type { ReadingBatch } from '#domain/reading.ts'

/** Readings of a block, one column a field. */
export interface Columns {
  device: Uint32Array
  metric: Uint8Array
  at: Float64Array
  value: Float64Array
  quality: Uint8Array
  receivedAt: Float64Array
  position: Float64Array
  gateway: Uint32Array
}

const names = ['device', 'metric', 'at', 'value', 'quality', 'receivedAt', 'position', 'gateway'] as const

export function makeColumns(rows: number): Columns {
  return {
    device: new Uint32Array(rows),
    metric: new Uint8Array(rows),
    at: new Float64Array(rows),
    value: new Float64Array(rows),
    quality: new Uint8Array(rows),
    receivedAt: new Float64Array(rows),
    position: new Float64Array(rows),
    gateway: new Uint32Array(rows),
  }
}

/** The same rows with room for more. */
export function grownColumns(columns: Columns, rows: number): Columns {
  const grown = makeColumns(rows)
  for (const name of names) grown[name].set(columns[name])
  return grown
}

/** A copy of the first rows, of exactly their size. */
export function copiedColumns(columns: Columns, rows: number): Columns {
  return {
    device: columns.device.slice(0, rows),
    metric: columns.metric.slice(0, rows),
    at: columns.at.slice(0, rows),
    value: columns.value.slice(0, rows),
    quality: columns.quality.slice(0, rows),
    receivedAt: columns.receivedAt.slice(0, rows),
    position: columns.position.slice(0, rows),
    gateway: columns.gateway.slice(0, rows),
  }
}

/** Several batches as one; their device tables are the same. */
export function joinedBatches(batches: readonly ReadingBatch[]): ReadingBatch {
  const [first, ...more] = batches
  if (first === undefined) return { ...makeColumns(0), count: 0, deviceIds: [] }
  if (more.length === 0) return first
  const count = batches.reduce((sum, batch) => sum + batch.count, 0)
  const joined = {
    count,
    deviceIds: first.deviceIds,
    device: new Uint32Array(count),
    metric: new Uint8Array(count),
    at: new Float64Array(count),
    value: new Float64Array(count),
    quality: new Uint8Array(count),
    receivedAt: new Float64Array(count),
  }
  let row = 0
  for (const batch of batches) {
    joined.device.set(batch.device, row)
    joined.metric.set(batch.metric, row)
    joined.at.set(batch.at, row)
    joined.value.set(batch.value, row)
    joined.quality.set(batch.quality, row)
    joined.receivedAt.set(batch.receivedAt, row)
    row += batch.count
  }
  return joined
}
