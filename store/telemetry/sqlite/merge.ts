import { copyRow, makeRows, type Rows, seriesOf } from './rows.ts'
import type { RunFile, RunFileWriter } from './run-file.ts'

/** Rows between two pauses of a merge: a few milliseconds, after which an append of the same thread may go ahead. */
const rowsPerStep = 8192

/** Rows of one run in order of series, block by block. */
interface Stream {
  readonly rows: Rows
  place: number
  /** The series at `place`, or infinity at the end. */
  series: number
  readonly next: (into: Rows) => boolean
  /** Day of receipt of all rows; undefined when the file keeps it for each. */
  readonly day: number | undefined
}

export interface MergeInput {
  readonly file: RunFile
  readonly day: number | undefined
}

/** Called between the steps of a merge; throws to end it. */
export type Pause = () => Promise<void>

/**
 * Merges runs, given from the first appended to the last, into one and returns how many rows it has. Of rows with the same series and time the last
 * wins; with `newestOnly` one row a series is left, the newest. Works in steps, with a pause after each.
 */
export async function mergeRuns(
  inputs: readonly MergeInput[],
  output: RunFileWriter,
  newestOnly: boolean,
  pause: Pause,
): Promise<number> {
  const streams = inputs.map(openStream)
  const gathered = makeRows(4096)
  const merge = newestOnly ? writeNewest : writeAll
  let rows = 0
  let untilPause = rowsPerStep
  for (;;) {
    let series = Number.POSITIVE_INFINITY
    for (const stream of streams) if (stream.series < series) series = stream.series
    if (series === Number.POSITIVE_INFINITY) return rows
    gathered.count = 0
    for (const stream of streams) if (stream.series === series) takeSeries(stream, gathered)
    rows += merge(gathered, output)
    untilPause -= gathered.count
    if (untilPause <= 0) {
      untilPause = rowsPerStep
      await pause()
    }
  }
}

function openStream({ file, day }: MergeInput): Stream {
  const stream: Stream = { rows: makeRows(4096), place: 0, series: 0, next: file.blocks(), day }
  load(stream)
  return stream
}

function load(stream: Stream): void {
  const { rows } = stream
  rows.count = 0
  stream.place = 0
  const more = stream.next(rows)
  if (more && stream.day !== undefined) rows.day.fill(stream.day, 0, rows.count)
  stream.series = more ? seriesOf(rows.device[0], rows.metric[0]) : Number.POSITIVE_INFINITY
}

/** Moves the rows of the series at the head of a stream, which may go on in the next block, into `gathered`. */
function takeSeries(stream: Stream, gathered: Rows): void {
  const { rows, series } = stream
  while (stream.series === series) {
    copyRow(rows, stream.place++, gathered)
    if (stream.place === rows.count) load(stream)
    else stream.series = seriesOf(rows.device[stream.place], rows.metric[stream.place])
  }
}

function writeNewest(gathered: Rows, output: RunFileWriter): number {
  let newest = 0
  for (let row = 1; row < gathered.count; row++) if (gathered.at[row] >= gathered.at[newest]) newest = row
  output.add(gathered, newest)
  return 1
}

function writeAll(gathered: Rows, output: RunFileWriter): number {
  const { at, count } = gathered
  let rising = true
  for (let row = 1; row < count && rising; row++) rising = at[row] > at[row - 1]
  if (rising) {
    for (let row = 0; row < count; row++) output.add(gathered, row)
    return count
  }
  const order = Uint32Array.from({ length: count }, (_, row) => row)
  order.sort((left, right) => at[left] - at[right] || left - right)
  let written = 0
  for (let place = 0; place < count; place++) {
    if (place + 1 < count && at[order[place + 1]] === at[order[place]]) continue
    output.add(gathered, order[place])
    written++
  }
  return written
}
