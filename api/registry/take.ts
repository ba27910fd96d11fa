import { z } from 'zod'
import { registryTableNames } from '#domain/registry.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { RegistryBusyError } from '#store/ledger/registry-batches.ts'
import { type ImportOptions, importRegistry } from '#store/ledger/registry-import.ts'
import type { RegistryInput } from '#store/ledger/registry-open.ts'
import { ProblemError } from '../problems.ts'

export const tableName = z.enum(registryTableNames)
export const noteSchema = z.string().trim().max(200)

export const importResultSchema = z
  .object({
    batch: z.number().int().describe("The registry's version with this import"),
    changed: z.boolean().describe('Whether rows were added or corrected, or would be if they were not only checked'),
    counts: z.partialRecord(
      tableName,
      z.object({
        read: z.number().int(),
        added: z.number().int(),
        corrected: z.number().int(),
        unchanged: z.number().int(),
      }),
    ),
  })
  .meta({ id: 'ImportResult' })

export const allOrNothing =
  'All or nothing: with one wrong row nothing is changed, and the answer (422, `rejected`) names every wrong one in ' +
  '`problems` by file, line, column and reason, with `problemCount` where there are more than are listed. A row whose ' +
  'key is known corrects the stored one; nothing is overwritten.'

type Taken = z.infer<typeof importResultSchema>

/**
 * Takes rows in, or throws the problem that answers the request. `folder` is cut from the names of files: where a
 * body lay for a moment is nobody's business.
 */
export async function takeRegistry(
  ledger: Ledger,
  input: RegistryInput,
  options: ImportOptions,
  folder = '',
): Promise<Taken> {
  const result = await importRegistry(ledger, input, options).catch((error: unknown) => {
    throw error instanceof RegistryBusyError ? new ProblemError('conflict', error.message) : error
  })
  if (result.ok) return { batch: result.batch, changed: result.changed, counts: result.counts }
  const { problemCount } = result
  const problems = result.problems.map((problem) => ({ ...problem, file: problem.file.replace(folder, '') }))
  throw new ProblemError('rejected', `${problemCount} problem(s); nothing was changed`, { problems, problemCount })
}
