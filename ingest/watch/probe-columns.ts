import type { Condition } from '#domain/condition.ts'
import type { DaySums } from '#domain/dwelling-day.ts'
import type { ProbeState } from '#domain/dwelling-watch.ts'
import { coldRules } from '#domain/flag.ts'
import { type OpenWindow, shut } from '#domain/open-window.ts'
import type { PlainState } from './page-codec.ts'
import {
  conditionFrom,
  noRecord,
  putRecord,
  readRecord,
  stateFields,
  stateFrom,
  stateRecord,
  windowFields,
  windowFrom,
  windowRecord,
} from './probe-records.ts'
import { createRecordPool, type RecordPool } from './record-pool.ts'

/**
 * States of all probes by slot. What every probe has stands in columns, about 70 bytes in all; what few have stands
 * in records beside. A state that is put and got again is the same to the last bit.
 */
export interface ProbeColumns {
  /** Bits of `probeBits`. */
  bits: Uint8Array
  newestAt: Float64Array
  newestCenti: Int32Array
  heardAt: Float64Array
  readonly today: DayColumns
  reserve(count: number): void
  get(slot: number): ProbeState
  put(slot: number, state: ProbeState): void
  /** Puts a plain state where nothing was put before. */
  putPlain(slot: number, state: PlainState): void
  /** Condition of one cold rule, by its index in `coldRules`. */
  coldAt(slot: number, rule: number): Condition
  windowAt(slot: number): OpenWindow
  hasYesterday(slot: number): boolean
  /** Something is open, pending or silent. */
  isUneasy(slot: number): boolean
  /** Records in use, for metrics. */
  recordsInUse(): number
}

export interface DayColumns {
  /** 0 where there is no day. */
  day: Uint16Array
  coveredMs: Uint32Array
  warmth: Float64Array
  minCenti: Int16Array
  /** Record of sums below a limit, or -1. */
  below: Int32Array
}

export const probeBits = {
  /** The newest sample is the last good one, and nothing else is known: the next warm sample only moves the columns. */
  plain: 1,
  /** The clock may have to act: something is pending or open. */
  timed: 2,
  /** Flagged as silent. */
  silent: 4,
} as const

const noMinimum = 32_767
/** Three sums of time, three of degrees, and whether the day is wrong. */
const belowFields = 7

export function createProbeColumns(): ProbeColumns {
  const records = createRecordPool(stateFields)
  const belows = createRecordPool(belowFields)
  const windows = createRecordPool(windowFields)
  let recordOf = new Int32Array(0)
  let windowOf = new Int32Array(0)
  const yesterday = emptyDays(0)

  const columns: ProbeColumns = {
    bits: new Uint8Array(0),
    newestAt: new Float64Array(0),
    newestCenti: new Int32Array(0),
    heardAt: new Float64Array(0),
    today: emptyDays(0),
    reserve,
    get,
    put,
    putPlain,
    coldAt(slot, rule) {
      const place = recordOf[slot] as number
      return place === noRecord ? { kind: 'normal' } : conditionFrom(readRecord(records, place), rule)
    },
    windowAt(slot) {
      const place = windowOf[slot] as number
      return place === noRecord ? shut : windowFrom(readRecord(windows, place))
    },
    hasYesterday: (slot) => yesterday.day[slot] !== 0,
    isUneasy: (slot) => ((columns.bits[slot] as number) & (probeBits.timed | probeBits.silent)) !== 0,
    recordsInUse: () => records.size + belows.size + windows.size,
  }
  return columns

  function reserve(count: number): void {
    const before = columns.bits.length
    if (count <= before) return
    // A registry arrives whole at first and grows little then.
    const length = before === 0 ? count : Math.ceil(count * 1.1)
    const grown = <Column extends { set(values: Column): void }>(short: Column, long: Column) => {
      long.set(short)
      return long
    }
    columns.bits = grown(columns.bits, new Uint8Array(length))
    columns.newestAt = grown(columns.newestAt, new Float64Array(length))
    columns.newestCenti = grown(columns.newestCenti, new Int32Array(length))
    columns.heardAt = grown(columns.heardAt, new Float64Array(length))
    recordOf = grown(recordOf, new Int32Array(length).fill(noRecord))
    windowOf = grown(windowOf, new Int32Array(length).fill(noRecord))
    for (const days of [columns.today, yesterday]) {
      const longer = emptyDays(length)
      days.day = grown(days.day, longer.day)
      days.coveredMs = grown(days.coveredMs, longer.coveredMs)
      days.warmth = grown(days.warmth, longer.warmth)
      days.minCenti = grown(days.minCenti, longer.minCenti)
      days.below = grown(days.below, longer.below)
    }
  }

  function get(slot: number): ProbeState {
    const newestAt = columns.newestAt[slot] as number
    const newest = newestAt === 0 ? undefined : { at: newestAt, c: (columns.newestCenti[slot] as number) / 100 }
    const heardAt = columns.heardAt[slot] as number
    const today = dayFrom(columns.today, slot, belows)
    const before = dayFrom(yesterday, slot, belows)
    const kept = {
      ...(newest && { newest }),
      window: columns.windowAt(slot),
      ...(today && { today }),
      ...(before && { yesterday: before }),
    }
    const heard = heardAt === 0 ? {} : { heardAt }
    const place = recordOf[slot] as number
    if (place === noRecord) {
      return { ...kept, sequence: newest ? { good: newest } : {}, silence: heard, cold: allNormal }
    }
    const { silence, ...rest } = stateFrom(readRecord(records, place))
    return { ...kept, ...rest, silence: { ...heard, ...silence } }
  }

  function putPlain(slot: number, { at, centi, heardAt, day, coveredMs, warmth, minCenti }: PlainState): void {
    columns.newestAt[slot] = at
    columns.newestCenti[slot] = centi
    columns.heardAt[slot] = heardAt
    columns.bits[slot] = probeBits.plain
    if (day === 0) return
    const { today } = columns
    today.day[slot] = day
    today.coveredMs[slot] = coveredMs
    today.warmth[slot] = warmth
    today.minCenti[slot] = Math.min(minCenti, noMinimum)
  }

  function put(slot: number, state: ProbeState): void {
    const { newest, sequence, silence, window } = state
    columns.newestAt[slot] = newest?.at ?? 0
    columns.newestCenti[slot] = newest ? Math.round(newest.c * 100) : 0
    columns.heardAt[slot] = silence.heardAt ?? 0
    putDay(columns.today, slot, state.today, belows)
    putDay(yesterday, slot, state.yesterday, belows)
    windowOf[slot] = putRecord(windows, windowOf[slot] as number, windowRecord(window))
    const newestIsGood = newest?.at === sequence.good?.at && newest?.c === sequence.good?.c
    const isQuiet = newestIsGood && !sequence.suspect && silence.silentSince === undefined
    const isNormal = state.cold.every((condition) => condition.kind === 'normal')
    const needed = !(isQuiet && isNormal && state.wrongDay === undefined)
    recordOf[slot] = putRecord(records, recordOf[slot] as number, needed ? stateRecord(state) : undefined)
    columns.bits[slot] =
      (!needed && windowOf[slot] === noRecord ? probeBits.plain : 0) |
      (window.kind === 'open' || !isNormal ? probeBits.timed : 0) |
      (silence.silentSince === undefined ? 0 : probeBits.silent)
  }
}

const allNormal: readonly Condition[] = coldRules.map(() => ({ kind: 'normal' }))

function emptyDays(length: number): DayColumns {
  return {
    day: new Uint16Array(length),
    coveredMs: new Uint32Array(length),
    warmth: new Float64Array(length),
    minCenti: new Int16Array(length),
    below: new Int32Array(length).fill(noRecord),
  }
}

function dayFrom(days: DayColumns, slot: number, belows: RecordPool): DaySums | undefined {
  const day = days.day[slot] as number
  if (day === 0) return undefined
  const place = days.below[slot] as number
  const below = place === noRecord ? [0, 0, 0, 0, 0, 0, 0] : readRecord(belows, place)
  const [a = 0, b = 0, c = 0, x = 0, y = 0, z = 0, wrong = 0] = below
  const minCenti = days.minCenti[slot] as number
  return {
    day,
    coveredMs: days.coveredMs[slot] as number,
    warmth: days.warmth[slot] as number,
    minCenti: minCenti === noMinimum ? Number.MAX_SAFE_INTEGER : minCenti,
    belowMs: [a, b, c],
    deficit: [x, y, z],
    wrong: wrong === 1,
  }
}

function putDay(days: DayColumns, slot: number, sums: DaySums | undefined, belows: RecordPool): void {
  days.day[slot] = sums?.day ?? 0
  days.coveredMs[slot] = sums?.coveredMs ?? 0
  days.warmth[slot] = sums?.warmth ?? 0
  days.minCenti[slot] = sums ? Math.min(sums.minCenti, noMinimum) : 0
  const isBelow = sums !== undefined && (sums.wrong || sums.belowMs.some((ms) => ms > 0))
  const values = isBelow ? [...sums.belowMs, ...sums.deficit, sums.wrong ? 1 : 0] : undefined
  days.below[slot] = putRecord(belows, days.below[slot] as number, values)
}
