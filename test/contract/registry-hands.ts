import { expect } from 'vitest'
import { type ImportProblem, registryTableNames } from '#domain/registry.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { type ImportResult, importRegistry } from '#store/ledger/registry-import.ts'
import { allRows } from '#store/ledger/registry-lookups.ts'
import type { RegistryInput, RegistryRows } from '#store/ledger/registry-open.ts'
import { seasonStart } from './registry-city.ts'

/** Ninety days into the season. Another import counts as crashed after a moment. */
export const importOptions = { actor: 'command-line', now: () => seasonStart + 90 * 86_400_000, stillMs: 20 }

/** What tests of the registry do over and over. */
export function registryHands(ledger: () => Ledger) {
  const read = (input: RegistryInput) => importRegistry(ledger(), input, importOptions)
  const problemsIn = (result: ImportResult): readonly ImportProblem[] =>
    result.ok ? expect.unreachable('the import was taken') : result.problems
  return {
    take: (rows: RegistryRows) => read({ rows }),
    async taken(rows: RegistryRows) {
      const result = await read({ rows })
      expect(result).toMatchObject({ ok: true })
      return result
    },
    problemsOf: async (rows: RegistryRows) => problemsIn(await read({ rows })),
    read: (path: string) => read({ path }),
    problemsOfFile: async (path: string) => problemsIn(await read({ path })),
    /** Rows that count, corrected ones not. */
    async rowsKept() {
      let rows = 0
      for (const table of registryTableNames) rows += (await allRows(ledger().db, table, { limit: 1000 })).length
      return rows
    },
    /** Rows of any state, whether they count or not. */
    async rowsStored() {
      let rows = 0
      for (const table of registryTableNames) {
        rows += (await ledger().db.selectFrom(table).select('batch').execute()).length
      }
      return rows
    },
  }
}
