import { z } from 'zod'

export const signalKinds = [
  'flag.raised',
  'flag.cleared',
  'alert.opened',
  'alert.updated',
  'alert.closed',
  'outage.recorded',
  'service.raised',
  'service.cleared',
] as const
export type SignalKind = (typeof signalKinds)[number]

/** One numbered entry of the replayable stream: numbers are gapless and in commit order. */
export const signalSchema = z.object({
  number: z.number().int().positive(),
  /** Event time, epoch milliseconds. */
  at: z.number(),
  kind: z.enum(signalKinds),
  /** Same history, same key. */
  key: z.string(),
  subjectKind: z.string(),
  subject: z.string(),
  /** History is kept and shown, never announced. */
  history: z.boolean(),
  /** Territory node ids from the city down. */
  territory: z.array(z.string()),
  firm: z.string().optional(),
  /** True where the payload speaks of a single home: such a signal needs the permission `dwelling.read`. */
  ofDwelling: z.boolean(),
  payload: z.record(z.string(), z.unknown()),
})
export type Signal = z.infer<typeof signalSchema>
