import type { TestProject } from 'vitest/node'
import { openLedger } from '#store/ledger/database.ts'
import { startPostgres } from './postgres-server.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Server for the tests that run on PostgreSQL; the database in the URL is up to date and is copied, never used. */
    postgresUrl: string
  }
}

/** Starts one PostgreSQL for all tests of a project, and ends it with them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres()
  // Copying a database that is up to date is quicker than bringing each one there.
  const url = await server.createDatabase('ledger')
  await (await openLedger({ url })).close()
  project.provide('postgresUrl', url)
  return () => server.remove()
}
