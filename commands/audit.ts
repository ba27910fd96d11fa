import { verifyAudit } from '#store/ledger/audit.ts'
import { defineCommand, exitCode } from './command.ts'
import { withLedger } from './folder-ledger.ts'
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
  options: folderOptions,
  async run(values, [action]) {
    if (action !== 'verify') {
      console.error('warmcity audit: say what to do: verify')
      return exitCode.usage
    }
    return withLedger(folderOf(values), 'known', async (ledger) => {
      const verdict = await verifyAudit(ledger.db)
      if (verdict.ok) {
        console.log(`${verdict.entries} entries, unbroken; head ${verdict.head}`)
        return exitCode.ok
      }
      console.error(`Entry ${verdict.number} ${damageText[verdict.reason]}.`)
      return exitCode.failed
    })
  },
})
