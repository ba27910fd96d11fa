import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Condition } from '#domain/condition.ts'
import type { DaySums } from '#domain/dwelling-day.ts'
import { newProbe, type ProbeState } from '#domain/dwelling-watch.ts'
import { type OpenWindow, shut } from '#domain/open-window.ts'
import type { TimedValue } from '#domain/sequence.ts'
import { createPacker, createUnpacker, type Packer, type Unpacker } from './packing.ts'

/**
 * The states of one page of slots in about 12 bytes each: everything as a difference from what is near, and then
 * compressed, because homes of one page are much alike. Times are whole milliseconds and temperatures hundredths of
 * a degree, so nothing is lost.
 */
const parts = {
  newest: 1,
  /** The newest sample is the last good one. */
  newestGood: 2,
  good: 4,
  heard: 8,
  today: 16,
  yesterday: 32,
  rare: 64,
  window: 128,
} as const
const dayParts = { below: 1, wrong: 2, minimum: 4 } as const
const rareParts = { suspect: 1, silent: 2, wrongDay: 4, cold: 8 } as const

/** A higher level costs three times the time for a hundredth of the bytes. */
const compression = { params: { [constants.ZSTD_c_compressionLevel]: 3 } }

/** Pages were once written as they are packed; those begin with a time of this century, which these bytes are not. */
const compressedBegin = [0x28, 0xb5, 0x2f, 0xfd]
const isCompressed = (bytes: Uint8Array): boolean => compressedBegin.every((byte, index) => bytes[index] === byte)

interface Bases {
  readonly at: number
  readonly day: number
}

export function packPage(states: readonly ProbeState[]): Uint8Array {
  const bases = {
    at: states.reduce((latest, state) => Math.max(latest, state.newest?.at ?? 0), 0),
    day: states.reduce((latest, state) => Math.max(latest, state.today?.day ?? 0), 0),
  }
  const packer = createPacker()
  packer.unsigned(bases.at)
  packer.unsigned(bases.day)
  for (const state of states) packState(packer, state, bases)
  return zstdCompressSync(packer.bytes(), compression)
}

export function unpackPage(bytes: Uint8Array): ProbeState[] {
  const states: ProbeState[] = []
  unpackEach(bytes, { state: (_, state) => states.push(state) })
  return states
}

/** What unpacked states are handed to, each with its offset in the page. */
export interface UnpackedStates {
  state(offset: number, state: ProbeState): void
  /** Takes the state of a probe that has nothing but its newest good sample and the sums of a warm day, without objects. */
  plain?(offset: number, plain: PlainState): void
}

/** Reused from one state to the next. */
export interface PlainState {
  at: number
  centi: number
  /** 0 where it is not known. */
  heardAt: number
  /** 0 where there are no sums. */
  day: number
  coveredMs: number
  warmth: number
  minCenti: number
}

/** Unpacks a page without making objects of the many states that are plain: a start has millions to read. */
export function unpackEach(bytes: Uint8Array, into: UnpackedStates): void {
  const unpacker = createUnpacker(isCompressed(bytes) ? zstdDecompressSync(bytes) : bytes)
  const bases = { at: unpacker.unsigned(), day: unpacker.unsigned() }
  const plain: PlainState = { at: 0, centi: 0, heardAt: 0, day: 0, coveredMs: 0, warmth: 0, minCenti: 0 }
  for (let offset = 0; !unpacker.atEnd; offset += 1) {
    const start = unpacker.offset
    if (into.plain && readPlain(unpacker, bases, plain)) into.plain(offset, plain)
    else {
      unpacker.offset = start
      into.state(offset, unpackState(unpacker, bases))
    }
  }
}

/** False where the state is not plain; then it has to be read from its beginning. */
function readPlain(unpacker: Unpacker, bases: Bases, plain: PlainState): boolean {
  const has = unpacker.unsigned()
  if ((has & ~(parts.heard | parts.today)) !== (parts.newest | parts.newestGood)) return false
  plain.at = bases.at - unpacker.signed()
  plain.centi = unpacker.signed()
  plain.heardAt = has & parts.heard ? unpacker.signed() + plain.at : 0
  plain.day = 0
  if (!(has & parts.today)) return true
  plain.day = bases.day - unpacker.signed()
  plain.coveredMs = unpacker.unsigned()
  plain.warmth = unpacker.signed() + plain.coveredMs * plain.centi
  if (unpacker.unsigned() !== dayParts.minimum) return false
  plain.minCenti = plain.centi - unpacker.signed()
  return true
}

function packState(packer: Packer, state: ProbeState, bases: Bases): void {
  const { newest, sequence, silence, today, yesterday, window } = state
  const { good, suspect } = sequence
  const newestGood = newest !== undefined && good?.at === newest.at && good.c === newest.c
  const cold = state.cold.some((condition) => condition.kind !== 'normal')
  const rare =
    (suspect ? rareParts.suspect : 0) |
    (silence.silentSince === undefined ? 0 : rareParts.silent) |
    (state.wrongDay === undefined ? 0 : rareParts.wrongDay) |
    (cold ? rareParts.cold : 0)
  const windowKept = window.kind === 'open' || window.peak !== undefined
  packer.unsigned(
    (newest ? parts.newest : 0) |
      (newestGood ? parts.newestGood : 0) |
      (good && !newestGood ? parts.good : 0) |
      (silence.heardAt === undefined ? 0 : parts.heard) |
      (today ? parts.today : 0) |
      (yesterday ? parts.yesterday : 0) |
      (rare ? parts.rare : 0) |
      (windowKept ? parts.window : 0),
  )
  const at = newest?.at ?? bases.at
  const c = newest?.c ?? 0
  if (newest) packTimed(packer, newest, bases.at, 0)
  if (good && !newestGood) packTimed(packer, good, at, c)
  if (silence.heardAt !== undefined) packer.signed(silence.heardAt - at)
  if (today) packDay(packer, today, bases.day, c)
  if (yesterday) packDay(packer, yesterday, bases.day, c)
  if (rare) {
    packer.unsigned(rare)
    if (suspect) packTimed(packer, suspect, at, c)
    if (silence.silentSince !== undefined) packer.signed(at - silence.silentSince)
    if (state.wrongDay !== undefined) packer.signed(bases.day - state.wrongDay)
    if (cold) for (const condition of state.cold) packCondition(packer, condition, at)
  }
  if (windowKept) packWindow(packer, window, at)
}

function unpackState(unpacker: Unpacker, bases: Bases): ProbeState {
  const has = unpacker.unsigned()
  const newest = has & parts.newest ? unpackTimed(unpacker, bases.at, 0) : undefined
  const at = newest?.at ?? bases.at
  const c = newest?.c ?? 0
  const good = has & parts.newestGood ? newest : has & parts.good ? unpackTimed(unpacker, at, c) : undefined
  const heard = has & parts.heard ? { heardAt: unpacker.signed() + at } : {}
  const today = has & parts.today ? unpackDay(unpacker, bases.day, c) : undefined
  const yesterday = has & parts.yesterday ? unpackDay(unpacker, bases.day, c) : undefined
  const rare = has & parts.rare ? unpacker.unsigned() : 0
  const suspect = rare & rareParts.suspect ? unpackTimed(unpacker, at, c) : undefined
  const silent = rare & rareParts.silent ? { silentSince: at - unpacker.signed() } : {}
  const wrong = rare & rareParts.wrongDay ? { wrongDay: bases.day - unpacker.signed() } : {}
  const cold = rare & rareParts.cold ? newProbe.cold.map(() => unpackCondition(unpacker, at)) : newProbe.cold
  const window = has & parts.window ? unpackWindow(unpacker, at) : shut
  return {
    ...(newest && { newest }),
    sequence: { ...(good && { good }), ...(suspect && { suspect }) },
    silence: { ...heard, ...silent },
    window,
    cold,
    ...(today && { today }),
    ...(yesterday && { yesterday }),
    ...wrong,
  }
}

const centi = (c: number): number => Math.round(c * 100)

function packTimed(packer: Packer, sample: TimedValue, at: number, c: number): void {
  packer.signed(at - sample.at)
  packer.signed(centi(sample.c) - centi(c))
}

function unpackTimed(unpacker: Unpacker, at: number, c: number): TimedValue {
  const sampleAt = at - unpacker.signed()
  return { at: sampleAt, c: (unpacker.signed() + centi(c)) / 100 }
}

/** Sums of a warm day are near the newest temperature times the time. */
function packDay(packer: Packer, sums: DaySums, day: number, c: number): void {
  const isBelow = sums.wrong || sums.belowMs.some((ms) => ms > 0)
  const hasMinimum = sums.minCenti !== Number.MAX_SAFE_INTEGER
  packer.signed(day - sums.day)
  packer.unsigned(sums.coveredMs)
  packer.signed(sums.warmth - sums.coveredMs * centi(c))
  packer.unsigned(
    (isBelow ? dayParts.below : 0) | (sums.wrong ? dayParts.wrong : 0) | (hasMinimum ? dayParts.minimum : 0),
  )
  if (hasMinimum) packer.signed(centi(c) - sums.minCenti)
  if (isBelow) for (const value of [...sums.belowMs, ...sums.deficit]) packer.unsigned(value)
}

function unpackDay(unpacker: Unpacker, day: number, c: number): DaySums {
  const ownDay = day - unpacker.signed()
  const coveredMs = unpacker.unsigned()
  const warmth = unpacker.signed() + coveredMs * centi(c)
  const has = unpacker.unsigned()
  const minCenti = has & dayParts.minimum ? centi(c) - unpacker.signed() : Number.MAX_SAFE_INTEGER
  const triple = (): [number, number, number] => [unpacker.unsigned(), unpacker.unsigned(), unpacker.unsigned()]
  const belowMs = has & dayParts.below ? triple() : ([0, 0, 0] as const)
  const deficit = has & dayParts.below ? triple() : ([0, 0, 0] as const)
  return { day: ownDay, coveredMs, warmth, minCenti, belowMs, deficit, wrong: (has & dayParts.wrong) !== 0 }
}

function packCondition(packer: Packer, condition: Condition, at: number): void {
  switch (condition.kind) {
    case 'normal':
      packer.unsigned(0)
      break
    case 'pending':
      packer.unsigned(1)
      packer.signed(at - condition.since)
      packer.unsigned(condition.samples)
      packer.signed(centi(condition.value))
      break
    case 'open':
      packer.unsigned(condition.told ? 3 : 2)
      packer.signed(at - condition.since)
      packOptionalTime(packer, condition.clearSince, at)
      packOptionalTime(packer, condition.wellSince, at)
  }
}

function unpackCondition(unpacker: Unpacker, at: number): Condition {
  const kind = unpacker.unsigned()
  if (kind === 0) return { kind: 'normal' }
  const since = at - unpacker.signed()
  if (kind === 1) return { kind: 'pending', since, samples: unpacker.unsigned(), value: unpacker.signed() / 100 }
  const clearSince = unpackOptionalTime(unpacker, at)
  const wellSince = unpackOptionalTime(unpacker, at)
  return {
    kind: 'open',
    since,
    told: kind === 3,
    ...(clearSince !== undefined && { clearSince }),
    ...(wellSince !== undefined && { wellSince }),
  }
}

/** Such a time is never after the newest sample: 0 is free to mean that there is none. */
function packOptionalTime(packer: Packer, time: number | undefined, at: number): void {
  packer.unsigned(time === undefined ? 0 : at - time + 1)
}

function unpackOptionalTime(unpacker: Unpacker, at: number): number | undefined {
  const coded = unpacker.unsigned()
  return coded === 0 ? undefined : at + 1 - coded
}

function packWindow(packer: Packer, window: OpenWindow, at: number): void {
  if (window.kind === 'shut') {
    packer.unsigned(0)
    packTimed(packer, window.peak ?? { at, c: 0 }, at, 0)
    return
  }
  packer.unsigned(window.told ? 2 : 1)
  packTimed(packer, { at: window.since, c: window.beforeC }, at, 0)
  packer.signed(centi(window.lowestC))
}

function unpackWindow(unpacker: Unpacker, at: number): OpenWindow {
  const kind = unpacker.unsigned()
  const from = unpackTimed(unpacker, at, 0)
  if (kind === 0) return { kind: 'shut', peak: from }
  return { kind: 'open', since: from.at, told: kind === 2, beforeC: from.c, lowestC: unpacker.signed() / 100 }
}
