import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { metricNames } from '#domain/metric.ts'
import { makeMapping, topicFilterSchema } from '#domain/payload-mapping.ts'
import { qualityNames } from '#domain/quality.ts'
import { instantSchema, payloadFieldSchema, payloadMappingSchema } from '#domain/registry.ts'
import type { ApiDeps } from '../deps.ts'
import { instantOut } from '../schemas.ts'

/** What the broker lets through fits; a paste is smaller. */
const payloadCharactersMax = 100_000
/** More than any maker's payload has. */
const fieldsMax = 200

const trialSchema = z
  .object({
    readings: z
      .array(
        z.object({
          address: z.string().describe('What the sender calls the device: `foreign_device` names the device for it'),
          metric: z.enum(metricNames),
          at: instantOut,
          value: z.number(),
          quality: z.enum(qualityNames).optional(),
        }),
      )
      .readonly(),
    problems: z.array(z.object({ code: z.string(), path: z.string(), detail: z.string() })).readonly(),
  })
  .meta({ id: 'MappingTrial' })

export const mappingTrialRoutes: FastifyPluginAsyncZod<Pick<ApiDeps, 'clock' | 'tryMapping'>> = async (
  app,
  { clock, tryMapping },
) => {
  app.post(
    '/registry/payload_mapping/trial',
    {
      config: { access: 'registry.write' },
      schema: {
        tags: ['registry'],
        summary: 'Try a mapping on a payload before it is saved',
        description: 'Nothing is kept. The payload is read by the same code that reads deliveries.',
        body: z.strictObject({
          mapping: payloadMappingSchema,
          fields: z.array(payloadFieldSchema).max(fieldsMax),
          filter: topicFilterSchema.describe('The topic as `foreign_topic` would name it'),
          topic: z.string().min(1).max(500),
          payload: z.string().max(payloadCharactersMax).describe('As it was pasted'),
          receivedAt: instantSchema.optional().describe('When it came; without it, now'),
          retained: z.boolean().default(false),
        }),
        response: { 200: trialSchema },
      },
    },
    async ({ body: { mapping, fields, receivedAt = clock.now(), ...tried } }) =>
      tryMapping(makeMapping(mapping, fields), { ...tried, receivedAt }),
  )
}
