import type { BatchHead, Run } from './catalogue.ts'

/** Readings that make a run out of waiting batches: a minute of the whole city. */
const batchRowsDue = 250_000
/** Batches that make a run: each is looked at in every question. */
const batchCountDue = 512
/** Most readings that are sorted in memory at once, some 50 bytes each. */
const sortedRowsMax = 1_000_000
/** Runs of one level that are merged into the next: 48 minutes of the city, then the day. */
const fanIn = 48
/** Runs that are merged at once at most: each holds an open file and a block in memory. */
const mergeRunsMax = 64
/** Readings since the newest-file was made, after which it is made anew; a start has to read them. */
const newestRowsDueMin = 1_000_000
/** A newest-file costs one row a series: at this many readings for each row it stays a small part of what is written. */
const newestRowsPerSeries = 2

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
export function nextMerge(stored: Stored, openDay: number): MergeJob | undefined {
  return batchesDue(stored.batches, openDay) ?? newestDue(stored) ?? runsDue(stored, openDay)
}

/** The waiting batches that are due for a run, all of one day. */
export function batchesDue(batches: readonly BatchHead[], openDay: number): BatchJob | undefined {
  const [first] = batches
  if (first === undefined) return undefined
  const waiting = batches.reduce((sum, batch) => sum + batch.rows, 0)
  if (first.day >= openDay && waiting < batchRowsDue && batches.length < batchCountDue) return undefined
  let rows = 0
  const chosen: BatchHead[] = []
  for (const batch of batches) {
    if (batch.day !== first.day || (chosen.length > 0 && rows + batch.rows > sortedRowsMax)) break
    rows += batch.rows
    chosen.push(batch)
  }
  return { kind: 'batches', batches: chosen }
}

/** A newest-file grows out of the one before it and the runs since. */
function newestDue(stored: Stored): MergeJob | undefined {
  const { newest } = stored
  const rows = runsSinceNewest(stored).reduce((sum, run) => sum + run.rows, 0)
  return rows < Math.max(newestRowsDueMin, newestRowsPerSeries * (newest?.rows ?? 0)) ? undefined : newestJob(stored)
}

function newestJob(stored: Stored): MergeJob {
  return { kind: 'newest', runs: runsSinceNewest(stored).slice(0, mergeRunsMax), newest: stored.newest }
}

function runsSinceNewest({ runs, newest }: Stored): Run[] {
  return runs.filter((run) => run.seqTo > (newest?.seqTo ?? 0))
}

function runsDue(stored: Stored, openDay: number): MergeJob | undefined {
  for (const ofDay of Map.groupBy(stored.runs, (run) => run.day).values()) {
    const { day } = ofDay[0]
    const isComplete = day < openDay && stored.batches.every((batch) => batch.day !== day)
    const chosen = isComplete ? ofDay : fullLevel(ofDay)
    if (chosen === undefined || chosen.length < 2) continue
    // A large run that the newest-file covers in part would have to be read whole again at the next start.
    const covered = stored.newest?.seqTo ?? Number.POSITIVE_INFINITY
    const isLarge = chosen.some((run) => run.level > 1)
    if (isLarge && chosen.some((run) => run.seqTo > covered)) return newestJob(stored)
    return { kind: 'runs', runs: chosen.slice(0, mergeRunsMax) }
  }
  return undefined
}

function fullLevel(runs: readonly Run[]): readonly Run[] | undefined {
  return Map.groupBy(runs, (run) => run.level)
    .values()
    .find((same) => same.length >= fanIn)
}
