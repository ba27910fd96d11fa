import { type BatchHead, deleteRuns, insertRun, inTransaction, type Run } from './catalogue.ts'
import { dropBatches } from './clearing.ts'
import { dayMs } from './main-file.ts'
import { type MergeInput, mergeRuns } from './merge.ts'
import { type BatchJob, batchesDue, type FileJob, nextMerge } from './merge-plan.ts'
import type { MergeShop } from './merge-shop.ts'
import { makeRows, orderBySeries, type Rows } from './rows.ts'
import type { RunFile, RunFileWriter } from './run-file.ts'

/** After that long without an append a day counts as complete; until then its last batches may still come. */
const lateAppendMs = 3_600_000
/** Rows between two pauses while batches are merged. */
const rowsPerStep = 8192
/** Time between two looks for batches that became due while a large merge goes on. */
const batchCheckMs = 1_000

/** Does every merge that is due. */
export async function mergeAll(shop: MergeShop, now: number): Promise<void> {
  const { source } = shop
  for (;;) {
    source.refresh()
    const lastDay = Math.max(source.batches().at(-1)?.day ?? 0, source.runs().at(-1)?.day ?? 0)
    const openDay = now >= (lastDay + 1) * dayMs + lateAppendMs ? lastDay + 1 : lastDay
    const stored = { runs: source.runs(), newest: source.newest(), batches: source.batches() }
    const job = nextMerge(stored, openDay, shop.limits)
    if (job === undefined) return
    if (job.kind === 'batches') await mergeBatches(shop, job)
    else await mergeFiles(shop, job, openDay)
  }
}

/** Makes one run of waiting batches. */
async function mergeBatches(shop: MergeShop, { batches }: BatchJob): Promise<void> {
  const rows = makeRows(batches.reduce((sum, batch) => sum + batch.rows, 0))
  for (const batch of batches) {
    shop.source.readBatch(batch, 0, Number.POSITIVE_INFINITY, rows)
    await shop.pause()
  }
  const { day, seq: seqFrom } = batches[0]
  const seqTo = batches[batches.length - 1].seq
  const file = runFileName(day, 1, seqFrom, seqTo)
  const built = await shop.build(file, false, (output) => writeSorted(shop, rows, output))
  shop.guard((db) =>
    inTransaction(db, 'BEGIN IMMEDIATE', () => {
      dropBatches(db, seqTo)
      insertRun(db, { kind: 'readings', day, level: 1, seqFrom, seqTo, file, ...built, ...spanOf(batches) })
    }),
  )
}

/** Writes rows that lie one batch behind the other; of rows with the same series and time the last wins. */
async function writeSorted(shop: MergeShop, rows: Rows, output: RunFileWriter): Promise<number> {
  const { device, metric, at } = rows
  const order = orderBySeries(rows.count, device, metric, at)
  let written = 0
  for (let place = 0; place < order.length; place++) {
    if (place % rowsPerStep === 0) await shop.pause()
    const row = order[place]
    const next = order[place + 1]
    if (next !== undefined && at[next] === at[row] && device[next] === device[row] && metric[next] === metric[row]) {
      continue
    }
    output.add(rows, row)
    written++
  }
  return written
}

/** Makes one run, or the newest-file, of several files. Batches that become due meanwhile are merged in between. */
async function mergeFiles(shop: MergeShop, job: FileJob, openDay: number): Promise<void> {
  const { runs } = job
  const isNewest = job.kind === 'newest'
  const { day, seqFrom } = runs[0]
  const { seqTo } = runs[runs.length - 1]
  const level = isNewest ? 0 : Math.max(...runs.map((run) => run.level)) + 1
  const file = isNewest ? `newest-${seqTo}.sqlite` : runFileName(day, level, seqFrom, seqTo)
  const before = isNewest && job.newest ? [job.newest] : []
  const built = await withInputs(shop, [...before, ...runs], (inputs) =>
    shop.build(file, isNewest, async (output) =>
      mergeRuns(inputs, output, isNewest, pauseForBatches(shop, output, openDay)),
    ),
  )
  const replaced = isNewest ? before : runs
  shop.guard((db) =>
    inTransaction(db, 'BEGIN IMMEDIATE', () => {
      deleteRuns(db, replaced)
      const kind = isNewest ? 'newest' : 'readings'
      insertRun(db, { kind, day, level, seqFrom, seqTo, file, ...built, ...spanOf(runs) })
    }),
  )
  shop.remove(replaced)
}

async function withInputs<T>(
  shop: MergeShop,
  runs: readonly Run[],
  work: (inputs: MergeInput[]) => Promise<T>,
): Promise<T> {
  const files: RunFile[] = []
  try {
    for (const run of runs) files.push(shop.openInput(run))
    return await work(
      runs.map((run, index) => ({ file: files[index], day: run.kind === 'newest' ? undefined : run.day })),
    )
  } finally {
    for (const file of files) file.close()
  }
}

/** What a merge of files does between its steps: a day of the city takes minutes, and batches must not pile up. */
function pauseForBatches(shop: MergeShop, output: RunFileWriter, openDay: number): () => Promise<void> {
  let checkedAt = performance.now()
  return async () => {
    await shop.pause()
    await output.catchUp()
    if (performance.now() - checkedAt < batchCheckMs) return
    shop.source.refresh()
    const due = batchesDue(shop.source.batches(), openDay, shop.limits)
    if (due) await mergeBatches(shop, due)
    checkedAt = performance.now()
  }
}

function spanOf(parts: readonly (BatchHead | Run)[]) {
  return {
    kept: parts.reduce((sum, part) => sum + part.kept, 0),
    atMin: Math.min(...parts.map((part) => part.atMin)),
    atMax: Math.max(...parts.map((part) => part.atMax)),
    receivedMin: Math.min(...parts.map((part) => part.receivedMin)),
    receivedMax: Math.max(...parts.map((part) => part.receivedMax)),
  }
}

function runFileName(day: number, level: number, seqFrom: number, seqTo: number): string {
  const date = new Date(day * dayMs).toISOString().slice(0, 10)
  return `${date}-level${level}-${seqFrom}-${seqTo}.sqlite`
}
