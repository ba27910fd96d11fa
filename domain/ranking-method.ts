import { z } from 'zod'

/**
 * How points are given, as data: a method file is never changed once a list was published by it; a new version stands
 * beside it.
 */

/** What the service measures itself, from roll-ups and outages. Units are in the names. */
export const telemetryMeasures = [
  'shareAtTarget',
  'depthK',
  'steadyShare',
  'outageHoursPerHome',
  'outagesPerHome',
  'punctualShare',
  'coveredShare',
] as const
/** What is imported from systems of their own. */
export const importedMeasures = [
  'visitPassShare',
  'complaintsPer10000M2',
  'complaintsPer1000Homes',
  'responseInTimeShare',
  'closedInTimeShare',
  'repairedInTimeShare',
  'coalStockShare',
  'districtAssessment',
  'streetOfficeAssessment',
  'communityAssessment',
  'safetyAssessment',
  'managementAssessment',
  'creditPoints',
] as const
export type TelemetryMeasure = (typeof telemetryMeasures)[number]
export type ImportedMeasure = (typeof importedMeasures)[number]
export type Measure = TelemetryMeasure | ImportedMeasure

/** Six reasons for which a firm is black whatever its points. */
export const vetoKinds = ['passRate', 'abandoned', 'wrongSeason', 'noLicence', 'lowTemperature', 'falsified'] as const
export type VetoKind = (typeof vetoKinds)[number]

const textSchema = z.strictObject({ en: z.string().min(1), zh: z.string().min(1) })
const sourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('published'), where: textSchema }),
  /** No source gives this number: it is our own proposal. */
  z.strictObject({ kind: z.literal('ours'), why: textSchema }),
])

const itemSchema = z.strictObject({
  id: z.string().regex(/^[a-z][A-Za-z0-9]*$/),
  name: textSchema,
  points: z.number().int().positive(),
  measure: z.enum([...telemetryMeasures, ...importedMeasures]),
  /** All points from here on, none from `none` on, in proportion between them. */
  full: z.number(),
  none: z.number(),
  source: sourceSchema,
})

export const rankingMethodSchema = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9-]+$/),
    version: z.number().int().positive(),
    name: textSchema,
    totalPoints: z.number().int().positive(),
    /** Red from here on; black below the other. */
    redMin: z.number().positive(),
    blackBelow: z.number().positive(),
    thresholdSource: sourceSchema,
    /** Below this share of points assessed there are no colours. */
    assessedShareMin: z.number().min(0).max(1),
    /** With fewer registered probes a standing is provisional. */
    probesMin: z.number().int().positive(),
    dimensions: z
      .array(z.strictObject({ id: z.string().min(1), name: textSchema, items: z.array(itemSchema).min(1) }))
      .min(1),
    vetoes: z.array(z.strictObject({ kind: z.enum(vetoKinds), name: textSchema, source: sourceSchema })),
  })
  .refine(
    ({ dimensions, totalPoints }) =>
      dimensions.flatMap(({ items }) => items).reduce((sum, { points }) => sum + points, 0) === totalPoints,
    'the items of a method make its total',
  )
  .refine(
    ({ dimensions }) => dimensions.flatMap(({ items }) => items).every(({ full, none }) => full !== none),
    'an item needs a best and a worst value that differ',
  )
export type RankingMethod = z.infer<typeof rankingMethodSchema>
export type RankingItem = z.infer<typeof itemSchema>
