import { listAccounts } from '#store/ledger/accounts.ts'
import { ensureFirstAdmin } from '../api/first-accounts.ts'
import { defineCommand, exitCode } from './command.ts'
import { folderNow } from './data-folder.ts'
import { withLedger } from './folder-ledger.ts'
import { folderOf, folderOptions } from './ledger-options.ts'

/** Accounts are few; a longer list is the API's to page. */
const accountsPrintedMax = 1_000

export const accounts = defineCommand({
  name: 'accounts',
  usage: 'list | first-admin',
  summary: 'Lists who may sign in; makes the first admin of a new service and shows the password once',
  positionalsMax: 1,
  options: folderOptions,
  async run(values, [action]) {
    if (action !== 'list' && action !== 'first-admin') {
      console.error('warmcity accounts: say what to do: list or first-admin')
      return exitCode.usage
    }
    const folder = folderOf(values)
    return withLedger(folder, action === 'list' ? 'known' : 'new', async (ledger) => {
      if (action === 'list') {
        for (const { id, role, scope, disabledAt } of await listAccounts(ledger.db, '', accountsPrintedMax)) {
          const where = scope.kind === 'city' ? 'city' : `${scope.kind} ${scope.id}`
          console.log(`${id}\t${role}\t${where}${disabledAt === undefined ? '' : '\tdisabled'}`)
        }
        return exitCode.ok
      }
      const admin = await ensureFirstAdmin(ledger, folderNow(folder))
      if (admin === undefined) {
        console.error('There are accounts already: an admin makes more through the API.')
        return exitCode.failed
      }
      console.log(`${admin.account} / ${admin.password}   (shown once: keep it)`)
      return exitCode.ok
    })
  },
})
