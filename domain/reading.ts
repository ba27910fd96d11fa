import type { QualityCode } from './quality.ts'

/** A reading as a store returns it for one device and one metric. */
export interface Sample {
  readonly at: number
  readonly value: number
  readonly quality: QualityCode
}

/** Device ids by number: an array of them, or a table that holds millions in less. */
export interface DeviceIds {
  readonly length: number
  at(index: number): string | undefined
}

/**
 * Many readings in journal order, one column a field, all of the same length `count`. `device[i]` indexes
 * `deviceIds`, a table that only grows during the life of the process that decodes; it is shared by all batches.
 */
export interface ReadingBatch {
  readonly count: number
  readonly deviceIds: DeviceIds
  readonly device: Uint32Array
  readonly metric: Uint8Array
  readonly at: Float64Array
  readonly value: Float64Array
  readonly quality: Uint8Array
  readonly receivedAt: Float64Array
}
