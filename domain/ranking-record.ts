import { z } from 'zod'
import type { FirmInput } from './ranking.ts'
import { importedMeasures, rankingMethodSchema, vetoKinds } from './ranking-method.ts'
import { emptyRollUp, type RollUp } from './roll-up.ts'
import { noOutage, type OutageSums } from './supply-outage.ts'

/**
 * What a published list follows from, as a file that anybody may take away and check without the service's stores: its
 * method, the inputs of each firm, and the roots of the sealed days. docs/ranking.md says how the digest is made.
 */

/** SHA-256 as lower-case hexadecimal digits. */
const hashSchema = z.string().regex(/^[0-9a-f]{64}$/)
const sumSchema = z.number().nonnegative()
const rollUpSchema = z.record(z.enum(Object.keys(emptyRollUp) as (keyof RollUp)[]), sumSchema)

const firmInputSchema: z.ZodType<FirmInput> = z.strictObject({
  firm: z.string(),
  days: sumSchema,
  probes: sumSchema,
  connectedHomes: sumSchema,
  heatedAreaM2: sumSchema,
  rollUp: rollUpSchema,
  coldestDays: rollUpSchema.optional(),
  outage: z.record(z.enum(Object.keys(noOutage) as (keyof OutageSums)[]), sumSchema).optional(),
  edges: z.strictObject({ areaHours: sumSchema, areaHoursOpen: sumSchema }).optional(),
  imported: z.partialRecord(z.enum(importedMeasures), z.number()),
  vetoes: z.array(
    z.strictObject({
      kind: z.enum(vetoKinds),
      state: z.enum(['proven', 'cleared']),
      evidence: z.string().describe('In a record SHA-256 of "SALT EVIDENCE": what officers wrote may speak of a home'),
      document: z.string().optional(),
    }),
  ),
})

const firmRecordSchema = z
  .strictObject({
    hash: hashSchema.describe('SHA-256 of "SALT INPUT", the input as canonical JSON'),
    salt: z.string().optional(),
    input: firmInputSchema.optional(),
  })
  .describe('Without salt and input where they speak of fewer than ten homes')

/** What the digest of a list is made of besides the inputs of its firms. */
export const recordHeadSchema = z.strictObject({
  list: z.string(),
  period: z.strictObject({
    territory: z.string(),
    fromDay: z.number().int().describe('Days since 1970-01-01'),
    toDay: z.number().int(),
  }),
  method: rankingMethodSchema,
  registryVersion: z.number().int(),
  publishedAt: z.number().int(),
  daysInPeriod: z.number().int(),
  days: z.array(z.strictObject({ day: z.number().int(), root: z.string(), leaves: z.number().int() })),
  root: hashSchema.describe('Merkle root over the roots of the days'),
})
export type RecordHead = z.infer<typeof recordHeadSchema>

/** All that a published list follows from, as the ledger keeps it; its digest stands in the audit log. */
export const frozenInputsSchema = recordHeadSchema.extend({
  inputs: z.array(firmInputSchema).readonly(),
  /** A random text for each firm, so that nobody finds hidden figures by trying until their hash fits. */
  salts: z.record(z.string(), z.string()),
})
export type FrozenInputs = z.infer<typeof frozenInputsSchema>

export const listRecordSchema = recordHeadSchema
  .extend({
    digest: hashSchema,
    firms: z.record(z.string(), firmRecordSchema),
    scores: z
      .array(z.looseObject({ firm: z.string(), rank: z.number().int().optional() }))
      .describe('The scores of the firms whose inputs are open, in order'),
  })
  .meta({ id: 'RankingRecord' })
export type ListRecord = z.infer<typeof listRecordSchema>
