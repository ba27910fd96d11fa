import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { type Ledger, openLedger } from '#store/ledger/database.ts'
import { recordRefusals, refusalTotal } from '#store/ledger/refusals.ts'

async function newFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'warmcity-ledger-file-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return join(folder, 'ledger.db')
}

const refuse = (ledger: Ledger, clients: readonly string[]) =>
  ledger.write((transaction) =>
    recordRefusals(
      transaction,
      clients.map((clientId) => ({
        ...{ at: 1, clientId, address: 'x'.repeat(200), action: 'connect', reason: 'unknown_id' },
      })),
    ),
  )

test('a full disk is told by its name, nothing of the work is left, and with room it goes on', async () => {
  const ledger = await openLedger(await newFile())
  onTestFinished(() => ledger.close())
  const pages = await sql<{ page_count: number }>`pragma page_count`.execute(ledger.db)
  // SQLite refuses to grow beyond it just as it does on a disk without room.
  const allowPages = (count: number) => sql.raw(`pragma max_page_count = ${count}`).execute(ledger.db)
  await allowPages((pages.rows[0]?.page_count ?? 0) + 2)
  const many = Array.from({ length: 200 }, (_, number) => `G-${number}`)
  await expect(refuse(ledger, many)).rejects.toMatchObject({
    code: 'ledger_away',
    message: expect.stringContaining('its disk is full; make room'),
  })
  expect(await refusalTotal(ledger.db, 'G-0')).toBe(0)
  await allowPages(100_000)
  await refuse(ledger, many)
  expect(await refusalTotal(ledger.db, 'G-0')).toBe(1)
})
