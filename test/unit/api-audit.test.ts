import { expect, test } from 'vitest'
import { appendAudit, verifyAudit } from '#store/ledger/audit.ts'
import { openLedger } from '#store/ledger/database.ts'

test('while a long log is checked, requests have their turn', async () => {
  const ledger = await openLedger(':memory:')
  await ledger.write(async (transaction) => {
    for (let entry = 0; entry < 5_000; entry += 1) {
      await appendAudit(transaction, { at: entry, actor: 'test', action: 'test', subject: `entry/${entry}` })
    }
  })
  let turns = 0
  let checking = true
  const takeTurn = () => {
    turns += 1
    if (checking) setImmediate(takeTurn)
  }
  setImmediate(takeTurn)
  expect(await verifyAudit(ledger.db)).toMatchObject({ ok: true, entries: 5_000 })
  checking = false
  expect(turns).toBeGreaterThanOrEqual(4)
  await ledger.close()
})
