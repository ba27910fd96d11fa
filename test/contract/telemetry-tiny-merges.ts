import type { MergeLimits } from '#store/telemetry/sqlite/merge-plan.ts'

/** So small that a few batches go through every level of merges. */
export const tinyMerges: MergeLimits = {
  batchRowsDue: 12,
  batchCountDue: 3,
  sortedRowsMax: 20,
  fanIn: 3,
  mergeRunsMax: 4,
  newestRowsDueMin: 5,
  newestRowsPerSeries: 2,
  blockRows: 4,
}
