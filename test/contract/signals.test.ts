import { expect, test } from 'vitest'
import { appendSignals, forgetSignals, signalsAfter, streamExtent } from '#store/ledger/signals.ts'
import { newLedger } from '../support/new-ledger.ts'

const signal = (key: string, territory: string[], ofDwelling = false) => ({
  at: 1000,
  kind: 'flag.raised' as const,
  key,
  subjectKind: 'dwelling',
  subject: 'D-1',
  history: false,
  territory,
  ofDwelling,
  payload: { a: 1 },
})

test('numbers are gapless in commit order, and a key that is known appends nothing', async () => {
  const ledger = await newLedger()
  await Promise.all([
    ledger.write((transaction) => appendSignals(transaction, [signal('a', ['c']), signal('b', ['c'])])),
    ledger.write((transaction) => appendSignals(transaction, [signal('b', ['c']), signal('d', ['c', 'x'], true)])),
  ])
  const all = await signalsAfter(ledger.db, 0, { scope: { kind: 'city' }, dwellings: true }, 10)
  expect(all.signals.map(({ number, key }) => [number, key])).toEqual([
    [1, 'a'],
    [2, 'b'],
    [3, 'd'],
  ])
  expect(all.head).toBe(3)
  const scoped = await signalsAfter(ledger.db, 0, { scope: { kind: 'territory', id: 'x' }, dwellings: true }, 10)
  expect(scoped.signals.map(({ key }) => key)).toEqual(['d'])
  const homeless = await signalsAfter(ledger.db, 0, { scope: { kind: 'territory', id: 'x' }, dwellings: false }, 10)
  expect(homeless.signals).toEqual([])
  expect(homeless.through).toBe(3)
  await ledger.close()
})

const everything = { scope: { kind: 'city' }, dwellings: true } as const

test('the oldest go, in the order of their numbers, and the numbers go on', async () => {
  const ledger = await newLedger()
  const at = (time: number) => ({ ...signal(`at ${time}`, ['c']), at: time })
  // Of what history brings late, the time is earlier than that of signals before it.
  await ledger.write((transaction) => appendSignals(transaction, [10, 30, 20, 40].map(at)))
  const forget = (before: number, limit: number) =>
    ledger.write((transaction) => forgetSignals(transaction, before, limit))
  expect(await forget(25, 100)).toBe(1)
  expect(await streamExtent(ledger.db)).toMatchObject({ oldest: 2, head: 4 })
  expect(await forget(35, 1)).toBe(1)
  expect(await forget(35, 100)).toBe(1)
  expect((await signalsAfter(ledger.db, 0, everything, 10)).signals.map(({ number }) => number)).toEqual([4])
  expect(await forget(100, 100)).toBe(1)
  expect(await streamExtent(ledger.db)).toMatchObject({ oldest: 5, head: 4 })
  await ledger.write((transaction) => appendSignals(transaction, [at(50)]))
  expect(await streamExtent(ledger.db)).toMatchObject({ oldest: 5, head: 5 })
  await ledger.close()
})

test('an id in another case is another place', async () => {
  const ledger = await newLedger()
  await ledger.write((transaction) => appendSignals(transaction, [signal('a', ['c', 'X_1'])]))
  const seen = async (id: string) =>
    (await signalsAfter(ledger.db, 0, { scope: { kind: 'territory', id }, dwellings: true }, 10)).signals.length
  expect(await seen('X_1')).toBe(1)
  expect(await seen('x_1')).toBe(0)
  expect(await seen('Xa1')).toBe(0)
  await ledger.close()
})
