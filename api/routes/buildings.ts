import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { flagRuleSchema } from '#domain/flag.ts'
import { quality, qualityNameByCode, qualityNames } from '#domain/quality.ts'
import { contracts, type RegistryRow } from '#domain/registry.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import { openFlagsOf } from '#store/ledger/flags.ts'
import { currentRow, entryAt, listRows } from '#store/ledger/registry-lookups.ts'
import { devicesAt } from '#store/ledger/registry-places.ts'
import type { TelemetryReader } from '#store/telemetry/telemetry-store.ts'
import type { ApiDeps } from '../deps.ts'
import { ProblemError } from '../problems.ts'
import { answeredRowSchemas } from '../registry/row-schemas.ts'
import { idParams, instantOut } from '../schemas.ts'
import type { See } from '../scope/see.ts'

/** The largest panel buildings have a few hundred homes; more than this is not shown at once. */
const entrancesMax = 40
const homesPerEntranceMax = 200

const homeSchema = z.object({
  dwelling: z.string(),
  door: z.string(),
  floor: z.number().int().optional(),
  contract: z.enum(contracts).optional().describe('Absent where nothing is registered now'),
  circuit: z.string().optional(),
  coldest: z
    .object({ at: instantOut, value: z.number(), quality: z.enum(qualityNames) })
    .optional()
    .describe('The lowest of what the probes said last; absent where none has said anything'),
  rules: z.array(flagRuleSchema).describe('Rules of the flags that are open'),
})

interface BuildingDeps extends Pick<ApiDeps, 'ledger' | 'telemetry' | 'clock'> {
  readonly see: See
}

export const buildingRoutes: FastifyPluginAsyncZod<BuildingDeps> = async (app, deps) => {
  app.get(
    '/buildings/:id/homes',
    {
      config: { access: 'dwelling.read' },
      schema: {
        tags: ['readings'],
        summary: 'The homes of a building, by entrance: how warm each is, and what is wrong',
        params: idParams,
        response: {
          200: z.object({
            building: answeredRowSchemas.building,
            entrances: z.array(z.object({ entrance: answeredRowSchemas.entrance, homes: z.array(homeSchema) })),
          }),
        },
      },
    },
    async (request) => {
      const { ledger, telemetry, clock, see } = deps
      const { id } = request.params
      const visibility = see(request)
      const building = await currentRow(ledger.db, 'building', id)
      if (!building || !(await visibility.seesThing('building', id))) throw new ProblemError('not_found')
      const entrances = await listRows(ledger.db, 'entrance', { parent: id }, { limit: entrancesMax })
      return {
        building,
        entrances: await Promise.all(
          entrances.map(async (entrance) => {
            const all = await listRows(ledger.db, 'dwelling', { parent: entrance.id }, { limit: homesPerEntranceMax })
            // A firm that feeds some of the homes sees only those.
            const seen = await Promise.all(all.map((home) => visibility.seesPlace('dwelling', home.id)))
            const homes = all.filter((_, index) => seen[index])
            return { entrance, homes: await homesNow(ledger.db, telemetry, homes, clock.now()) }
          }),
        ),
      }
    },
  )
}

async function homesNow(
  db: LedgerDb,
  telemetry: TelemetryReader,
  homes: readonly RegistryRow<'dwelling'>[],
  now: number,
): Promise<z.infer<typeof homeSchema>[]> {
  const flags = await openFlagsOf(
    db,
    homes.map(({ id }) => id),
  )
  return Promise.all(
    homes.map(async ({ id, door }) => {
      const period = await entryAt(db, 'dwelling_period', [id], now)
      const coldest = await coldestNow(db, telemetry, id, now)
      return {
        dwelling: id,
        door,
        ...(period && { floor: period.floor, contract: period.contract, circuit: period.circuit }),
        ...(coldest && { coldest }),
        rules: flags
          .filter(({ subject, subjectKind }) => subject === id && subjectKind === 'dwelling')
          .map(({ rule }) => rule),
      }
    }),
  )
}

/** The coldest room speaks for a home. */
async function coldestNow(db: LedgerDb, telemetry: TelemetryReader, dwelling: string, now: number) {
  const probes = await devicesAt(db, 'dwelling', dwelling, now)
  const told = await Promise.all(probes.map(({ device }) => telemetry.latest(device)))
  const rooms = told
    .flatMap((latest, index) => latest.filter(({ at }) => at >= (probes[index]?.valid_from ?? 0)))
    .filter((latest) => latest.metric === 'indoor_temperature_c' && latest.quality !== quality.fail)
    .sort((left, right) => left.value - right.value)
  const [coldest] = rooms
  return coldest && { at: coldest.at, value: coldest.value, quality: qualityNameByCode[coldest.quality] ?? 'unknown' }
}
