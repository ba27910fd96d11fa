import { openLedger } from '#store/ledger/database.ts'
import { importRegistry } from '#store/ledger/registry-import.ts'

/** Imports the file of the second argument into the ledger of the first, and tells its parent how far it has come. */
const [target = '', path = ''] = process.argv.slice(2)
const ledger = await openLedger(JSON.parse(target))
await importRegistry(
  ledger,
  { path },
  { actor: 'child', now: () => 0, onProgress: ({ rows }) => process.send?.({ rows }) },
)
await ledger.close()
