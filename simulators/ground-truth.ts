import type { City } from './city.ts'
import { subjectFinder } from './fault-subjects.ts'
import { type Fault, type FaultKind, type SubjectKind, sizeOf } from './faults.ts'

/** What really happened, for measuring how much of it was found. Times are ISO 8601. */
export interface GroundTruth {
  readonly seed: number
  readonly dwellings: number
  readonly faults: readonly FaultTruth[]
}

interface FaultTruth {
  readonly kind: FaultKind
  readonly subjectKind: SubjectKind
  readonly subject: string
  readonly start: string
  readonly end: string
  readonly size: number
  /** Homes with heating that the fault reaches: which it feeds, holds or measures. Whether one went cold is physics. */
  readonly affectedDwellings: readonly string[]
}

/** The truth about faults of a city, in order of their beginning; plain JSON. */
export function groundTruth(city: City, faults: readonly Fault[]): GroundTruth {
  const find = subjectFinder(city)
  const sorted = [...faults].sort((a, b) => a.from - b.from || (a.subject < b.subject ? -1 : 1))
  return {
    seed: city.seed,
    dwellings: city.dwellings.length,
    faults: sorted.map((fault) => {
      const subject = find(fault)
      return {
        kind: fault.kind,
        subjectKind: subject.kind,
        subject: fault.subject,
        start: new Date(fault.from).toISOString(),
        end: new Date(fault.to).toISOString(),
        size: sizeOf(fault),
        affectedDwellings: subject.dwellings.flatMap((number) => {
          const dwelling = city.dwellings[number]
          return dwelling?.contract === 'heated' ? [dwelling.id] : []
        }),
      }
    }),
  }
}
