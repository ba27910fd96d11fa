import type { ImportedMeasure, VetoKind } from '#domain/ranking-method.ts'
import type { Hours } from './ranking-city.ts'

/**
 * A small city for a whole season, as plain figures: what was measured hour by hour in homes and circuits, and what
 * people entered. Days are numbers since 1970-01-01 in a city that is always eight hours ahead of Greenwich.
 */
export interface GoldenCity {
  readonly firstDay: number
  readonly lastDay: number
  /** The day on which the first reading came. */
  readonly beganOn: number
  readonly firms: readonly string[]
  readonly circuits: readonly GoldenCircuit[]
  readonly homes: readonly GoldenHome[]
  readonly exclusions: readonly GoldenExclusion[]
  /** When the service itself was down. */
  readonly down: readonly Stretch[]
  /** Of each district; undefined where nobody observed it. */
  readonly outdoorC: (day: number, district: string) => number | undefined
  readonly figures: readonly GoldenFigure[]
  readonly vetoes: readonly GoldenVeto[]
}

export interface Stretch {
  readonly from: number
  readonly to: number
}

export interface GoldenCircuit {
  readonly id: string
  readonly district: 'nangang' | 'daowai'
  readonly firmOn: (day: number) => string
  /** Whether a plant sensor tells of it. */
  readonly watched: boolean
  /** In minutes: when nothing flowed, nothing was ever heard, or nothing was heard until it came late. */
  readonly still: readonly Stretch[]
  readonly silent: readonly Stretch[]
  readonly late: readonly Stretch[]
  readonly supplyC: (day: number, hour: number) => number
}

export interface GoldenHome {
  readonly id: string
  readonly circuit: string
  readonly building: string
  readonly areaM2: number
  readonly heatedOn: (day: number) => boolean
  readonly probes: readonly GoldenProbe[]
}

export interface GoldenProbe {
  readonly keeper: 'firm' | 'resident'
  readonly hours: (day: number) => Hours
}

export interface GoldenExclusion {
  readonly placeKind: 'dwelling' | 'building' | 'circuit'
  readonly place: string
  readonly fromDay: number
  readonly toDay: number
  readonly confirmed: boolean
}

export interface GoldenFigure {
  readonly firm: string
  readonly measure: ImportedMeasure
  readonly value: number
}

export interface GoldenVeto {
  readonly firm: string
  readonly kind: VetoKind
  readonly state: 'proven' | 'cleared'
  readonly document?: string
}

const dayMinutes = 24 * 60
/** The city's midnight. */
export const midnight = (day: number): number => (day * 24 - 8) * 3_600_000

/**
 * Circuits of seven firms in two districts. T is taken over by B half-way; one of C's circuits goes to B for three
 * weeks and back; D has no plant sensors, and probes that residents keep; F and G are alike in everything.
 */
export function goldenCity(firstDay: number, lastDay: number, beganOn: number): GoldenCity {
  const half = firstDay + Math.ceil((lastDay - firstDay + 1) / 2)
  const lent = { from: firstDay + 60, to: firstDay + 81 }
  const at = (day: number, hour: number, lastingHours: number): Stretch => {
    const from = (firstDay + day) * dayMinutes + hour * 60
    return { from, to: from + lastingHours * 60 }
  }
  const always = (firm: string) => () => firm
  const warm = () => 45
  const circuit = (id: string, district: GoldenCircuit['district'], more: Partial<GoldenCircuit>): GoldenCircuit => ({
    ...{ id, district, firmOn: always(id.slice(0, 1)), watched: true, still: [], silent: [], late: [], supplyC: warm },
    ...more,
  })
  const last = lastDay - firstDay
  const circuits = [
    // Half an hour and half an hour that touch are an interruption; forty minutes are none.
    circuit('A1', 'nangang', { still: [at(20, 5, 0.5), at(20, 5.5, 0.5), at(30, 7, 2 / 3), at(40, 3, 12)] }),
    // Two nights of cold water, the second after two hours without any.
    circuit('A2', 'daowai', {
      supplyC: (day, hour) => ((day === firstDay + 50 || day === firstDay + 52) && hour < 9 ? 27.5 : 45),
      still: [at(51, 22, 2)],
    }),
    circuit('T1', 'nangang', {
      firmOn: (day) => (day < half ? 'T' : 'B'),
      still: [at(half - firstDay - 1, 4, 51), at(70, 11.25, 1.5)],
    }),
    circuit('B1', 'nangang', { still: [at(60, 0, 8), at(61, 0, 8 + 1 / 60), at(120, 23, 3)] }),
    // Late by two days and a half, shut six hours early; silent for more than two days, of which the gateway had kept
    // the first hours; shut for work that was agreed.
    circuit('C1', 'daowai', {
      still: [at(0, 0, 60), at(last, 18, 6), at(90, 0, 48), at(100, 20, 8)],
      silent: [at(130, 19, 50)],
      late: [at(130, 9, 10)],
    }),
    circuit('C2', 'daowai', {
      firmOn: (day) => (day >= lent.from && day < lent.to ? 'B' : 'C'),
      still: [at(62, 8, 10), at(58, 1, 4), at(84, 1, 5)],
    }),
    circuit('D1', 'nangang', { watched: false, still: [at(33, 0, 20)] }),
    circuit('F1', 'nangang', { still: [at(3, 6, 6)] }),
    circuit('G1', 'nangang', { still: [at(3, 6, 6)] }),
  ]
  return {
    ...{ firstDay, lastDay, beganOn, circuits },
    firms: ['A', 'B', 'C', 'D', 'F', 'G', 'N', 'T'],
    homes: circuits.flatMap(({ id }) => homesOf(id, firstDay)),
    exclusions: [
      { placeKind: 'dwelling', place: 'A1-3', fromDay: firstDay + 15, toDay: firstDay + 45, confirmed: true },
      { placeKind: 'dwelling', place: 'A1-4', fromDay: firstDay + 15, toDay: firstDay + 45, confirmed: false },
      { placeKind: 'building', place: 'B-B1', fromDay: firstDay + 61, toDay: firstDay + 61, confirmed: true },
      { placeKind: 'circuit', place: 'C1', fromDay: firstDay + 1, toDay: firstDay + 1, confirmed: true },
      { placeKind: 'circuit', place: 'C1', fromDay: firstDay + 101, toDay: firstDay + 101, confirmed: true },
      { placeKind: 'circuit', place: 'C1', fromDay: firstDay + 90, toDay: firstDay + 91, confirmed: false },
    ],
    down: [at(40, 2, 4.5), at(41, 23, 3.5)],
    outdoorC: (day, district) =>
      day % 29 === 7 ? undefined : -5 - ((day * 11) % 17) - (district === 'nangang' ? 1 : 0) - (day % 3) / 2,
    figures: [
      ...everyFigure('A', { visitPassShare: 0.995 }),
      ...everyFigure('B', { complaintsPer10000M2: 1.4, complaintsPer1000Homes: 11, visitPassShare: 0.88 }),
      ...everyFigure('C', {}).filter(({ measure }) => measure !== 'coalStockShare'),
      { firm: 'F', measure: 'creditPoints', value: 88 },
      { firm: 'G', measure: 'creditPoints', value: 88 },
    ],
    vetoes: [
      // The legal pass rate is under 90 %: proposed, and confirmed with a document.
      { firm: 'B', kind: 'passRate', state: 'proven', document: '2026-17' },
      { firm: 'C', kind: 'wrongSeason', state: 'proven' },
      { firm: 'A', kind: 'noLicence', state: 'cleared', document: '2026-18' },
    ],
  }
}

function homesOf(circuit: string, firstDay: number): GoldenHome[] {
  const number = { A1: 34, D1: 5 }[circuit] ?? 6
  return Array.from({ length: number }, (_, index) => ({
    id: `${circuit}-${index}`,
    circuit,
    building: `B-${circuit}`,
    areaM2: 41.5 + 7.1 * (index % 9),
    // Two homes of one circuit have heating only for a part of the season.
    heatedOn: (day) => circuit !== 'B1' || (index === 0 ? day >= firstDay + 30 : index > 1 || day < firstDay + 100),
    probes: circuit === 'A1' && index >= 31 ? [] : probesOf(circuit, index, firstDay),
  }))
}

function probesOf(circuit: string, index: number, firstDay: number): GoldenProbe[] {
  const kind = circuit === 'G1' ? 6 : circuit.charCodeAt(0) % 7
  const hours = (room: number) => (day: number) =>
    Array.from({ length: 24 }, (_, hour) => {
      if (index === 1 && day % 10 === room) return undefined
      if (index === 2 && (hour + room * 5) % 24 < (day % 31 === 4 ? 14 : 3)) return undefined
      const failure = circuit === 'T1' && day - firstDay >= 90 && day - firstDay < 95 ? 10.3 : 0
      const damp = index === 3 ? ((day * 7 + hour) % 40) / 20 : 0
      return 20.6 + ((index * 13 + day * 5 + hour * 3 + kind * 2 + room) % 17) / 10 - failure - damp
    })
  const first: GoldenProbe = { keeper: circuit === 'D1' ? 'resident' : 'firm', hours: hours(0) }
  if (index !== 2) return [first]
  return [first, { keeper: circuit === 'A2' ? 'resident' : first.keeper, hours: hours(1) }]
}

const ordinary: Readonly<Record<ImportedMeasure, number>> = {
  visitPassShare: 0.96,
  complaintsPer10000M2: 0.3,
  complaintsPer1000Homes: 2.5,
  responseInTimeShare: 0.97,
  closedInTimeShare: 0.91,
  repairedInTimeShare: 0.955,
  coalStockShare: 0.66,
  districtAssessment: 92,
  streetOfficeAssessment: 87,
  communityAssessment: 81,
  safetyAssessment: 96,
  managementAssessment: 90,
  creditPoints: 94,
}

const everyFigure = (firm: string, other: Partial<Record<ImportedMeasure, number>>): GoldenFigure[] =>
  Object.entries({ ...ordinary, ...other }).map(([measure, value]) => ({
    firm,
    measure: measure as ImportedMeasure,
    value,
  }))
