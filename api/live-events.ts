import { z } from 'zod'
import { roles, scopeSchema } from '#domain/account.ts'
import { signalSchema } from '#domain/signal.ts'
import { timeSchema } from './routes/time.ts'
import { resynchroniseReasons } from './stream-feed.ts'

/** What passes over a socket. The client begins with its handshake, then only acknowledges. */

export const handshakeSchema = z.object({
  /** Bearer token; pages of ours send the session cookie instead. */
  token: z.string().max(200).optional(),
  /** Number of the last signal that the client has dealt with; without it nothing is replayed. */
  lastNumber: z.number().int().min(0).optional(),
  /** The stream that `lastNumber` is a number of. */
  streamId: z.string().max(80).optional(),
})

/** First event after connecting. */
const helloSchema = z.object({
  streamId: z.string(),
  /** The stream's newest number at this moment. */
  head: z.number().int(),
  /** Signals come from here on: the client's own number, or the head. */
  after: z.number().int(),
  account: z.object({ id: z.string(), role: z.enum(roles), scope: scopeSchema }),
  time: timeSchema,
})

/** Signals in order. The client acknowledges each batch; the next comes after that. */
const signalBatchSchema = z.object({
  streamId: z.string(),
  after: z.number().int(),
  signals: z.array(signalSchema),
  /** Everything up to here was considered: numbers in between that are missing are not for this account. */
  through: z.number().int(),
  head: z.number().int(),
})

/** Nothing for this client, but the stream went on: what it may remember as its last number. */
const throughSchema = signalBatchSchema.pick({ streamId: true, through: true, head: true })

/** The client cannot go on from its number: load the lists anew; signals go on after `head`. */
const resynchroniseSchema = z.object({
  reason: z.enum(resynchroniseReasons),
  streamId: z.string(),
  head: z.number().int(),
})

/** A period of roll-ups is over and written: pages that show the newest load it. What is in it goes by their scope. */
const rollUpsSchema = z.object({ at: z.number().int(), periodMs: z.number().int() })

const endReasons = ['signedOut', 'rightsChanged', 'expired', 'slow', 'closing'] as const
/** Last event: why the service ends the connection. */
const endedSchema = z.object({ reason: z.enum(endReasons) })
export type EndReason = (typeof endReasons)[number]

/** What the service sends, by event. */
export const serverEvents = {
  hello: helloSchema,
  signals: signalBatchSchema,
  through: throughSchema,
  resynchronise: resynchroniseSchema,
  rollUps: rollUpsSchema,
  ended: endedSchema,
} as const

export interface ServerToClientEvents {
  hello(hello: z.infer<typeof helloSchema>): void
  signals(batch: z.infer<typeof signalBatchSchema>, acknowledge: () => void): void
  through(through: z.infer<typeof throughSchema>): void
  resynchronise(where: z.infer<typeof resynchroniseSchema>): void
  rollUps(period: z.infer<typeof rollUpsSchema>): void
  ended(end: z.infer<typeof endedSchema>): void
}
