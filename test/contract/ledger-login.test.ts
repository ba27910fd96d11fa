import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { openLedger } from '#store/ledger/database.ts'
import type { PostgresTarget } from '#store/ledger/postgres-engine.ts'
import { appendSignals } from '#store/ledger/signals.ts'
import { type LedgerPlace, ledgerEngine } from '../support/new-ledger.ts'
import { guardedDatabase } from '../support/postgres-databases.ts'

const password = 'pa s%40s/?#[]@:+&=暖'

describe.runIf(ledgerEngine === 'PostgreSQL')('a role that owns its database and may do nothing else', () => {
  let place: LedgerPlace
  let target: PostgresTarget
  beforeEach(async () => {
    place = await guardedDatabase(inject('postgresUrl'), password)
    target = place.target as PostgresTarget
  })
  afterEach(() => place.remove())

  test('opens the ledger with its password, writes and listens', async () => {
    const ledger = await openLedger(target)
    let news = 0
    const listening = await ledger.listen(() => {
      news += 1
    })
    const signal = { at: 1, kind: 'flag.raised', key: 'a', subjectKind: 'dwelling', subject: 'D', payload: {} } as const
    await ledger.write((transaction) =>
      appendSignals(transaction, [{ ...signal, history: false, territory: ['harbin'], ofDwelling: true }]),
    )
    await expect.poll(() => news).toBe(2)
    await listening.close()
    await ledger.close()
  })

  const failure = (wrong: Partial<PostgresTarget>) =>
    openLedger({ ...target, ...wrong }).then(
      () => expect.unreachable(),
      (error: Error) => error,
    )

  test('is refused with a wrong password, which waiting does not mend', async () => {
    const error = await failure({ password: 'wrong one' })
    expect(error).toMatchObject({ code: 'ledger_refused' })
    expect(error.message).toContain('password authentication failed for user "guarded"')
    expect(`${error.message} ${error.stack}`).not.toContain('wrong one')
  })

  test('is told which database is not there', async () => {
    const error = await failure({ url: target.url.replace(/[^/]+$/, 'nowhere') })
    expect(error).toMatchObject({ code: 'ledger_refused' })
    expect(error.message).toMatch(/^PostgreSQL database "nowhere" at 127\.0\.0\.1:\d+ refuses us: /)
  })

  test('is told where nobody answers, which may pass', async () => {
    const url = target.url.replace(/:\d+\//, ':1/')
    expect(await failure({ url })).toMatchObject({ code: 'ledger_away' })
  })
})
