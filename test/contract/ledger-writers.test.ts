import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Ledger, type LedgerTarget, type LedgerTransaction, openLedger } from '#store/ledger/database.ts'
import { appendSignals, signalsAfter } from '#store/ledger/signals.ts'
import { ledgerEngine, newLedgerPlace } from '../support/new-ledger.ts'

const city = { scope: { kind: 'city' }, dwellings: true } as const

const signal = (key: string) => ({
  at: 1000,
  kind: 'flag.raised' as const,
  key,
  subjectKind: 'dwelling',
  subject: 'D-1',
  history: false,
  territory: ['harbin'],
  ofDwelling: false,
  payload: {},
})

// In SQLite a second writer of the same thread would wait without letting the first one go on.
describe.runIf(ledgerEngine === 'PostgreSQL')('two edges on one ledger', () => {
  let place: Awaited<ReturnType<typeof newLedgerPlace>>
  let one: Ledger
  let other: Ledger
  beforeEach(async () => {
    place = await newLedgerPlace()
    one = await openLedger(place.target)
    other = await openLedger(place.target)
  })
  afterEach(async () => {
    await one.close()
    await other.close()
    await place.remove()
  })

  const append = (ledger: Ledger, ...keys: string[]) =>
    ledger.write((transaction) => appendSignals(transaction, keys.map(signal)))
  const seen = async (after = 0) => (await signalsAfter(other.db, after, city, 100)).signals.map(({ key }) => key)

  /** Begins a transaction with a signal; the first promise tells when it holds, the function lets it commit. */
  function holdOpen(write: (work: (transaction: LedgerTransaction) => Promise<void>) => Promise<unknown>, key: string) {
    const holds = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const done = write(async (transaction) => {
      await appendSignals(transaction, [signal(key)])
      holds.resolve()
      await release.promise
    })
    return { holds: holds.promise, release: release.resolve, done }
  }

  test('the one that comes later waits, and gets the later numbers', async () => {
    const first = holdOpen(one.write, 'a')
    await first.holds
    const second = append(other, 'b', 'c')
    await waitsForLock(other)
    // A reader neither waits nor sees what has no place yet.
    expect(await seen()).toEqual([])
    first.release()
    await first.done
    expect((await second).map(({ number, key }) => [number, key])).toEqual([
      [2, 'b'],
      [3, 'c'],
    ])
    expect(await seen()).toEqual(['a', 'b', 'c'])
  })

  test('one that gives up leaves no gap', async () => {
    const first = holdOpen(one.write, 'a')
    await first.holds
    const second = append(other, 'b')
    await waitsForLock(other)
    await sql`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted
      and database = (select oid from pg_database where datname = current_database())`.execute(other.db)
    first.release()
    await expect(first.done).rejects.toMatchObject({ code: 'ledger_away' })
    expect((await second).map(({ number }) => number)).toEqual([1])
  })

  test('writers that wait leave connections to those who read', async () => {
    const first = holdOpen(one.write, 'a')
    await first.holds
    const waiting = Array.from({ length: 20 }, (_, index) => append(other, `${index}`))
    await waitsForLock(one)
    expect(await Promise.all(Array.from({ length: 20 }, () => seen()))).toEqual(Array.from({ length: 20 }, () => []))
    first.release()
    await first.done
    expect((await Promise.all(waiting)).flat().map(({ number }) => number)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 2),
    )
  })

  test('the counter alone keeps the order, whatever else a writer does', async () => {
    const first = holdOpen((work) => one.db.transaction().execute(work), 'a')
    await first.holds
    const second = other.db
      .transaction()
      .execute((transaction) => appendSignals(transaction, [signal('a'), signal('b')]))
    await waitsForLock(other)
    first.release()
    await first.done
    // What the first one told is known by then.
    expect((await second).map(({ number, key }) => [number, key])).toEqual([[2, 'b']])
  })

  test('a follower that reads while many write misses nothing and sees no gap', async () => {
    const writes = 40
    const writing = Promise.all(
      Array.from({ length: writes }, (_, index) => append(index % 2 === 0 ? one : other, `${index}/x`, `${index}/y`)),
    )
    const numbers: number[] = []
    let after = 0
    while (numbers.length < writes * 2) {
      const page = await signalsAfter(one.db, after, city, 7)
      numbers.push(...page.signals.map(({ number }) => number))
      after = page.through
    }
    await writing
    expect(numbers).toEqual(Array.from({ length: writes * 2 }, (_, index) => index + 1))
  })

  test('who listens is told when the other has written, and not before it has committed', async () => {
    let news = 0
    const listening = await one.listen(() => {
      news += 1
    })
    // Being connected counts as news: something may have come before.
    expect(news).toBe(1)
    const first = holdOpen(other.write, 'a')
    await first.holds
    await sql`select 1`.execute(one.db)
    expect(news).toBe(1)
    first.release()
    await first.done
    await expect.poll(() => news).toBe(2)
    expect(await seen()).toEqual(['a'])
    await listening.close()
  })

  test('who listens is told again after its connection broke', async () => {
    let news = 0
    const listening = await one.listen(() => {
      news += 1
    })
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and query like 'listen%'`.execute(other.db)
    await expect.poll(() => news).toBe(2)
    await append(other, 'a')
    await expect.poll(() => news).toBe(3)
    await listening.close()
  })
})

/** Resolves when a session waits for a lock that another one has. */
async function waitsForLock(ledger: Ledger): Promise<void> {
  const waiting = async () =>
    (
      await sql<{ n: number }>`select count(*) as n from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`.execute(ledger.db)
    ).rows[0]?.n
  await expect.poll(waiting).toBeGreaterThan(0)
}

describe('values', () => {
  let place: Awaited<ReturnType<typeof newLedgerPlace>>
  let target: LedgerTarget
  let ledger: Ledger
  beforeEach(async () => {
    place = await newLedgerPlace()
    target = place.target
    ledger = await openLedger(target)
  })
  afterEach(async () => {
    await ledger.close()
    await place.remove()
  })

  const one = async <T>(query: ReturnType<typeof sql<T>>) => (await query.execute(ledger.db)).rows[0]

  test('counts, sums and conditions are numbers', async () => {
    const found = await one(sql<object>`select count(*) as n, sum(head) as total, coalesce(max(head), 0) as top,
      case when head = 0 then 1 else 0 end as fresh from stream group by head`)
    expect(found).toEqual({ n: 1, total: 0, top: 0, fresh: 1 })
  })

  test('a number that no number of ours holds exactly is refused and not rounded', async () => {
    await ledger.db.updateTable('stream').set({ head: sql`9007199254740991` }).execute()
    expect(await one(sql`select head from stream`)).toEqual({ head: Number.MAX_SAFE_INTEGER })
    await ledger.db.updateTable('stream').set({ head: sql`9007199254740993` }).execute()
    await expect(one(sql`select head from stream`)).rejects.toThrow(RangeError)
  })

  test('every text comes back, but for the character that PostgreSQL does not have', async () => {
    const text = `暖城 'x' "y" \\ \n 🔥 é`
    await ledger.db.updateTable('stream').set({ origin: text }).execute()
    expect(await one(sql`select origin from stream`)).toEqual({ origin: text })
    await ledger.db.updateTable('stream').set({ origin: 'a\0b' }).execute()
    expect(await one(sql`select origin from stream`)).toEqual({
      origin: ledgerEngine === 'SQLite' ? 'a\0b' : 'a\uFFFDb',
    })
  })
})
