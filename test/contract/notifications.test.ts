import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createAccount, findAccount } from '#store/ledger/accounts.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { acquireLease, holdLease, leaseHolder, releaseLease } from '#store/ledger/leases.ts'
import {
  cancelNotifications,
  countNotifications,
  dueNotifications,
  dueTargets,
  enqueueNotifications,
  forgetNotifications,
  recordAttempt,
} from '#store/ledger/notifications.ts'
import { newLedger } from '../support/new-ledger.ts'

const at = Date.parse('2026-01-15T10:00:00Z')

let ledger: Ledger
beforeEach(async () => {
  ledger = await newLedger()
})
afterEach(() => ledger.close())

describe('leases', () => {
  const acquire = (holder: string, now: number) =>
    ledger.write((transaction) => acquireLease(transaction, 'alerts', holder, now, 1_000))

  test('one holds it, renews it, and the next one gets it when it ends', async () => {
    const first = await acquire('a', 0)
    expect(first).toMatchObject({ holder: 'a', token: 1, expiresAt: 1_000 })
    expect(await acquire('b', 999)).toBeUndefined()
    expect(await acquire('a', 500)).toMatchObject({ token: 1, expiresAt: 1_500 })
    expect(await leaseHolder(ledger.db, 'alerts', 1_499)).toBe('a')
    expect(await acquire('b', 1_500)).toMatchObject({ holder: 'b', token: 2 })
    expect(await leaseHolder(ledger.db, 'alerts', 9_999)).toBeUndefined()
  })

  test('a holder that comes back too late gets a new token: another may have worked meanwhile', async () => {
    await acquire('a', 0)
    expect(await acquire('a', 5_000)).toMatchObject({ token: 2 })
  })

  test('work under an older token is refused, and nothing of it stays', async () => {
    const first = await acquire('a', 0)
    await acquire('b', 5_000)
    if (!first) throw new Error('no lease')
    const work = ledger.write(async (transaction) => {
      await createAccount(transaction, {
        id: 'written-late',
        name: '',
        role: 'viewer',
        scope: { kind: 'city' },
        createdAt: at,
        password: '',
      })
      await holdLease(transaction, first)
    })
    await expect(work).rejects.toMatchObject({ code: 'lease_lost' })
    expect(await findAccount(ledger.db, 'written-late')).toBeUndefined()
  })

  test('given back, it can be taken at once; giving back an old one changes nothing', async () => {
    const first = await acquire('a', 0)
    if (!first) throw new Error('no lease')
    await ledger.write((transaction) => releaseLease(transaction, first))
    expect(await acquire('b', 1)).toMatchObject({ token: 2 })
    await ledger.write((transaction) => releaseLease(transaction, first))
    expect(await acquire('c', 2)).toBeUndefined()
  })

  test('of many that ask at once, one gets it', async () => {
    const leases = await Promise.all(Array.from({ length: 10 }, (_, index) => acquire(`holder ${index}`, 0)))
    expect(leases.filter((lease) => lease !== undefined)).toHaveLength(1)
  })
})

describe('notifications', () => {
  const make = (id: string, signal: number, target = 'hook') => ({
    id,
    channel: 'webhook' as const,
    target,
    signal,
    body: '{}',
  })
  const enqueue = (...all: ReturnType<typeof make>[]) =>
    ledger.write((transaction) => enqueueNotifications(transaction, all, 1_000))
  const settle = (id: string, attempt: number, state: 'delivered' | 'pending', nextAttemptAt: number) =>
    ledger.write((transaction) =>
      recordAttempt(
        transaction,
        id,
        { attempt, at: 1_000, durationMs: 5, outcome: state === 'delivered' ? 'delivered' : 'refused', status: 500 },
        { state, nextAttemptAt },
      ),
    )

  test('are due in the order of the signals, each once', async () => {
    await enqueue(make('b', 2), make('a', 1), make('c', 3, 'other'))
    await enqueue(make('a', 1))
    expect(await dueTargets(ledger.db, 'webhook', 1_000)).toEqual(['hook', 'other'])
    const due = await dueNotifications(ledger.db, 'webhook', 'hook', 1_000, 10)
    expect(due.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(await dueTargets(ledger.db, 'mqtt', 1_000)).toEqual([])
  })

  test('wait until the next attempt, and are over when delivered or cancelled', async () => {
    await enqueue(make('a', 1), make('b', 2), make('c', 3))
    await settle('a', 1, 'pending', 2_000)
    await settle('b', 1, 'delivered', 1_000)
    expect((await dueNotifications(ledger.db, 'webhook', 'hook', 1_999, 10)).map(({ id }) => id)).toEqual(['c'])
    expect((await dueNotifications(ledger.db, 'webhook', 'hook', 2_000, 10)).map(({ id }) => id)).toEqual(['a', 'c'])
    await ledger.write((transaction) => cancelNotifications(transaction, 'webhook', 'hook'))
    expect(await dueTargets(ledger.db, 'webhook', 9_000)).toEqual([])
    expect(await countNotifications(ledger.db)).toEqual(
      expect.arrayContaining([
        { channel: 'webhook', state: 'cancelled', count: 2 },
        { channel: 'webhook', state: 'delivered', count: 1 },
      ]),
    )
  })

  test('what is settled is forgotten in time, what is pending never', async () => {
    await enqueue(make('a', 1), make('b', 2))
    await settle('a', 1, 'delivered', 1_000)
    const forget = () => ledger.write((transaction) => forgetNotifications(transaction, 9_000, 10))
    expect(await forget()).toBe(1)
    expect(await forget()).toBe(0)
    expect(await ledger.db.selectFrom('notification_attempt').selectAll().execute()).toEqual([])
  })
})
