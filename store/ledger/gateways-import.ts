import { basename } from 'node:path'
import { z } from 'zod'
import { gatewaySchema, type ImportProblem } from '#domain/registry.ts'
import { appendAudit } from './audit.ts'
import type { Ledger, LedgerDb } from './database.ts'
import { type BrokerAddress, type GatewaySheet, gatewaySheet } from './gateway-sheet.ts'
import { createIdentities } from './mqtt-identities.ts'
import { csvRows, headerProblems } from './registry-csv-reader.ts'
import { importRegistry } from './registry-import.ts'
import { currentRow } from './registry-lookups.ts'

export interface GatewayImportOptions {
  /** Where the sheets send the gateways. */
  readonly broker: BrokerAddress
  readonly actor: string
  /** Service's clock. */
  readonly now: () => number
}

export type GatewayImportResult =
  | { readonly ok: true; readonly sheets: readonly GatewaySheet[] }
  | { readonly ok: false; readonly problems: readonly ImportProblem[]; readonly problemCount: number }

/** All identities of a file are made in one transaction; this many keep it under 50 ms of the write lock. */
const gatewaysPerFileMax = 2_000

const columns = ['id', 'territory', 'name', 'publish'] as const
const topicFilter = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\s\0]+$/, 'holds a space')
const gatewayRowSchema = z.strictObject({
  ...gatewaySchema.shape,
  /** May be left out for a gateway that the registry knows. */
  territory: gatewaySchema.shape.territory.optional(),
})

interface GatewayRow {
  readonly line: number
  readonly id: string
  readonly territory?: string
  readonly name?: string
  readonly publish: readonly string[]
}

/**
 * Makes an identity for each gateway of a CSV file with the columns id, territory, name and publish (foreign-format
 * topics, between spaces; all but id may be absent where the registry knows the gateway), and registers gateways that
 * it does not know. All or nothing: an id that already has an identity is a problem, because its secret would be lost.
 */
export async function importGateways(
  ledger: Ledger,
  csvPath: string,
  options: GatewayImportOptions,
): Promise<GatewayImportResult> {
  const file = basename(csvPath)
  const header = await headerProblems(csvPath, { columns, required: new Set(['id']) })
  if (header.length > 0) return refused(header)
  const { rows, problems } = await readRows(csvPath)
  problems.push(...(await knownProblems(ledger.db, file, rows)))
  if (rows.length === 0 && problems.length === 0)
    problems.push({ file, line: 1, column: '', reason: 'names no gateway' })
  if (problems.length > 0) return refused(problems)

  const registered = await register(ledger, rows, options)
  if (!registered.ok) {
    // The registry counts the rows that it was given; here they are lines of the file.
    const given = rows.filter(isRegistration)
    return refused(
      registered.problems.map((problem) => ({ ...problem, file, line: given[problem.line - 1]?.line ?? problem.line })),
    )
  }
  return { ok: true, sheets: await makeIdentities(ledger, rows, options) }
}

const refused = (problems: readonly ImportProblem[]): GatewayImportResult => ({
  ok: false,
  problems,
  problemCount: problems.length,
})

const isRegistration = (row: GatewayRow) => row.territory !== undefined

async function readRows(csvPath: string): Promise<{ rows: GatewayRow[]; problems: ImportProblem[] }> {
  const file = basename(csvPath)
  const rows: GatewayRow[] = []
  const problems: ImportProblem[] = []
  const seen = new Set<string>()
  for await (const raw of csvRows(csvPath)) {
    const { line } = raw
    const problem = (column: string, reason: string) => problems.push({ file, line, column, reason })
    if (!('cells' in raw)) {
      problem(raw.column, raw.reason)
      continue
    }
    if (rows.length === gatewaysPerFileMax) {
      problem('', `a file makes at most ${gatewaysPerFileMax} gateways: divide it`)
      break
    }
    const { publish = '', ...cells } = presentCells(raw.cells)
    const parsed = gatewayRowSchema.safeParse(cells)
    const grants = z.array(topicFilter).safeParse(publish.split(/\s+/).filter(Boolean))
    for (const issue of parsed.error?.issues ?? []) problem(String(issue.path[0] ?? ''), issue.message)
    for (const issue of grants.error?.issues ?? []) problem('publish', issue.message)
    if (!parsed.success || !grants.success) continue
    if (seen.has(parsed.data.id)) problem('id', 'the file has another row with the same id')
    seen.add(parsed.data.id)
    rows.push({ line, ...parsed.data, publish: grants.data })
  }
  return { rows, problems }
}

const presentCells = (cells: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(cells).flatMap(([column, cell]) => {
      const text = String(cell).trim()
      return text === '' ? [] : [[column, text]]
    }),
  )

/** What only the ledger knows: who has an identity already, and whom the registry misses. */
async function knownProblems(db: LedgerDb, file: string, rows: readonly GatewayRow[]): Promise<ImportProblem[]> {
  const problems: ImportProblem[] = []
  for (const row of rows) {
    const { id, line } = row
    const identity = await db.selectFrom('mqtt_identity').select('revoked_at').where('id', '=', id).executeTakeFirst()
    if (identity && identity.revoked_at === null) {
      problems.push({ file, line, column: 'id', reason: `"${id}" has an identity: rotate its secret instead` })
    }
    if (!isRegistration(row) && !(await currentRow(db, 'gateway', id))) {
      const reason = `is empty, and the registry has no gateway "${id}" yet`
      problems.push({ file, line, column: 'territory', reason })
    }
  }
  return problems
}

function register(ledger: Ledger, rows: readonly GatewayRow[], options: GatewayImportOptions) {
  const gateway = rows.filter(isRegistration).map(({ id, territory, name }) => ({ id, territory, name }))
  return importRegistry(ledger, { rows: { gateway } }, { ...options, note: 'gateways' })
}

async function makeIdentities(
  ledger: Ledger,
  rows: readonly GatewayRow[],
  { broker, actor, now }: GatewayImportOptions,
): Promise<GatewaySheet[]> {
  const secrets = await ledger.write(async (transaction) => {
    const at = now()
    const identities = rows.map(({ id, publish }) => ({ id, kind: 'gateway' as const, publish }))
    const made = await createIdentities(transaction, identities, at)
    if (made.size !== rows.length) throw new GatewayTakenError()
    const detail = { gateways: rows.map(({ id }) => id) }
    await appendAudit(transaction, { at, actor, action: 'gateway.import', subject: 'gateways', detail })
    return made
  })
  return rows.map(({ id, publish }) => gatewaySheet(id, secrets.get(id) as string, broker, publish))
}

/** Somebody else made one of the identities while the file was being read; none was made. */
class GatewayTakenError extends Error {
  readonly code = 'gateway_taken'

  constructor() {
    super('Another import made an identity of the same file meanwhile: no identity was made, try again')
  }
}
