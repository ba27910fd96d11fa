import { localDayAt } from '#domain/season.ts'
import { type DifferenceReason, verifyList } from '#store/ledger/ranking-verify.ts'
import { defineCommand, exitCode } from './command.ts'
import { edgeOptions } from './common-options.ts'
import { folderNow } from './data-folder.ts'
import { withLedger } from './folder-ledger.ts'
import { folderOf, folderOptions } from './ledger-options.ts'
import { readPolicy } from './policy-file.ts'

const reasonText: Readonly<Record<DifferenceReason, string>> = {
  late: 'readings came late',
  correction: 'corrected by people since',
  unexplained: 'UNEXPLAINED',
  noLongerCheckable: 'no longer checkable',
}

export const verifyListCommand = defineCommand({
  name: 'verify-list',
  usage: 'ID',
  summary: 'Checks a published ranking: against its inputs, its digest, and what the stores say today',
  positionalsMax: 1,
  options: { ...folderOptions, city: edgeOptions.city, policy: edgeOptions.policy },
  async run(values, [id]) {
    if (id === undefined) {
      console.error('warmcity verify-list: name the list')
      return exitCode.usage
    }
    const policy = readPolicy(values)
    const folder = folderOf(values)
    return withLedger(folder, 'known', async (ledger) => {
      const today = localDayAt(policy.season.zone, folderNow(folder)).day
      const verdict = await verifyList(ledger.db, policy, id, today)
      if (!verdict) {
        console.error(`There is no published list ${id}.`)
        return exitCode.failed
      }
      const { scoreFollows, inputsMatchDigest, differences } = verdict
      console.log(`The scores ${scoreFollows ? 'follow' : 'DO NOT FOLLOW'} from the frozen inputs.`)
      console.log(`The frozen inputs ${inputsMatchDigest ? 'match' : 'DO NOT MATCH'} the digest.`)
      console.log(differences.length === 0 ? "Today's stores match the frozen inputs." : "Today's stores differ:")
      for (const { subject, reason, detail } of differences)
        console.log(`  ${subject}: ${reasonText[reason]}: ${detail}`)
      const explained = differences.every(({ reason }) => reason !== 'unexplained')
      return scoreFollows && inputsMatchDigest && explained ? exitCode.ok : exitCode.failed
    })
  },
})
