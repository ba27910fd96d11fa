/**
 * Records of a fixed number of numbers, for what few of millions of slots have. Grows by chunks, so that growing
 * copies nothing and a mass event costs what it needs.
 */
export interface RecordPool {
  /** Numbers in a record. */
  readonly fields: number
  /** Records in use. */
  readonly size: number
  /** A new record, its numbers undefined until they are set. */
  take(): number
  free(record: number): void
  get(record: number, field: number): number
  set(record: number, field: number, value: number): void
}

const chunkRecordsLog2 = 12
const chunkRecords = 1 << chunkRecordsLog2

export function createRecordPool(fields: number): RecordPool {
  const chunks: Float64Array[] = []
  const freed: number[] = []
  let taken = 0

  const chunkOf = (record: number) => chunks[record >> chunkRecordsLog2] as Float64Array
  const offsetOf = (record: number, field: number) => (record & (chunkRecords - 1)) * fields + field

  return {
    fields,
    get size() {
      return taken - freed.length
    },
    take() {
      const reused = freed.pop()
      if (reused !== undefined) return reused
      if (taken === chunks.length * chunkRecords) chunks.push(new Float64Array(chunkRecords * fields))
      taken += 1
      return taken - 1
    },
    free: (record) => void freed.push(record),
    get: (record, field) => chunkOf(record)[offsetOf(record, field)] as number,
    set(record, field, value) {
      chunkOf(record)[offsetOf(record, field)] = value
    },
  }
}
