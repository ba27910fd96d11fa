import { verifyAudit } from '#store/ledger/audit.ts'
import { sealsLost } from '#store/ledger/ranking-seals.ts'
import { defineCommand, exitCode } from './command.ts'
import { withLedger } from './folder-ledger.ts'
import { readSeals, sealsOption } from './kept-seals.ts'
import { folderOf, folderOptions } from './ledger-options.ts'

const damageText = {
  missing: 'is missing',
  changed: 'is not what was written',
  chainBroken: 'does not follow from the one before it',
  headChanged: 'does not match the kept head: the tail was cut or changed',
} as const

export const audit = defineCommand({
  name: 'audit',
  usage: 'verify',
  summary: 'Checks that nobody changed the log of what people changed',
  positionalsMax: 1,
  options: { ...folderOptions, seals: sealsOption },
  async run(values, [action]) {
    if (action !== 'verify') {
      console.error('warmcity audit: say what to do: verify')
      return exitCode.usage
    }
    return withLedger(folderOf(values), 'known', async (ledger) => {
      const verdict = await verifyAudit(ledger.db)
      if (!verdict.ok) {
        console.error(`Entry ${verdict.number} ${damageText[verdict.reason]}.`)
        return exitCode.failed
      }
      console.log(`${verdict.entries} entries, unbroken; head ${verdict.head}`)
      if (values.seals === undefined) return exitCode.ok
      const seals = readSeals(values.seals)
      const lost = await sealsLost(ledger.db, seals)
      if (lost.length === 0) console.log(`All ${seals.length} seals that were kept are in it.`)
      for (const date of lost) console.error(`The seal of ${date} that was kept is not in the log any more.`)
      return lost.length === 0 ? exitCode.ok : exitCode.failed
    })
  },
})
