import type { DwellingDay } from '#domain/dwelling-day.ts'

/**
 * Days of homes as they are kept: a page holds one day of up to `probesPerPage` probes of one building. A city has
 * millions of rows a day otherwise, each with the same date and two ids in front of few figures that are mostly nought.
 *
 * A page is a row of entries, in the order of their slots: slot, length, figures. All figures are whole numbers in as
 * few bytes as they need.
 */
export type DayFigures = Omit<DwellingDay, 'dwelling' | 'device' | 'day'>

/** About as many as a staircase has homes: a late reading rewrites a few hundred bytes. */
export const probesPerPage = 64

/** Hundredths of a kelvin times milliseconds in a kelvin hour: what the sums of a day are made of. */
const smallestPerKh = 100 * 3_600_000
const wholeDayMs = 86_400_000
const groups = { target: 1, below16: 2, below12: 4, min: 8, mean: 16 } as const

/** The figures as the whole numbers that they are: the same for the same day, wherever it was summed up. */
export function wholeFigures(figures: DayFigures): readonly (number | undefined)[] {
  return [
    figures.coveredMs,
    figures.belowTargetMs,
    figures.below16Ms,
    figures.below12Ms,
    Math.round(figures.deficitTargetKh * smallestPerKh),
    Math.round(figures.deficit16Kh * smallestPerKh),
    Math.round(figures.deficit12Kh * smallestPerKh),
    figures.minC === undefined ? undefined : Math.round(figures.minC * 100),
    figures.meanC === undefined ? undefined : Math.round(figures.meanC * 100),
  ]
}

/** A page with some entries put in; those of the same slots are replaced. */
export function putEntries(page: Uint8Array, days: ReadonlyMap<number, DayFigures>): Uint8Array {
  const bytes: number[] = []
  const waiting = [...days.keys()].sort((left, right) => left - right)
  let next = 0
  const put = (slot: number) => {
    const figures = days.get(slot)
    if (!figures) return
    const packed = pack(figures)
    bytes.push(slot, packed.length, ...packed)
  }
  for (let at = 0; at < page.length; at += 2 + (page[at + 1] as number)) {
    const slot = page[at] as number
    while (next < waiting.length && (waiting[next] as number) <= slot) put(waiting[next++] as number)
    if (days.has(slot)) continue
    const end = at + 2 + (page[at + 1] as number)
    for (let index = at; index < end; index += 1) bytes.push(page[index] as number)
  }
  while (next < waiting.length) put(waiting[next++] as number)
  return Uint8Array.from(bytes)
}

/** The entries of a page by slot; only that of `only` where it is given. */
export function readEntries(page: Uint8Array, only?: number): Map<number, DayFigures> {
  const days = new Map<number, DayFigures>()
  for (let at = 0; at < page.length; at += 2 + (page[at + 1] as number)) {
    const slot = page[at] as number
    if (only === undefined || only === slot) days.set(slot, unpack(page, at + 2))
  }
  return days
}

function pack(figures: DayFigures): number[] {
  const [covered = 0, ...rest] = wholeFigures(figures)
  const [belowTarget = 0, below16 = 0, below12 = 0, target = 0, deficit16 = 0, deficit12 = 0, min, mean] = rest
  const has =
    (belowTarget || target ? groups.target : 0) |
    (below16 || deficit16 ? groups.below16 : 0) |
    (below12 || deficit12 ? groups.below12 : 0) |
    (min === undefined ? 0 : groups.min) |
    (mean === undefined ? 0 : groups.mean)
  const bytes = [has]
  // Most days are covered whole.
  putSigned(bytes, wholeDayMs - covered)
  if (has & groups.target) putUnsigned(putUnsigned(bytes, belowTarget), target)
  if (has & groups.below16) putUnsigned(putUnsigned(bytes, below16), deficit16)
  if (has & groups.below12) putUnsigned(putUnsigned(bytes, below12), deficit12)
  if (min !== undefined) putSigned(bytes, min)
  if (mean !== undefined) putSigned(bytes, mean - (min ?? 0))
  return bytes
}

function unpack(page: Uint8Array, from: number): DayFigures {
  const cursor = { page, at: from + 1 }
  const has = page[from] as number
  const coveredMs = wholeDayMs - takeSigned(cursor)
  const [belowTargetMs, target] = has & groups.target ? [takeUnsigned(cursor), takeUnsigned(cursor)] : nothing
  const [below16Ms, deficit16] = has & groups.below16 ? [takeUnsigned(cursor), takeUnsigned(cursor)] : nothing
  const [below12Ms, deficit12] = has & groups.below12 ? [takeUnsigned(cursor), takeUnsigned(cursor)] : nothing
  const min = has & groups.min ? takeSigned(cursor) : undefined
  const mean = has & groups.mean ? takeSigned(cursor) + (min ?? 0) : undefined
  return {
    coveredMs,
    belowTargetMs,
    below16Ms,
    below12Ms,
    deficitTargetKh: target / smallestPerKh,
    deficit16Kh: deficit16 / smallestPerKh,
    deficit12Kh: deficit12 / smallestPerKh,
    ...(min !== undefined && { minC: min / 100 }),
    ...(mean !== undefined && { meanC: mean / 100 }),
  }
}
const nothing: readonly [number, number] = [0, 0]

/** Seven bits a byte, the lowest first; sums of a day need more than the 32 bits that bit operations have. */
function putUnsigned(bytes: number[], value: number): number[] {
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return bytes
}

const putSigned = (bytes: number[], value: number) => putUnsigned(bytes, value < 0 ? -value * 2 - 1 : value * 2)

function takeUnsigned(cursor: { readonly page: Uint8Array; at: number }): number {
  let value = 0
  let scale = 1
  for (;;) {
    const byte = cursor.page[cursor.at++] as number
    value += (byte & 127) * scale
    if (byte < 128) return value
    scale *= 128
  }
}

function takeSigned(cursor: { readonly page: Uint8Array; at: number }): number {
  const value = takeUnsigned(cursor)
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}
