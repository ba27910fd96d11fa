import type { RegistryRow, RegistryTable } from '#domain/registry.ts'

/**
 * A row as the ledger keeps it: the columns of the domain's schema, null where an optional one is absent, and the
 * import that brought it. Rows are only ever added: a correction is a row of the same key with a higher batch.
 */
type StoredRow<T extends RegistryTable> = {
  [Column in keyof RegistryRow<T>]-?: undefined extends RegistryRow<T>[Column]
    ? Exclude<RegistryRow<T>[Column], undefined> | null
    : RegistryRow<T>[Column]
} & { batch: number }

type BatchState = 'staged' | 'current' | 'abandoned'

export type RegistryTables = { [T in RegistryTable]: StoredRow<T> } & {
  /**
   * One import. Rows of a batch count from the moment it is `current`; ids rise, and there is never more than one
   * `staged` batch. `progress` rises with every chunk: a staged batch whose progress stands still was left by a crash.
   */
  registry_batch: {
    id: number
    state: BatchState
    made_current_at: number | null
    actor: string
    note: string
    progress: number
  }
  /**
   * Counters that readers compare to learn that something changed. `registry` is the highest current batch: every
   * row with a batch up to it counts, because a batch that was given up loses its rows before the next one begins.
   */
  ledger_version: { name: string; version: number }
}
