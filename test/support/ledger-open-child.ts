import { openLedger } from '#store/ledger/database.ts'

/** Opens the ledger of its argument, several times at once where it can, when it is told to; says how that went. */
const target = JSON.parse(process.argv[2] ?? '')
// SQLite waits without giving the thread back: in one thread a second opening would hold the first one up.
const openingsAtOnce = typeof target === 'string' ? 1 : 4
process.once('message', async () => {
  const opened = await Promise.allSettled(Array.from({ length: openingsAtOnce }, () => openLedger(target)))
  const streams = new Set<string>()
  const problems: string[] = []
  for (const one of opened) {
    if (one.status === 'rejected') {
      problems.push(String(one.reason))
      continue
    }
    for (const { id } of await one.value.db.selectFrom('stream').select('id').execute()) streams.add(id)
    await one.value.close()
  }
  process.send?.({ streams: [...streams], problems }, () => process.disconnect?.())
})
process.send?.('ready')
