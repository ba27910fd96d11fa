import { Readable } from 'node:stream'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { registryVersion } from '#store/ledger/registry-batches.ts'
import { registryCsv, registryJson } from '#store/ledger/registry-export.ts'
import { attachment, csvContentType } from '../csv.ts'
import type { ApiDeps } from '../deps.ts'
import { ProblemError } from '../problems.ts'
import { mayWrite } from '../registry/entry-scope.ts'
import { allOrNothing, importResultSchema, noteSchema, tableName, takeRegistry } from '../registry/take.ts'
import { instantQuery } from '../schemas.ts'
import type { See } from '../scope/see.ts'
import { principalOf, wholeCityAccount } from '../security/guard.ts'

/** What a person enters by hand; more is an import. */
const rowsPerEditMax = 100

interface RegistryChangeDeps extends Pick<ApiDeps, 'ledger' | 'clock'> {
  readonly see: See
}

export const registryChangeRoutes: FastifyPluginAsyncZod<RegistryChangeDeps> = async (app, { ledger, clock, see }) => {
  const tags = ['registry']

  app.post(
    '/registry/entries',
    {
      config: { access: 'registry.write' },
      schema: {
        tags,
        summary: 'Enter or correct rows',
        description: `${allOrNothing} Times are epoch milliseconds or ISO 8601 with offset.`,
        body: z.strictObject({
          table: tableName,
          rows: z.array(z.record(z.string(), z.unknown())).min(1).max(rowsPerEditMax),
          note: noteSchema.default(''),
        }),
        response: { 200: importResultSchema },
      },
    },
    async (request) => {
      const { table, rows, note } = request.body
      const visibility = see(request)
      for (const [index, row] of rows.entries()) {
        if (await mayWrite(ledger.db, visibility, table, row)) continue
        throw new ProblemError('forbidden', `Row ${index + 1} names something that lies outside of your area`)
      }
      const options = { actor: principalOf(request).account.id, note, now: () => clock.now() }
      return takeRegistry(ledger, { rows: { [table]: rows } }, options)
    },
  )

  app.get(
    '/registry/export',
    {
      config: { access: 'registry.write' },
      schema: {
        tags,
        summary: 'The whole registry as JSON, or one table as CSV',
        description: 'Importing it again changes nothing. Only for accounts whose scope is the city.',
        querystring: z.object({
          table: tableName.optional().describe('One table, as CSV'),
          at: instantQuery.optional().describe('Of dated tables only the entries in force then'),
        }),
        response: {
          200: {
            content: {
              'application/json': { schema: z.record(tableName, z.array(z.unknown())) },
              'text/csv': { schema: z.string() },
            },
          },
        },
      },
    },
    async (request, reply) => {
      wholeCityAccount(request)
      const { table, at } = request.query
      const moment = { version: await registryVersion(ledger.db), ...(at !== undefined && { at }) }
      const text = table === undefined ? registryJson(ledger.db, moment) : registryCsv(ledger.db, table, moment)
      const name = table === undefined ? 'registry.json' : `${table}.csv`
      reply.type(table === undefined ? 'application/json' : csvContentType).headers(attachment(name))
      // Typed as text for the description of the api; it is sent as it is made.
      return Readable.from(text) as unknown as string
    },
  )
}
