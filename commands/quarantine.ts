import { appendAudit } from '#store/ledger/audit.ts'
import { type Ledger, openLedger } from '#store/ledger/database.ts'
import { listQuarantine, quarantineTotals } from '#store/ledger/quarantine.ts'
import { exportQuarantine, requestReplay } from '#store/ledger/quarantine-replay.ts'
import { defineCommand, exitCode } from './command.ts'
import { dataOption } from './common-options.ts'
import { dataFolder, folderNow } from './data-folder.ts'
import { commandLineActor } from './registry.ts'

/** A terminal shows the newest; the export has all. */
const entriesPrintedMax = 100

export const quarantine = defineCommand({
  name: 'quarantine',
  usage: 'list | export | replay ID[,ID…]',
  summary: 'Shows deliveries that could not be taken whole, writes them as JSON lines, sends them through again',
  positionalsMax: 2,
  options: {
    data: dataOption,
  },
  async run(values, [action, target]) {
    const folder = dataFolder(values.data)
    const ledger = await openLedger(folder.ledger)
    try {
      if (action === 'list') return await list(ledger)
      if (action === 'export') {
        for await (const line of exportQuarantine(ledger.db, {})) process.stdout.write(line)
        return exitCode.ok
      }
      if (action === 'replay' && target !== undefined) return await replay(ledger, target, () => folderNow(folder))
      console.error('warmcity quarantine: say what to do: list, export or replay ID[,ID…]')
      return exitCode.usage
    } finally {
      await ledger.close()
    }
  },
})

async function list(ledger: Ledger): Promise<number> {
  for (const entry of await listQuarantine(ledger.db, {}, { limit: entriesPrintedMax })) {
    const [first] = entry.problems
    const more = entry.problemCount > 1 ? ` (and ${entry.problemCount - 1} more)` : ''
    const what = first ? `${first.code} at ${first.path}: ${first.detail}${more}` : ''
    console.log(`${entry.id}\t${new Date(entry.receivedAt).toISOString()}\t${entry.gateway}\t${entry.topic}\t${what}`)
  }
  const totals = await quarantineTotals(ledger.db)
  console.log(`${totals.kept} kept, ${totals.dropped} dropped for room, ${totals.total} ever`)
  return exitCode.ok
}

async function replay(ledger: Ledger, target: string, now: () => number): Promise<number> {
  const ids = target.split(',').map(Number)
  if (!ids.every((id) => Number.isInteger(id) && id > 0)) {
    console.error(`warmcity quarantine replay: "${target}" is not a list of numbers like 12,13`)
    return exitCode.usage
  }
  const asked = await ledger.write(async (transaction) => {
    const at = now()
    const found = await requestReplay(transaction, ids, { actor: commandLineActor, now: at })
    if (found.length > 0) {
      const change = { at, actor: commandLineActor, action: 'quarantine.replay', subject: 'quarantine' }
      await appendAudit(transaction, { ...change, detail: { ids: found } })
    }
    return found
  })
  console.log(`${asked.length} of ${ids.length} go through again as soon as the edge runs.`)
  return asked.length === ids.length ? exitCode.ok : exitCode.failed
}
