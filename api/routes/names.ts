import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { LedgerDb } from '#store/ledger/database.ts'
import { currentRow } from '#store/ledger/registry-lookups.ts'
import type { ApiDeps } from '../deps.ts'
import type { See } from '../scope/see.ts'

/** Things of a list that one screen shows at once. */
const namesMax = 100

const namedTables = ['territory', 'firm', 'source', 'substation', 'circuit', 'building', 'dwelling'] as const
type NamedTable = (typeof namedTables)[number]

const partSchema = z.object({ name: z.string(), nameEn: z.string().optional() })
type Part = z.infer<typeof partSchema>

const nameSchema = z
  .object({
    of: z.string().describe('As it was asked for'),
    parts: z.array(partSchema).describe('From the estate down for what is in a building, otherwise one'),
  })
  .meta({ id: 'Name' })

const ofPattern = new RegExp(`^(${namedTables.join('|')})/[^/\\s]{1,64}$`)
const ofQuery = z.string().regex(ofPattern, `a kind (${namedTables.join(', ')}), a slash and an id`)

interface NameDeps extends Pick<ApiDeps, 'ledger'> {
  readonly see: See
}

export const nameRoutes: FastifyPluginAsyncZod<NameDeps> = async (app, { ledger, see }) => {
  app.get(
    '/names',
    {
      config: { access: 'plant.read' },
      schema: {
        tags: ['registry'],
        summary: 'How things are called, many at once',
        description: 'What the account may not see, and what is not registered, is left out.',
        querystring: z.object({
          of: z
            .union([ofQuery.transform((one) => [one]), z.array(ofQuery).max(namesMax)])
            .describe('Kind and id, repeated: of=circuit/H-0001-low&of=firm/F-01'),
        }),
        response: { 200: z.object({ items: z.array(nameSchema) }) },
      },
    },
    async (request) => {
      const visibility = see(request)
      const found = await Promise.all(
        request.query.of.map(async (of) => {
          const slash = of.indexOf('/')
          const table = of.slice(0, slash) as NamedTable
          const id = of.slice(slash + 1)
          if (!(await visibility.seesThing(table, id))) return undefined
          const parts = await nameOf(ledger.db, table, id)
          return parts && { of, parts }
        }),
      )
      return { items: found.filter((name) => name !== undefined) }
    },
  )
}

async function nameOf(db: LedgerDb, table: NamedTable, id: string): Promise<Part[] | undefined> {
  if (table === 'building') return buildingName(db, id)
  if (table === 'dwelling') return dwellingName(db, id)
  const row = await currentRow(db, table, id)
  return row && [partOf(row)]
}

async function buildingName(db: LedgerDb, id: string): Promise<Part[] | undefined> {
  const building = await currentRow(db, 'building', id)
  const estate = building && (await currentRow(db, 'territory', building.estate))
  return building && [...(estate ? [partOf(estate)] : []), partOf(building)]
}

async function dwellingName(db: LedgerDb, id: string): Promise<Part[] | undefined> {
  const dwelling = await currentRow(db, 'dwelling', id)
  const entrance = dwelling && (await currentRow(db, 'entrance', dwelling.entrance))
  const above = entrance && (await buildingName(db, entrance.building))
  return dwelling && entrance && [...(above ?? []), partOf(entrance), { name: dwelling.door }]
}

const partOf = ({ name, name_en }: { name: string; name_en?: string | undefined }): Part => ({
  name,
  ...(name_en !== undefined && { nameEn: name_en }),
})
