/** By slot, of the placement in use. `place` is a number among dwellings, or among plants and districts. */
export interface DirectoryColumns {
  placeKind: Uint8Array
  place: Int32Array
  gateway: Int32Array
  validFrom: Float64Array
  validTo: Float64Array
  samplingMs: Uint32Array
  reportingMs: Uint32Array
  toleranceCenti: Uint16Array
  /** Next probe of the same dwelling, or -1. */
  sibling: Int32Array
  /** Version of the registry that brought the newest entry of the device. */
  changedIn: Uint32Array
}

export function emptyColumns(length: number): DirectoryColumns {
  return {
    placeKind: new Uint8Array(length),
    place: new Int32Array(length),
    gateway: new Int32Array(length),
    validFrom: new Float64Array(length),
    validTo: new Float64Array(length),
    samplingMs: new Uint32Array(length),
    reportingMs: new Uint32Array(length),
    toleranceCenti: new Uint16Array(length),
    sibling: new Int32Array(length).fill(-1),
    changedIn: new Uint32Array(length),
  }
}

/** A quarter more, so that growing to millions copies little and wastes little. */
export const roomFor = (count: number): number => Math.ceil(count * 1.25)

export function growColumns(columns: DirectoryColumns, count: number): void {
  const longer = emptyColumns(roomFor(count))
  columns.placeKind = extended(columns.placeKind, longer.placeKind)
  columns.place = extended(columns.place, longer.place)
  columns.gateway = extended(columns.gateway, longer.gateway)
  columns.validFrom = extended(columns.validFrom, longer.validFrom)
  columns.validTo = extended(columns.validTo, longer.validTo)
  columns.samplingMs = extended(columns.samplingMs, longer.samplingMs)
  columns.reportingMs = extended(columns.reportingMs, longer.reportingMs)
  columns.toleranceCenti = extended(columns.toleranceCenti, longer.toleranceCenti)
  columns.sibling = extended(columns.sibling, longer.sibling)
  columns.changedIn = extended(columns.changedIn, longer.changedIn)
}

export function extended<Column extends { set(values: Column): void }>(short: Column, long: Column): Column {
  long.set(short)
  return long
}
