import { expect, test } from 'vitest'
import { appendSignals, signalsAfter } from '#store/ledger/signals.ts'
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
