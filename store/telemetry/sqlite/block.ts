import {
  type ByteCursor,
  type ByteSink,
  makeByteSink,
  readDouble,
  readSigned,
  readUnsigned,
  skipVarints,
  writeByte,
  writeBytes,
  writeDouble,
  writeSigned,
  writeUnsigned,
} from './bytes.ts'
import { type Rows, reserveRows, seriesOf } from './rows.ts'

/*
 * A block holds rows in columns, so that like stands beside like. Header, all varints: rows, series, time unit,
 * typical first time, typical interval, and the length in bytes of each column but the last. Columns: devices
 * (difference to the series before), metrics, shapes, counts, times, scaled values, raw values, qualities, days.
 */

/** Shape of a series: decimal places of its values, and what else has to be said about it. */
const rawValues = 7
const placesMask = 7
const qualitiesFollow = 8
const countFollows = 16

/** Most decimal places that are tried; other values are kept as doubles. */
const placesMax = 6
const powersOfTen = [1, 10, 100, 1e3, 1e4, 1e5, 1e6]
/** Scaled values beyond this are kept as doubles, so that their differences stay exact. */
const scaledMax = 2 ** 47

const goodQuality = 1
/** Devices mostly report on whole seconds or minutes; the unit saves the digits that are always zero. */
const timeUnits = [60_000, 1_000, 1]
/** As many intervals tell what is typical. */
const intervalSamplesMax = 63

const columnNames = ['devices', 'metrics', 'shapes', 'counts', 'times', 'scaled', 'raw', 'qualities', 'days'] as const
type Columns = Record<(typeof columnNames)[number], ByteSink>

/** Turns rows into a block; the bytes are valid until the next call. */
export interface BlockEncoder {
  /** Encodes rows `from` to `to` (exclusive), ordered by series and time; `withDay` keeps the day of receipt. */
  encode(rows: Rows, from: number, to: number, withDay: boolean): Uint8Array
}

export function makeBlockEncoder(): BlockEncoder {
  const columns = Object.fromEntries(columnNames.map((name) => [name, makeByteSink(4096)])) as Columns
  const block = makeByteSink(16_384)
  return {
    encode(rows, from, to, withDay) {
      for (const name of columnNames) columns[name].length = 0
      block.length = 0
      const unit = timeUnit(rows, from, to)
      const firstAt = Math.floor(typicalFirst(rows, from, to) / unit)
      const interval = Math.floor(typicalInterval(rows, from, to) / unit)
      const series = writeColumns(columns, rows, from, to, { unit, firstAt, interval })
      if (withDay) writeDays(columns.days, rows, from, to)
      for (const number of [to - from, series, unit]) writeUnsigned(block, number)
      writeSigned(block, firstAt)
      writeUnsigned(block, interval)
      for (const name of columnNames.slice(0, -1)) writeUnsigned(block, columns[name].length)
      for (const name of columnNames) writeBytes(block, columns[name].bytes.subarray(0, columns[name].length))
      return block.bytes.subarray(0, block.length)
    },
  }
}

interface TimeFrame {
  readonly unit: number
  readonly firstAt: number
  readonly interval: number
}

/** Writes every column but the days and returns the number of series. */
function writeColumns(columns: Columns, rows: Rows, from: number, to: number, frame: TimeFrame): number {
  const { device, metric } = rows
  let series = 0
  let deviceBefore = 0
  for (let start = from; start < to; series++) {
    let end = start + 1
    while (end < to && device[end] === device[start] && metric[end] === metric[start]) end++
    writeUnsigned(columns.devices, device[start] - deviceBefore)
    deviceBefore = device[start]
    writeByte(columns.metrics, metric[start])
    const places = decimalPlaces(rows.value, start, end)
    const allGood = isAllGood(rows.quality, start, end)
    const single = end - start === 1
    writeByte(columns.shapes, places | (allGood ? 0 : qualitiesFollow) | (single ? 0 : countFollows))
    if (!single) writeUnsigned(columns.counts, end - start - 2)
    writeTimes(columns.times, rows.at, start, end, frame)
    if (places === rawValues) for (let row = start; row < end; row++) writeDouble(columns.raw, rows.value[row])
    else writeScaled(columns.scaled, rows.value, start, end, powersOfTen[places])
    if (!allGood) for (let row = start; row < end; row++) writeByte(columns.qualities, rows.quality[row])
    start = end
  }
  return series
}

function writeTimes(sink: ByteSink, at: Float64Array, start: number, end: number, frame: TimeFrame): void {
  const { unit } = frame
  writeSigned(sink, at[start] / unit - frame.firstAt)
  for (let row = start + 1; row < end; row++) writeSigned(sink, (at[row] - at[row - 1]) / unit - frame.interval)
}

function writeScaled(sink: ByteSink, value: Float64Array, start: number, end: number, scale: number): void {
  let before = 0
  for (let row = start; row < end; row++) {
    const scaled = Math.round(value[row] * scale)
    writeSigned(sink, scaled - before)
    before = scaled
  }
}

function writeDays(sink: ByteSink, rows: Rows, from: number, to: number): void {
  for (let row = from; row < to; row++) writeUnsigned(sink, rows.day[row])
}

function timeUnit(rows: Rows, from: number, to: number): number {
  let choice = 0
  for (let row = from; row < to; row++) {
    while (!Number.isInteger(rows.at[row] / timeUnits[choice])) choice++
  }
  return timeUnits[choice]
}

/** The middle of some first times: one reading of last week must not make all the others long. */
function typicalFirst(rows: Rows, from: number, to: number): number {
  const step = Math.max(1, Math.floor((to - from) / intervalSamplesMax))
  const samples: number[] = []
  for (let row = from; row < to; row += step) samples.push(rows.at[row])
  return middle(samples)
}

function typicalInterval(rows: Rows, from: number, to: number): number {
  const samples: number[] = []
  for (let row = from + 1; row < to && samples.length < intervalSamplesMax; row++) {
    if (rows.device[row] !== rows.device[row - 1] || rows.metric[row] !== rows.metric[row - 1]) continue
    samples.push(rows.at[row] - rows.at[row - 1])
  }
  return middle(samples)
}

function middle(samples: number[]): number {
  if (samples.length === 0) return 0
  return samples.sort((left, right) => left - right)[samples.length >> 1]
}

/** Fewest decimal places that give every value back exactly, or `rawValues`. */
function decimalPlaces(value: Float64Array, start: number, end: number): number {
  let places = 0
  for (let row = start; row < end; row++) {
    while (!isExact(value[row], powersOfTen[places])) if (++places > placesMax) return rawValues
  }
  return places
}

function isExact(value: number, scale: number): boolean {
  const scaled = Math.round(value * scale)
  return scaled / scale === value && scaled < scaledMax && scaled > -scaledMax
}

function isAllGood(quality: Uint8Array, start: number, end: number): boolean {
  for (let row = start; row < end; row++) if (quality[row] !== goodQuality) return false
  return true
}

/** Appends the rows of the series from `low` to `high` (both inclusive, as `seriesOf` makes them) to `into`. */
export function readBlock(bytes: Uint8Array, low: number, high: number, into: Rows): void {
  const head: ByteCursor = { bytes, offset: 0 }
  readUnsigned(head)
  const series = readUnsigned(head)
  const frame: TimeFrame = { unit: readUnsigned(head), firstAt: readSigned(head), interval: readUnsigned(head) }
  const cursors = columnCursors(head)
  let device = 0
  // Columns other than the series' own are stepped over only when a wanted series follows.
  let rowsToSkip = 0
  let scaledToSkip = 0
  for (let left = series; left > 0; left--) {
    device += readUnsigned(cursors.devices)
    const metric = bytes[cursors.metrics.offset++]
    const shape = bytes[cursors.shapes.offset++]
    const count = shape & countFollows ? readUnsigned(cursors.counts) + 2 : 1
    const places = shape & placesMask
    const name = seriesOf(device, metric)
    if (name > high) return
    if (name < low) {
      rowsToSkip += count
      if (places === rawValues) cursors.raw.offset += count * 8
      else scaledToSkip += count
      if (shape & qualitiesFollow) cursors.qualities.offset += count
      continue
    }
    skipVarints(cursors.times, rowsToSkip)
    skipVarints(cursors.scaled, scaledToSkip)
    if (cursors.days.offset < bytes.length) skipVarints(cursors.days, rowsToSkip)
    rowsToSkip = 0
    scaledToSkip = 0
    readSeries(cursors, frame, { device, metric, count, places, shape }, into)
  }
}

type Cursors = Record<(typeof columnNames)[number], ByteCursor>

function columnCursors(head: ByteCursor): Cursors {
  const lengths = columnNames.slice(0, -1).map(() => readUnsigned(head))
  let offset = head.offset
  const cursors = {} as Cursors
  for (const [index, name] of columnNames.entries()) {
    cursors[name] = { bytes: head.bytes, offset }
    offset += lengths[index] ?? 0
  }
  return cursors
}

interface SeriesHead {
  readonly device: number
  readonly metric: number
  readonly count: number
  readonly places: number
  readonly shape: number
}

function readSeries(cursors: Cursors, frame: TimeFrame, head: SeriesHead, into: Rows): void {
  const { count } = head
  reserveRows(into, count)
  const start = into.count
  const end = start + count
  into.count = end
  into.device.fill(head.device, start, end)
  into.metric.fill(head.metric, start, end)
  let at = (readSigned(cursors.times) + frame.firstAt) * frame.unit
  into.at[start] = at
  for (let row = start + 1; row < end; row++) {
    at += (readSigned(cursors.times) + frame.interval) * frame.unit
    into.at[row] = at
  }
  if (head.places === rawValues) {
    for (let row = start; row < end; row++) into.value[row] = readDouble(cursors.raw)
  } else {
    const scale = powersOfTen[head.places]
    let scaled = 0
    for (let row = start; row < end; row++) {
      scaled += readSigned(cursors.scaled)
      into.value[row] = scaled / scale
    }
  }
  if (head.shape & qualitiesFollow) {
    const { qualities } = cursors
    for (let row = start; row < end; row++) into.quality[row] = qualities.bytes[qualities.offset++]
  } else {
    into.quality.fill(goodQuality, start, end)
  }
  const { days } = cursors
  if (days.offset < days.bytes.length) for (let row = start; row < end; row++) into.day[row] = readUnsigned(days)
}
