import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { LedgerDb } from '#store/ledger/database.ts'
import { buildingSuppliers } from '#store/ledger/ranking-suppliers.ts'
import { currentRow, listRows } from '#store/ledger/registry-lookups.ts'
import type { ApiDeps } from '../deps.ts'

/** Somebody who looks for their own building types on until they see it. */
const buildingsMax = 20
/** An estate of that name brings some of its buildings. */
const estatesMax = 5

const foundSchema = z
  .object({
    building: z.string(),
    name: z.string(),
    estate: z.string().describe('Name of the estate that it stands in'),
    firms: z.array(z.object({ firm: z.string(), name: z.string(), phone: z.string().optional() })),
  })
  .meta({ id: 'PublicBuilding' })
type Found = z.infer<typeof foundSchema>

/** Who heats a building, looked up by its name: nothing here is about a home. */
export const publicBuildingRoutes: FastifyPluginAsyncZod<Pick<ApiDeps, 'ledger' | 'clock'>> = async (
  app,
  { ledger, clock },
) => {
  app.get(
    '/public/buildings',
    {
      config: { access: 'public' },
      schema: {
        tags: ['public'],
        summary: 'Buildings by name or estate, who heats them, and whom to call',
        querystring: z.object({
          search: z.string().trim().min(2).max(60).describe('Part of the name of a building or an estate'),
        }),
        response: { 200: z.object({ items: z.array(foundSchema) }) },
      },
    },
    async (request) => {
      const buildings = await buildingsNamed(ledger.db, request.query.search)
      const items = await Promise.all(buildings.map((building) => found(ledger.db, building, clock.now())))
      return { items }
    },
  )
}

interface Building {
  readonly id: string
  readonly name: string
  readonly estate: string
}

async function buildingsNamed(db: LedgerDb, search: string): Promise<Building[]> {
  const buildings = new Map<string, Building>()
  const add = (rows: readonly Building[]) => {
    for (const row of rows) if (buildings.size < buildingsMax) buildings.set(row.id, row)
  }
  add(await listRows(db, 'building', { search }, { limit: buildingsMax }))
  const territories = await listRows(db, 'territory', { search }, { limit: buildingsMax })
  for (const { id } of territories.filter(({ kind }) => kind === 'estate').slice(0, estatesMax)) {
    add(await listRows(db, 'building', { parent: id }, { limit: buildingsMax }))
  }
  return [...buildings.values()]
}

async function found(db: LedgerDb, { id, name, estate }: Building, at: number): Promise<Found> {
  const firms: Found['firms'] = []
  for (const firm of await buildingSuppliers(db, id, at)) {
    const row = await currentRow(db, 'firm', firm)
    if (row) firms.push({ firm, name: row.name, ...(row.phone !== undefined && { phone: row.phone }) })
  }
  return { building: id, name, estate: (await currentRow(db, 'territory', estate))?.name ?? estate, firms }
}
