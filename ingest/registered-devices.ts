import type { IdTable } from './watch/id-table.ts'

/** A device's time at a gateway. */
export interface DevicePeriod {
  readonly gateway: string
  readonly from: number
  /** Undefined: until a later period begins. */
  readonly to?: number
}

/**
 * What is held in memory of every registered device, for millions of them. The decoder judges by it, and asks the
 * ledger only for what is not here.
 */
export interface RegisteredDevices {
  /** Ids with the numbers that readings carry; the decoder adds devices that the registry does not know. */
  readonly devices: IdTable
  readonly gateways: IdTable
  /** Version of the registry that is held of every device; of some a newer one, while that is being read in. */
  version(): number
  /** Version that brought the newest of what is held of a device; 0 where nothing is. */
  changedIn(device: number): number
  /** Gateway of a device that has only this one period; -1 where it has none or several. */
  onlyGateway(device: number): number
  /** All periods of a device, in order of their beginning; none for a device that the registry does not know. */
  periods(device: number): readonly DevicePeriod[]
}
