import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Alert } from '#domain/alert.ts'
import { hourMs } from '#domain/time.ts'
import { findAlert, joinableAlerts, listAlerts, saveAlerts } from '#store/ledger/alerts.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { insertFlags, listFlags, openFlagsOf, type StoredFlag, updateFlags } from '#store/ledger/flags.ts'
import { listOutages, recordOutages } from '#store/ledger/outages.ts'
import { listWeather, outdoorTemperatureAt, plantsSource, recordWeather } from '#store/ledger/weather.ts'
import { newLedger } from '../support/new-ledger.ts'

let ledger: Ledger
beforeAll(async () => {
  ledger = await newLedger()
})
afterAll(() => ledger.close())

const flag = (number: number, more: Partial<StoredFlag> = {}): StoredFlag => ({
  key: `dwelling/D-${number}/belowTarget/0`,
  subjectKind: 'dwelling',
  subject: `D-${number}`,
  rule: 'belowTarget',
  since: 0,
  raisedAt: 1000 + Math.floor(number / 2),
  value: 18.5,
  targetC: 20,
  history: false,
  where: { territory: ['harbin', number % 2 === 0 ? 'nangang' : 'dao_li'], firm: number % 2 === 0 ? 'even' : 'odd' },
  ofDwelling: true,
  building: 'B-1',
  circuit: 'C-1',
  device: `P-${number}`,
  alert: 'alert/circuit/C-1/0',
  ...more,
})

const alert = (number: number, more: Partial<Alert> = {}): Alert => ({
  id: `alert/circuit/C-${number}/${number}`,
  placeKind: 'circuit',
  place: `C-${number}`,
  openedAt: number,
  lastFlagAt: number,
  updatedAt: number,
  flags: 2,
  openFlags: 1,
  tier: 'notice',
  rule: 'belowTarget',
  revision: 1,
  announcedAt: number,
  announcedFlags: 1,
  where: { territory: ['harbin', 'nangang'], firm: 'even' },
  district: 'nangang',
  ofDwelling: number % 2 === 0,
  ...more,
})

describe('flags', () => {
  const city = { scope: { kind: 'city' }, dwellings: true } as const
  const all = Array.from({ length: 9 }, (_, number) => flag(number))
  const plant = flag(99, {
    key: 'circuit/C-1/noFlow/0',
    subjectKind: 'circuit',
    subject: 'C-1',
    rule: 'noFlow',
    ofDwelling: false,
  })

  beforeAll(() => ledger.write((transaction) => insertFlags(transaction, [...all, plant])))

  test('are listed newest first, page by page, each once', async () => {
    const seen: string[] = []
    let after: { at: number; key: string } | undefined
    do {
      const page = await listFlags(ledger.db, { ...city, limit: 4, ...(after && { after }) })
      seen.push(...page.flags.map(({ key }) => key))
      after = page.next
    } while (after)
    const expected = [...all, plant].sort(
      (left, right) => right.raisedAt - left.raisedAt || (left.key < right.key ? 1 : -1),
    )
    expect(seen).toEqual(expected.map(({ key }) => key))
  })

  test('come back as they were written', async () => {
    const [found] = (await listFlags(ledger.db, { ...city, subject: { kind: 'dwelling', id: 'D-3' }, limit: 1 })).flags
    expect(found).toEqual(flag(3))
  })

  test('are seen within a scope only, and homes only by those who may see homes', async () => {
    const subjects = async (scope: Parameters<typeof listFlags>[1]['scope'], dwellings = true) =>
      (await listFlags(ledger.db, { scope, dwellings, limit: 100 })).flags.map(({ subject }) => subject).sort()
    expect(await subjects({ kind: 'territory', id: 'dao_li' })).toEqual(['C-1', 'D-1', 'D-3', 'D-5', 'D-7'])
    // "_" is a letter of the id and not any letter.
    expect(await subjects({ kind: 'territory', id: 'daoxli' })).toEqual([])
    expect(await subjects({ kind: 'firm', id: 'even' })).toEqual(['D-0', 'D-2', 'D-4', 'D-6', 'D-8'])
    expect(await subjects({ kind: 'city' }, false)).toEqual(['C-1'])
  })

  test('of a whole city end at once, each in its own way', async () => {
    const many = Array.from({ length: 1_100 }, (_, number) =>
      flag(number, { key: `many-${number}`, subject: `many-${number}` }),
    )
    await ledger.write((transaction) => insertFlags(transaction, many))
    const over = many.map((one, number) => ({
      ...one,
      history: number % 2 === 0,
      ...(number % 3 > 0 && { clearedAt: 5_000 + number, clearedBy: 'heard' }),
    }))
    await ledger.write((transaction) => updateFlags(transaction, over))
    const still = await openFlagsOf(
      ledger.db,
      many.map(({ subject }) => subject),
    )
    const byKey = (flags: readonly StoredFlag[]) => [...flags].sort((left, right) => (left.key < right.key ? -1 : 1))
    expect(byKey(still)).toEqual(byKey(over.filter((_, number) => number % 3 === 0)))
    const { flags } = await listFlags(ledger.db, {
      ...city,
      openOnly: false,
      subject: { kind: 'dwelling', id: 'many-1099' },
      limit: 9,
    })
    expect(flags).toEqual([over[1_099]])
  })

  test('that are over are out of the list of open ones, and the condition may open again', async () => {
    const over = { ...flag(8), clearedAt: 5000, clearedBy: 'recovered' }
    await ledger.write((transaction) => updateFlags(transaction, [over]))
    expect(await openFlagsOf(ledger.db, ['D-8', 'D-7'])).toEqual([flag(7)])
    const again = flag(8, { key: 'dwelling/D-8/belowTarget/6000', since: 6000 })
    await ledger.write((transaction) => insertFlags(transaction, [again]))
    await expect(
      ledger.write((transaction) => insertFlags(transaction, [{ ...again, key: 'dwelling/D-8/belowTarget/7000' }])),
    ).rejects.toThrow(/unique/i)
    const both = await listFlags(ledger.db, {
      ...city,
      openOnly: false,
      subject: { kind: 'dwelling', id: 'D-8' },
      limit: 9,
    })
    expect(both.flags).toEqual([again, over])
  })
})

describe('alerts', () => {
  beforeAll(() =>
    ledger.write((transaction) => saveAlerts(transaction, [alert(1), alert(2), alert(3, { closedAt: 4 }), alert(4)])),
  )

  test('are saved again as they change, and found by what can still be joined', async () => {
    await ledger.write((transaction) => saveAlerts(transaction, [alert(4, { flags: 7, closedAt: 9 })]))
    expect(await findAlert(ledger.db, alert(4).id)).toEqual(alert(4, { flags: 7, closedAt: 9 }))
    const joinable = async (after: number) => (await joinableAlerts(ledger.db, after)).map(({ place }) => place)
    expect(await joinable(3)).toEqual(['C-1', 'C-2', 'C-4'])
    expect(await joinable(100)).toEqual(['C-1', 'C-2'])
  })

  test('are listed open ones first asked for, without what speaks of single homes for those who may not', async () => {
    const places = async (query: object) =>
      (await listAlerts(ledger.db, { scope: { kind: 'city' }, dwellings: true, limit: 10, ...query })).alerts.map(
        ({ place }) => place,
      )
    expect(await places({})).toEqual(['C-2', 'C-1'])
    expect(await places({ openOnly: false })).toEqual(['C-4', 'C-3', 'C-2', 'C-1'])
    expect(await places({ openOnly: false, dwellings: false })).toEqual(['C-3', 'C-1'])
    const { next } = await listAlerts(ledger.db, { scope: { kind: 'city' }, dwellings: true, limit: 1 })
    expect(await places({ after: next })).toEqual(['C-1'])
  })
})

test('outages are found by the time that they overlap', async () => {
  const outage = { kind: 'down', beganAt: 10, endedAt: 20 } as const
  await ledger.write((transaction) => recordOutages(transaction, [outage, { ...outage, beganAt: 30, endedAt: 40 }]))
  expect(await listOutages(ledger.db, 15, 30, 10)).toEqual([outage])
  expect(await listOutages(ledger.db, 20, 30, 10)).toEqual([])
  expect((await listOutages(ledger.db, 0, 100, 1))[0]?.beganAt).toBe(30)
})

test('the weather is what was observed last; what plants feel counts where nobody observes', async () => {
  const weather = (
    at: number,
    source: string,
    outdoorTemperatureC: number,
    kind: 'observed' | 'forecast' = 'observed',
  ) => ({
    district: 'nangang',
    kind,
    at,
    source,
    outdoorTemperatureC,
  })
  await ledger.write((transaction) =>
    recordWeather(
      transaction,
      [
        weather(hourMs, 'station/W-1', -15),
        weather(2 * hourMs, plantsSource, -12),
        weather(8 * hourMs, plantsSource, -18),
        weather(9 * hourMs, 'import', -25, 'forecast'),
      ],
      0,
    ),
  )
  const at = async (hours: number) => await outdoorTemperatureAt(ledger.db, 'nangang', hours * hourMs, 3 * hourMs)
  expect(await at(2)).toMatchObject({ source: 'station/W-1', outdoorTemperatureC: -15 })
  expect(await at(9)).toMatchObject({ source: plantsSource, outdoorTemperatureC: -18 })
  expect(await at(12)).toBeUndefined()
  await ledger.write((transaction) => recordWeather(transaction, [weather(hourMs, 'station/W-1', -16)], 1))
  expect(await listWeather(ledger.db, 'nangang', 'observed', 0, 2 * hourMs, 10)).toEqual([
    weather(hourMs, 'station/W-1', -16),
  ])
})
