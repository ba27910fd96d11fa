import { setPriority } from 'node:os'
import type { ImportProblem } from '#domain/registry.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { exportRegistry } from '#store/ledger/registry-export.ts'
import { type ImportResult, importRegistry } from '#store/ledger/registry-import.ts'
import { defineCommand, exitCode } from './command.ts'
import { folderNow } from './data-folder.ts'
import { withLedger } from './folder-ledger.ts'
import { folderOf, folderOptions } from './ledger-options.ts'

/** Below everything that somebody waits for. */
const importNice = 10

/** A terminal shows the first of many problems; the count says how many there are. */
const problemsPrintedMax = 50

/** Who changed something, for the audit log, where nobody signed in. */
export const commandLineActor = 'command-line'

export const registry = defineCommand({
  name: 'registry',
  usage: 'import PATH | check PATH | export PATH',
  summary:
    'Takes the registry in (a folder of CSV files, a CSV or a JSON file), all or nothing; ' +
    'checks what would change; gives it out',
  positionalsMax: 2,
  options: folderOptions,
  async run(values, [action, path]) {
    if (path === undefined || (action !== 'import' && action !== 'check' && action !== 'export')) {
      console.error(
        'warmcity registry: say what to do: import PATH, check PATH or export PATH (a folder, or a .json file)',
      )
      return exitCode.usage
    }
    const folder = folderOf(values)
    return withLedger(folder, action === 'export' ? 'known' : 'new', async (ledger) => {
      if (action !== 'export') return await importFrom(ledger, path, action === 'check', () => folderNow(folder))
      await exportRegistry(ledger.db, path, path.endsWith('.json') ? 'json' : 'csv')
      console.log(`The registry is in ${path}`)
      return exitCode.ok
    })
  },
})

async function importFrom(ledger: Ledger, path: string, checkOnly: boolean, now: () => number): Promise<number> {
  // Minutes of work for a large city, on the cores that take the readings: those come first.
  setPriority(importNice)
  const terminal = process.stderr.isTTY
  const result = await importRegistry(
    ledger,
    { path },
    {
      actor: commandLineActor,
      now,
      note: path,
      checkOnly,
      onProgress: ({ table, rows }) =>
        terminal && process.stderr.write(`\r\x1b[K${rows.toLocaleString('en')} rows, ${table}`),
    },
  )
  if (terminal) process.stderr.write('\r\x1b[K')
  return reportImport(result, checkOnly)
}

function reportImport(result: ImportResult, checkOnly: boolean): number {
  if (result.ok) {
    for (const [table, { read, added, corrected, unchanged }] of Object.entries(result.counts)) {
      console.log(`${table}: ${read} read, ${added} added, ${corrected} corrected, ${unchanged} unchanged`)
    }
    if (checkOnly)
      console.log(
        `All rows are right. ${result.changed ? 'An import would take them in' : 'An import would change nothing'}.`,
      )
    else console.log(result.changed ? `Current as batch ${result.batch}.` : 'Nothing changed.')
    return exitCode.ok
  }
  printImportProblems(result.problems, result.problemCount)
  return exitCode.failed
}

/** Names every bad row by file, line, column and reason, up to what a terminal can show. */
export function printImportProblems(problems: readonly ImportProblem[], problemCount: number): void {
  for (const { file, line, column, reason } of problems.slice(0, problemsPrintedMax)) {
    console.error(`${file}:${line} ${column}: ${reason}`)
  }
  const rest = problemCount - Math.min(problems.length, problemsPrintedMax)
  if (rest > 0) console.error(`… and ${rest} more`)
  console.error(`${problemCount} problem(s): nothing was imported.`)
}
