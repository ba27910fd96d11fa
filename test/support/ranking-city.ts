import { addToDay, emptyDay, summarizeDay } from '#domain/dwelling-day.ts'
import type { FirmInput } from '#domain/ranking.ts'
import { emptyRollUp, type HomeDay, rollUpHomeDay, silentProbeDay, sumRollUps } from '#domain/roll-up.ts'
import { dayMs, hourMs } from '#domain/time.ts'

/** Hourly temperatures of a probe on a day; undefined where nothing arrived. */
export type Hours = readonly (number | undefined)[]

export const testTargetC = 20
export const testToleranceK = 0.3

/** A home's day as the watch sums it up from hourly samples. */
export function homeDayOf(probes: readonly Hours[], heatedAreaM2 = 60, excluded = false): HomeDay {
  return {
    heatedAreaM2,
    targetC: testTargetC,
    dayMs,
    excluded,
    probes: probes.map((hours) => {
      let sums = emptyDay(0)
      for (const celsius of hours) {
        if (celsius === undefined) continue
        sums = addToDay(sums, celsius, hourMs, { targetC: testTargetC, toleranceK: testToleranceK })
      }
      return sums.coveredMs === 0 ? silentProbeDay : summarizeDay('home', 'probe', sums)
    }),
  }
}

/** A firm with everything imported at its best, so that only what was measured makes a difference. */
export function firmInput(firm: string, homeDays: readonly HomeDay[], more: Partial<FirmInput> = {}): FirmInput {
  return {
    firm,
    days: 1,
    probes: 40,
    connectedHomes: 400,
    heatedAreaM2: 24_000,
    rollUp: homeDays.length === 0 ? emptyRollUp : sumRollUps(homeDays.map(rollUpHomeDay)),
    imported: {},
    vetoes: [],
    ...more,
  }
}

export const perfectImports = {
  visitPassShare: 1,
  complaintsPer10000M2: 0,
  complaintsPer1000Homes: 0,
  responseInTimeShare: 1,
  closedInTimeShare: 1,
  repairedInTimeShare: 1,
  coalStockShare: 1,
  districtAssessment: 100,
  streetOfficeAssessment: 100,
  communityAssessment: 100,
  safetyAssessment: 100,
  managementAssessment: 100,
  creditPoints: 100,
} as const
