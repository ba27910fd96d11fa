import { z } from 'zod'
import { roles, scopeSchema } from '#domain/account.ts'
import { idSchema } from '#domain/registry.ts'
import { instantOut } from './schemas.ts'

/** Long enough that the limit of attempts makes guessing hopeless; no rules about characters, which people evade. */
const passwordCharactersMin = 10
const passwordCharactersMax = 200
export const passwordSchema = z.string().min(passwordCharactersMin).max(passwordCharactersMax)

export const accountSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    role: z.enum(roles),
    scope: scopeSchema,
    createdAt: instantOut,
    disabledAt: instantOut.optional(),
  })
  .meta({ id: 'Account' })
