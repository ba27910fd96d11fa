import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RegistryRow, RegistryTable } from '#domain/registry.ts'
import { dayMs, hourMs } from '#domain/time.ts'
import { type Ledger, openLedger } from '#store/ledger/database.ts'
import { canonicalJson } from '#store/ledger/digest.ts'
import { bringDaysUpToDate, rankingDays } from '#store/ledger/ranking-days.ts'
import { importRegistry } from '#store/ledger/registry-import.ts'
import { makeRankingDays } from '../../api/ranking/days.ts'
import { makeRankingThread } from '../../api/ranking/ranking-thread.ts'
import { readSupply } from '../../api/ranking/supply-days.ts'
import { emptyTelemetry } from '../support/api.ts'
import { memoryTelemetry } from '../support/memory-telemetry.ts'
import { newLedgerPlace } from '../support/new-ledger.ts'
import {
  fillRankedLedger,
  rankedFrom,
  rankedLedger,
  rankedNow,
  rankedPolicy,
  rankedTo,
} from '../support/ranked-ledger.ts'
import { home, probe } from './registry-city.ts'

const period = { fromDay: rankedFrom, toDay: rankedTo }
const midweek = Date.parse('2026-01-08T00:00:00+08:00')

let ledger: Ledger
beforeEach(async () => {
  ledger = await rankedLedger()
  await readAgain(rankedNow)
  await upToDate()
})
afterEach(() => ledger.close())

const upToDate = () => bringDaysUpToDate({ ledger, policy: rankedPolicy, now: rankedNow }, period)

/** The plant sensor tells of one circuit all the time, whichever that is. */
const telemetry = memoryTelemetry()
for (let at = midweek - 3 * dayMs; at < midweek + 5 * dayMs; at += hourMs) {
  telemetry.add('S-1', 'secondary_flow_m3h', at, at % (5 * hourMs) === 0 ? 0 : 40)
}
const usage = async () => ({ bytes: 1, readings: 1, oldestAt: midweek - 3 * dayMs })
const readAgain = (now: number) =>
  readSupply({ ledger, telemetry: { ...telemetry.reader, usage }, policy: rankedPolicy }, now)

async function rollUps(): Promise<string[]> {
  const { db } = ledger
  const places = await db.selectFrom('roll_up_day').selectAll().execute()
  const firms = await db.selectFrom('firm_day').selectAll().execute()
  const supply = await db
    .selectFrom('circuit_supply')
    .selectAll()
    .where('area_tenths', '>', 0)
    .where('day', '<=', rankedTo)
    .execute()
  const openings = await db
    .selectFrom('supply_opening')
    .selectAll()
    .where('area_tenths', '>', 0)
    .where('day', '<=', rankedTo)
    .execute()
  return [...places, ...firms, ...supply, ...openings].map(canonicalJson).sort()
}

type Rows = { [T in RegistryTable]?: readonly RegistryRow<T>[] }

describe('what is rolled up again after a change is what rolling up everything gives', () => {
  test.each<[string, Rows, number]>([
    [
      'a plant to another firm',
      { plant_period: [{ plant_kind: 'circuit', plant: 'T1-H', firm: 'F1', valid_from: midweek }] },
      4,
    ],
    [
      'a substation to another firm',
      { plant_period: [{ plant_kind: 'substation', plant: 'T1', firm: 'F2', valid_from: midweek }] },
      4,
    ],
    ['a corrected area', { dwelling_period: [home('D-0101', 'T1-L', { heated_area_m2: 90 })] }, 7],
    ['a home on another circuit', { dwelling_period: [home('D-0101', 'T1-H', { valid_from: midweek })] }, 4],
    [
      'a contract that ends',
      { dwelling_period: [home('D-1802', 'T1-H', { valid_from: midweek, contract: 'suspended' })] },
      4,
    ],
    ['a probe that moves', { device_period: [probe('P-2', 'D-0102', { valid_from: midweek })] }, 4],
    [
      'a silent probe that a resident keeps',
      {
        device: [{ id: 'P-3', kind: 'probe' }],
        device_period: [probe('P-3', 'D-0102', { valid_from: midweek, keeper: 'resident' })],
      },
      4,
    ],
    [
      'a plant sensor that moves',
      { device_period: [probe('S-1', 'T1-L', { place_kind: 'circuit', valid_from: midweek })] },
      4,
    ],
    [
      'a circuit in another substation',
      {
        substation: [{ id: 'T2', territory: 'xueyuan', name: '二站' }],
        plant_period: [{ plant_kind: 'substation', plant: 'T2', firm: 'F2', valid_from: midweek }],
        circuit: [{ id: 'T1-L', substation: 'T2', zone: 'low', pumps: 2, name: '低区机组' }],
      },
      7,
    ],
    [
      'an entrance of another building',
      {
        building: [{ id: 'B2', estate: 'xueyuan', name: '2号楼', floors: 6 }],
        entrance: [{ id: 'B1-1', building: 'B2', name: '1单元' }],
      },
      7,
    ],
    [
      'an estate in another district',
      {
        territory: [{ id: 'hualin', kind: 'subdistrict', parent: 'daowai', name: '花园街道' }],
      },
      7,
    ],
  ])('%s', async (_what, rows, days) => {
    const before = await rollUps()
    const imported = await importRegistry(ledger, { rows }, { actor: 'test', now: () => rankedNow })
    if (!imported.ok) throw new Error(JSON.stringify(imported.problems))
    expect(await upToDate()).toBe(days)
    // Of circuits that are told of now, and were not, the hours are read as those that come late.
    await readAgain(rankedNow + hourMs)
    const touched = await rollUps()
    expect(touched).not.toEqual(before)
    expect(await upToDate()).toBe(0)
    await ledger.db.deleteFrom('ranking_day').execute()
    await ledger.db.deleteFrom('roll_up_day').execute()
    expect(await upToDate()).toBe(7)
    for (const table of ['supply_day', 'circuit_supply', 'supply_opening'] as const) {
      await ledger.db.deleteFrom(table).execute()
    }
    await readAgain(rankedNow + hourMs)
    expect(touched).toEqual(await rollUps())
  })

  test('a change that no day of the period knows of touches none', async () => {
    const rows = {
      plant_period: [{ plant_kind: 'circuit' as const, plant: 'T1-H', firm: 'F1', valid_from: rankedNow }],
    }
    await importRegistry(ledger, { rows }, { actor: 'test', now: () => rankedNow })
    const before = await rollUps()
    expect(await upToDate()).toBe(0)
    expect(await rollUps()).toEqual(before)
  })
})

describe('who seals', () => {
  const asked = { ...period, now: rankedNow + dayMs }

  test('of several services each day is sealed by one, and all of them come to know it', async () => {
    await ledger.db.deleteFrom('ranking_day').execute()
    const shared = { ledger, telemetry: emptyTelemetry, policy: rankedPolicy, wallClock: Date.now }
    const services = ['one', 'two', 'three'].map((holder) => makeRankingDays({ ...shared, holder }))
    const touched = await Promise.all(services.map((service) => service.bringUpToDate(asked)))
    expect(touched.toSorted()).toEqual([0, 0, 7])
    expect(await rankingDays(ledger.db, period)).toHaveLength(7)
  })

  test('work that takes longer than the lease goes on where nobody else took it', async () => {
    await ledger.db.deleteFrom('ranking_day').execute()
    let wallMs = 0
    const wallClock = () => {
      wallMs += hourMs
      return wallMs
    }
    const slow = makeRankingDays({ ledger, telemetry: emptyTelemetry, policy: rankedPolicy, wallClock, holder: 'slow' })
    expect(await slow.bringUpToDate(asked)).toBe(7)
  })

  test('a thread that could not open the ledger is there again when the ledger is', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ranking-'))
    const path = join(folder, 'later', 'ledger.db')
    // Nothing can be made in a file.
    await writeFile(join(folder, 'later'), '')
    const thread = makeRankingThread({ ledger: path, policy: rankedPolicy, telemetry: { directory: folder } })
    try {
      await expect(thread.bringUpToDate(asked)).rejects.toMatchObject({ code: 'ranking_failed' })
      await rm(join(folder, 'later'))
      expect(await thread.bringUpToDate(asked)).toBe(0)
    } finally {
      await thread.close()
      await rm(folder, { recursive: true })
    }
  })

  test('a thread of its own does, and what it was asked for before it ends is done', async () => {
    const place = await newLedgerPlace()
    const thread = makeRankingThread({
      ledger: place.target,
      policy: rankedPolicy,
      telemetry: { directory: '/nowhere' },
    })
    try {
      const filled = await openLedger(place.target)
      await fillRankedLedger(filled)
      const touched = thread.bringUpToDate(asked)
      expect(await thread.readSupply(Date.parse('2025-07-01T12:00:00+08:00'))).toBe(0)
      await thread.close()
      expect(await touched).toBe(7)
      expect(await rankingDays(filled.db, period)).toHaveLength(7)
      await filled.close()
      await expect(thread.bringUpToDate(asked)).rejects.toMatchObject({ code: 'ranking_failed' })
    } finally {
      await thread.close()
      await place.remove()
    }
  })
})
