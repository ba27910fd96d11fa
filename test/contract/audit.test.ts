import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { appendAudit, auditGenesisHash, listAudit, verifyAudit } from '#store/ledger/audit.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { ledgerEngine, newLedger } from '../support/new-ledger.ts'

const at = Date.parse('2026-01-15T10:00:00Z')

describe('audit log', () => {
  let ledger: Ledger
  beforeEach(async () => {
    ledger = await newLedger()
  })
  afterEach(() => ledger.close())

  const append = (action: string, subject = 'gateway/GW-1') =>
    ledger.write((transaction) =>
      appendAudit(transaction, { at, actor: 'admin', action, subject, detail: { note: '暖' } }),
    )

  test('each entry carries the hash of the one before it', async () => {
    const first = await append('gateway.create')
    const second = await append('gateway.rotate')
    expect(first).toMatchObject({ number: 1, previousHash: auditGenesisHash, detail: { note: '暖' } })
    expect(second).toMatchObject({ number: 2, previousHash: first.hash })
    expect(await verifyAudit(ledger.db)).toEqual({ ok: true, entries: 2, head: second.hash })
  })

  test('an entry goes with the change that it tells of', async () => {
    const failing = ledger.write(async (transaction) => {
      await appendAudit(transaction, { at, actor: 'admin', action: 'account.create', subject: 'account/x' })
      throw new Error('the change failed')
    })
    await expect(failing).rejects.toThrow('the change failed')
    expect(await verifyAudit(ledger.db)).toEqual({ ok: true, entries: 0, head: auditGenesisHash })
  })

  test('writers at the same time make one chain', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, index) => append(`action.${index}`)))
    expect(await verifyAudit(ledger.db)).toMatchObject({ ok: true, entries: 20 })
  })

  test('entries cannot be changed or deleted by a statement', async () => {
    await append('gateway.create')
    await expect(ledger.db.updateTable('audit_entry').set({ actor: 'nobody' }).execute()).rejects.toThrow('append-only')
    await expect(ledger.db.deleteFrom('audit_entry').execute()).rejects.toThrow('append-only')
  })

  describe('somebody with the file in hand', () => {
    beforeEach(async () => {
      for (const action of ['one', 'two', 'three', 'four']) await append(action)
      const onTable = ledgerEngine === 'PostgreSQL' ? sql`on audit_entry` : sql``
      await sql`drop trigger if exists audit_entry_no_update ${onTable}`.execute(ledger.db)
      await sql`drop trigger if exists audit_entry_no_delete ${onTable}`.execute(ledger.db)
    })

    test.each(['actor', 'action', 'subject', 'detail', 'at', 'hash'] as const)('changes %s', async (column) => {
      await ledger.db
        .updateTable('audit_entry')
        .set({ [column]: '0' })
        .where('number', '=', 2)
        .execute()
      expect(await verifyAudit(ledger.db)).toEqual({ ok: false, number: 2, reason: 'changed' })
    })

    test('takes an entry out of the middle', async () => {
      await ledger.db.deleteFrom('audit_entry').where('number', '=', 3).execute()
      expect(await verifyAudit(ledger.db)).toEqual({ ok: false, number: 3, reason: 'missing' })
    })

    test('cuts the end off', async () => {
      await ledger.db.deleteFrom('audit_entry').where('number', '=', 4).execute()
      expect(await verifyAudit(ledger.db)).toEqual({ ok: false, number: 4, reason: 'missing' })
      await ledger.db.updateTable('audit_chain').set({ head: 3 }).execute()
      expect(await verifyAudit(ledger.db)).toEqual({ ok: false, number: 3, reason: 'headChanged' })
    })

    test('moves an entry to another place', async () => {
      await ledger.db.updateTable('audit_entry').set({ number: 40 }).where('number', '=', 1).execute()
      await ledger.db.updateTable('audit_entry').set({ number: 1 }).where('number', '=', 2).execute()
      expect(await verifyAudit(ledger.db)).toEqual({ ok: false, number: 1, reason: 'chainBroken' })
    })
  })

  test('lists the newest first, filtered and in pages', async () => {
    for (let index = 1; index <= 5; index += 1) await append(`action.${index}`, `gateway/GW-${index % 2}`)
    const page = await listAudit(ledger.db, { subject: 'gateway/GW-1' }, 2)
    expect(page.map((entry) => entry.number)).toEqual([5, 3])
    const next = await listAudit(ledger.db, { subject: 'gateway/GW-1', before: 3 }, 2)
    expect(next.map((entry) => entry.number)).toEqual([1])
  })
})
