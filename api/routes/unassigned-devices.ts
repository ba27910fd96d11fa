import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { devicePeriodSchema, deviceSchema, idSchema, instantSchema } from '#domain/registry.ts'
import { unassignedDevice, unassignedDevices } from '#store/ledger/commissioning.ts'
import { currentRow } from '#store/ledger/registry-lookups.ts'
import type { ApiDeps } from '../deps.ts'
import { ProblemError } from '../problems.ts'
import { mayWrite } from '../registry/entry-scope.ts'
import { takeRegistry } from '../registry/take.ts'
import { instantOut, pageOf, pageQuery } from '../schemas.ts'
import { filteredPage } from '../scope/filtered-page.ts'
import type { See } from '../scope/see.ts'
import { principalOf } from '../security/guard.ts'

const unassignedSchema = z
  .object({ device: z.string(), gateway: z.string(), firstReadingAt: instantOut })
  .meta({ id: 'UnassignedDevice' })

const claimSchema = z.strictObject({
  kind: deviceSchema.shape.kind,
  model: deviceSchema.shape.model,
  place_kind: devicePeriodSchema.shape.place_kind,
  place: idSchema,
  valid_from: instantSchema.optional().describe('Its first reading, unless given: its history appears at the place'),
  sampling_interval_s: devicePeriodSchema.shape.sampling_interval_s,
  reporting_interval_s: devicePeriodSchema.shape.reporting_interval_s,
  tolerance_k: devicePeriodSchema.shape.tolerance_k,
})

interface UnassignedDeps extends Pick<ApiDeps, 'ledger' | 'clock'> {
  readonly see: See
}

export const unassignedDeviceRoutes: FastifyPluginAsyncZod<UnassignedDeps> = async (app, { ledger, clock, see }) => {
  const tags = ['gateways']

  app.get(
    '/unassigned-devices',
    {
      config: { access: 'gateway.read' },
      schema: {
        tags,
        summary: 'Devices that are heard and stand nowhere',
        description: 'Their readings are stored and wait for a place. A page may have fewer rows than asked for.',
        querystring: pageQuery,
        response: { 200: pageOf(unassignedSchema) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query
      const visibility = see(request)
      return filteredPage(
        cursor,
        limit,
        (after, rows) =>
          unassignedDevices(ledger.db, clock.now(), { limit: rows, ...(after !== undefined && { after }) }),
        ({ device }) => device,
        ({ gateway }) => visibility.seesGateway(gateway),
      )
    },
  )

  app.post(
    '/unassigned-devices/:device/claim',
    {
      config: { access: 'registry.write' },
      schema: {
        tags,
        summary: 'Give a device a place',
        description: 'Enters the device, where the registry does not know it, and where it stands.',
        params: z.object({ device: idSchema }),
        body: claimSchema,
        response: { 201: z.object({ device: z.string(), valid_from: instantOut, batch: z.number().int() }) },
      },
    },
    async (request, reply) => {
      const { device } = request.params
      const { kind, model, ...period } = request.body
      const visibility = see(request)
      const seen = await unassignedDevice(ledger.db, clock.now(), device)
      if (!seen || !(await visibility.seesGateway(seen.gateway))) throw new ProblemError('not_found')
      const entry = { ...period, device, gateway: seen.gateway, valid_from: period.valid_from ?? seen.firstReadingAt }
      if (!(await mayWrite(ledger.db, visibility, 'device_period', { ...entry, device: undefined }))) {
        throw new ProblemError('not_found', 'There is no such place')
      }
      const known = await currentRow(ledger.db, 'device', device)
      const added = known ? {} : { device: [{ id: device, kind, ...(model !== undefined && { model }) }] }
      const options = { actor: principalOf(request).account.id, note: `claim of ${device}`, now: () => clock.now() }
      const result = await takeRegistry(ledger, { rows: { ...added, device_period: [entry] } }, options)
      return reply.code(201).send({ device, valid_from: entry.valid_from, batch: result.batch })
    },
  )
}
