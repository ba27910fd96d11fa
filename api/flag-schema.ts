import { z } from 'zod'
import { flagRuleSchema, flagSubjectKinds } from '#domain/flag.ts'
import { instantOut, whereaboutsSchema } from './schemas.ts'

export const flagSchema = z
  .object({
    key: z.string(),
    subjectKind: z.enum(flagSubjectKinds),
    subject: z.string(),
    rule: flagRuleSchema,
    since: instantOut.describe('Beginning of the condition'),
    raisedAt: instantOut.describe('When the hold time was over'),
    clearedAt: instantOut.optional(),
    clearedBy: z.string().optional(),
    value: z.number().optional(),
    targetC: z.number().optional(),
    history: z.boolean().describe('Found in old readings: nobody was told'),
    ofDwelling: z.boolean(),
    where: whereaboutsSchema,
    building: z.string().optional(),
    circuit: z.string().optional(),
    device: z.string().optional(),
    alert: z.string().optional(),
  })
  .meta({ id: 'Flag' })
