import { type HomeTally, type TalliedHome, tallyBinOf, tallyHome } from '#domain/home-tally.ts'
import type { Directory } from '../watch/directory.ts'
import type { CityPlan, Stretch } from './city-plan.ts'
import type { Frame } from './frames.ts'
import { binOf, unknown } from './probe-frame.ts'

/**
 * Every home of the city in one period in two bytes, by its number in the directory. More than three probes in a home
 * count as three.
 */
export type HomeCodes = Uint16Array

const probesMax = 3
const bits = { belowTarget: 1 << 10, heated: 1 << 11, expected: 12, reporting: 14 } as const

interface HomesOfFrame {
  readonly directory: Directory
  readonly frame: Frame
  /** End of the period: contracts are as they are then. */
  readonly at: number
  /** Undefined where nothing is demanded. */
  readonly targetC: number | undefined
  turn(): Promise<void> | undefined
}

/** Homes between two looks at the clock: a millisecond's work. */
const homesPerLook = 10_000

export async function codeHomes({ directory, frame, at, targetC, turn }: HomesOfFrame): Promise<HomeCodes> {
  const codes = new Uint16Array(directory.dwellings.length)
  const { toleranceCenti } = directory.columns
  const targetBin = targetC === undefined ? 0 : tallyBinOf(targetC)
  for (let home = 0; home < codes.length; home += 1) {
    if (home % homesPerLook === 0) await turn()
    if (directory.contractAt(home, at) !== 'heated') continue
    let coldest = 0
    let expected = 0
    let reporting = 0
    let belowTarget = false
    for (let slot = directory.firstSlotIn(home); slot >= 0; slot = directory.columns.sibling[slot] as number) {
      expected += 1
      const code = frame.probes[slot] ?? unknown
      if (code === unknown) continue
      reporting += 1
      const bin = binOf(code)
      if (coldest === 0 || bin < coldest) coldest = bin
      if (bin < targetBin - (toleranceCenti[slot] as number) / 10) belowTarget = true
    }
    codes[home] =
      coldest |
      (belowTarget ? bits.belowTarget : 0) |
      bits.heated |
      (Math.min(expected, probesMax) << bits.expected) |
      (Math.min(reporting, probesMax) << bits.reporting)
  }
  return codes
}

function homeFrom(code: number): TalliedHome {
  return {
    bin: binOf(code),
    belowTarget: (code & bits.belowTarget) !== 0,
    probesExpected: (code >> bits.expected) & probesMax,
    probesReporting: (code >> bits.reporting) & probesMax,
  }
}

/** Counts the homes of a stretch. */
export function tallyStretch(
  tally: HomeTally,
  { homes }: CityPlan,
  { from, to }: Stretch,
  codes: HomeCodes,
  targetBin: number,
): void {
  for (let index = from; index < to; index += 1) {
    const code = codes[homes[index] as number] ?? 0
    if (code & bits.heated) tallyHome(tally, homeFrom(code), targetBin)
  }
}

export interface HomeCounts {
  /** Homes whose contract is for heat and that have a probe. */
  readonly probed: number
  readonly measured: number
}

export function countHomes({ homes }: CityPlan, { from, to }: Stretch, codes: HomeCodes): HomeCounts {
  let probed = 0
  let measured = 0
  for (let index = from; index < to; index += 1) {
    const code = codes[homes[index] as number] ?? 0
    if ((code >> bits.expected) & probesMax) probed += 1
    if (binOf(code) > 0) measured += 1
  }
  return { probed, measured }
}
