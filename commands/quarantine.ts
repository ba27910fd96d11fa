import { pipeline } from 'node:stream/promises'
import { appendAudit } from '#store/ledger/audit.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { listQuarantine, quarantineTotals } from '#store/ledger/quarantine.ts'
import { exportQuarantine, requestReplay } from '#store/ledger/quarantine-replay.ts'
import { defineCommand, exitCode } from './command.ts'
import { folderNow } from './data-folder.ts'
import { withLedger } from './folder-ledger.ts'
import { folderOf, folderOptions } from './ledger-options.ts'
import { commandLineActor } from './registry.ts'

/** A terminal shows the newest; the export has all. */
const entriesPrintedMax = 100

export const quarantine = defineCommand({
  name: 'quarantine',
  usage: 'list | export | replay ID[,ID…]',
  summary: 'Shows deliveries that could not be taken whole, writes them as JSON lines, sends them through again',
  positionalsMax: 2,
  options: {
    ...folderOptions,
  },
  async run(values, [action, target]) {
    const folder = folderOf(values)
    return withLedger(folder, 'known', async (ledger) => {
      if (action === 'list') return await list(ledger)
      if (action === 'export') {
        await writeOut(exportQuarantine(ledger.db, {}))
        return exitCode.ok
      }
      if (action === 'replay' && target !== undefined) return await replay(ledger, target, () => folderNow(folder))
      console.error('warmcity quarantine: say what to do: list, export or replay ID[,ID…]')
      return exitCode.usage
    })
  },
})

/** As fast as the reader takes it; a reader that has seen enough (`| head`) is no failure. */
async function writeOut(lines: AsyncIterable<string>): Promise<void> {
  try {
    await pipeline(lines, process.stdout, { end: false })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  }
}

async function list(ledger: Ledger): Promise<number> {
  for (const entry of await listQuarantine(ledger.db, {}, { limit: entriesPrintedMax })) {
    const [first] = entry.problems
    const more = entry.problemCount > 1 ? ` (and ${entry.problemCount - 1} more)` : ''
    const what = first ? `${first.code} at ${first.path}: ${first.detail}${more}` : ''
    const cells = [entry.id, isoTime(entry.receivedAt), entry.gateway, entry.topic, what, replayText(entry)]
    console.log(cells.filter((cell) => cell !== '').join('\t'))
  }
  const totals = await quarantineTotals(ledger.db)
  console.log(`${totals.kept} kept, ${totals.dropped} dropped for room, ${totals.total} ever`)
  return exitCode.ok
}

const isoTime = (ms: number) => new Date(ms).toISOString()

/** A delivery that goes through again and is still bad stands in the list a second time, under a number of its own. */
function replayText({ replayedAt, replayRequestedAt }: { replayedAt?: number; replayRequestedAt?: number }): string {
  if (replayedAt !== undefined) return `sent through again ${isoTime(replayedAt)}`
  return replayRequestedAt === undefined ? '' : `to be sent through again since ${isoTime(replayRequestedAt)}`
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
