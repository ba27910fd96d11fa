import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { ApiDeps } from '../deps.ts'
import { ProblemError } from '../problems.ts'
import { allOrNothing, importResultSchema, noteSchema, tableName, takeRegistry } from '../registry/take.ts'
import { wholeCityAccount } from '../security/guard.ts'

/** 2.5 million dwellings as JSON take about 600 MB. */
const importBytesMax = 1024 ** 3

export const registryImportRoutes: FastifyPluginAsyncZod<Pick<ApiDeps, 'ledger' | 'clock'>> = async (app, deps) => {
  // The body goes to a file as it comes: it may be larger than memory.
  app.removeAllContentTypeParsers()
  for (const type of ['text/csv', 'application/json']) {
    app.addContentTypeParser(type, { bodyLimit: importBytesMax }, async (_request: unknown, body: Readable) => body)
  }

  app.post(
    '/registry/import',
    {
      config: { access: 'registry.write' },
      schema: {
        tags: ['registry'],
        summary: 'Import the registry as JSON, or one table as CSV',
        description:
          `${allOrNothing} The body is \`application/json\` with an array of rows for each table, or \`text/csv\` ` +
          'of the table named in the query. Only for accounts whose scope is the city.',
        consumes: ['application/json', 'text/csv'],
        querystring: z.object({
          table: tableName.optional().describe('The table of a CSV body'),
          check: z
            .stringbool()
            .default(false)
            .describe('Only check: the answer tells what would change, or every wrong row, and nothing is changed'),
          note: noteSchema.default('').describe('Why, or from where; kept with the import'),
        }),
        response: { 200: importResultSchema },
      },
    },
    async (request) => {
      const account = wholeCityAccount(request)
      const { table, note, check } = request.query
      const isCsv = request.headers['content-type']?.startsWith('text/csv') === true
      if (isCsv === (table === undefined)) {
        throw new ProblemError('validation', 'Name the `table` of a CSV body, and of no other')
      }
      const folder = await mkdtemp(join(tmpdir(), 'warmcity-import-'))
      try {
        const path = join(folder, isCsv ? `${table}.csv` : 'registry.json')
        await pipeline(request.body as Readable, bounded(importBytesMax), createWriteStream(path))
        const options = { actor: account.id, note, checkOnly: check, now: () => deps.clock.now() }
        return await takeRegistry(deps.ledger, { path }, options, `${folder}${sep}`)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
  )
}

/** Passes bytes on and fails when there are too many, also where no length was announced. */
function bounded(bytesMax: number): Transform {
  let bytes = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes > bytesMax) done(new ProblemError('too_large', `More than ${bytesMax} bytes`))
      else done(null, chunk)
    },
  })
}
