import type { BatchHead, Run } from './catalogue.ts'

/** When merges are due, and how much goes into one. */
export interface MergeLimits {
  /** Readings that make a run out of waiting batches: a minute of the whole city. */
  readonly batchRowsDue: number
  /** Batches that make a run: each is looked at in every question. */
  readonly batchCountDue: number
  /** Most readings that are sorted in memory at once, some 50 bytes each. */
  readonly sortedRowsMax: number
  /** Runs of one level that are merged into the next: 48 minutes of the city, then the day. */
  readonly fanIn: number
  /** Runs that are merged at once at most: each holds an open file and a block in memory. */
  readonly mergeRunsMax: number
  /** Readings since the newest-file was made, after which it is made anew; a start has to read them. */
  readonly newestRowsDueMin: number
  /** The newest-file is written whole: this many readings for each of its rows keep it a small part of all writing. */
  readonly newestRowsPerSeries: number
  /** Rows of a block: enough to compress well, few enough that one device's rows are unpacked in 50 microseconds. */
  readonly blockRows: number
}

export const defaultMergeLimits: MergeLimits = {
  batchRowsDue: 250_000,
  batchCountDue: 512,
  sortedRowsMax: 1_000_000,
  fanIn: 48,
  mergeRunsMax: 64,
  newestRowsDueMin: 1_000_000,
  newestRowsPerSeries: 2,
  blockRows: 2048,
}

export interface BatchJob {
  readonly kind: 'batches'
  readonly batches: readonly BatchHead[]
}

export type FileJob =
  | { readonly kind: 'runs'; readonly runs: readonly Run[] }
  | { readonly kind: 'newest'; readonly runs: readonly Run[]; readonly newest: Run | undefined }

export type MergeJob = BatchJob | FileJob

export interface Stored {
  readonly runs: readonly Run[]
  readonly newest: Run | undefined
  readonly batches: readonly BatchHead[]
}

/** The next merge that is worth its work, or undefined. Days before `openDay` get no more readings. */
export function nextMerge(stored: Stored, openDay: number, limits: MergeLimits): MergeJob | undefined {
  return batchesDue(stored.batches, openDay, limits) ?? newestDue(stored, limits) ?? runsDue(stored, openDay, limits)
}

/** The waiting batches that are due for a run, all of one day. */
export function batchesDue(batches: readonly BatchHead[], openDay: number, limits: MergeLimits): BatchJob | undefined {
  const [first] = batches
  if (first === undefined) return undefined
  const waiting = batches.reduce((sum, batch) => sum + batch.rows, 0)
  if (first.day >= openDay && waiting < limits.batchRowsDue && batches.length < limits.batchCountDue) return undefined
  let rows = 0
  const chosen: BatchHead[] = []
  for (const batch of batches) {
    if (batch.day !== first.day || (chosen.length > 0 && rows + batch.rows > limits.sortedRowsMax)) break
    rows += batch.rows
    chosen.push(batch)
  }
  return { kind: 'batches', batches: chosen }
}

/** A newest-file grows out of the one before it and the runs since. */
function newestDue(stored: Stored, limits: MergeLimits): MergeJob | undefined {
  const { newest } = stored
  const rows = runsSinceNewest(stored).reduce((sum, run) => sum + run.rows, 0)
  const due = Math.max(limits.newestRowsDueMin, limits.newestRowsPerSeries * (newest?.rows ?? 0))
  return rows < due ? undefined : newestJob(stored, limits)
}

function newestJob(stored: Stored, limits: MergeLimits): MergeJob {
  return { kind: 'newest', runs: runsSinceNewest(stored).slice(0, limits.mergeRunsMax), newest: stored.newest }
}

function runsSinceNewest({ runs, newest }: Stored): Run[] {
  return runs.filter((run) => run.seqTo > (newest?.seqTo ?? 0))
}

function runsDue(stored: Stored, openDay: number, limits: MergeLimits): MergeJob | undefined {
  for (const ofDay of Map.groupBy(stored.runs, (run) => run.day).values()) {
    const { day } = ofDay[0]
    const isComplete = day < openDay && stored.batches.every((batch) => batch.day !== day)
    const chosen = isComplete ? ofDay : fullLevel(ofDay, limits)
    if (chosen === undefined || chosen.length < 2) continue
    // A large run that the newest-file covers in part would have to be read whole again at the next start.
    const covered = stored.newest?.seqTo ?? Number.POSITIVE_INFINITY
    const isLarge = chosen.some((run) => run.level > 1)
    if (isLarge && chosen.some((run) => run.seqTo > covered)) return newestJob(stored, limits)
    return { kind: 'runs', runs: chosen.slice(0, limits.mergeRunsMax) }
  }
  return undefined
}

function fullLevel(runs: readonly Run[], limits: MergeLimits): readonly Run[] | undefined {
  return Map.groupBy(runs, (run) => run.level)
    .values()
    .find((same) => same.length >= limits.fanIn)
}
