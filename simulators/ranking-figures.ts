import type { ImportedMeasure } from '#domain/ranking-method.ts'
import { importedMeasures } from '#domain/ranking-method.ts'
import { createRandom } from './random.ts'

/** Where firms of a well-kept city lie, from the worst to the best of them. */
const ranges: Readonly<Record<ImportedMeasure, readonly [number, number]>> = {
  visitPassShare: [0.95, 1],
  complaintsPer10000M2: [0.6, 0.05],
  complaintsPer1000Homes: [4, 0.5],
  responseInTimeShare: [0.93, 1],
  closedInTimeShare: [0.88, 1],
  repairedInTimeShare: [0.92, 1],
  coalStockShare: [0.62, 0.95],
  districtAssessment: [82, 98],
  streetOfficeAssessment: [80, 98],
  communityAssessment: [78, 98],
  safetyAssessment: [85, 99],
  managementAssessment: [84, 98],
  creditPoints: [86, 100],
}

/** Plausible figures of firms, as they would come from systems of their own; the same for the same seed. */
export function makeRankingFigures(
  seed: number,
  firms: readonly string[],
): { firm: string; measure: ImportedMeasure; value: number }[] {
  const random = createRandom(seed).fork('ranking figures')
  return firms.flatMap((firm) => {
    const ofFirm = random.fork(firm)
    return importedMeasures.map((measure) => {
      const [worst, best] = ranges[measure]
      return {
        firm,
        measure,
        value: Math.round((worst + (best - worst) * ofFirm.fork(measure).fraction()) * 1000) / 1000,
      }
    })
  })
}
