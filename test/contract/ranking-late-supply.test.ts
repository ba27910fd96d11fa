import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { quality } from '#domain/quality.ts'
import type { RankingMethod } from '#domain/ranking-method.ts'
import { rankingMethods } from '#domain/ranking-methods/index.ts'
import { dayMs, hourMs, minuteMs } from '#domain/time.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { dayText, saveDwellingDays } from '#store/ledger/dwelling-days.ts'
import { insertFlags } from '#store/ledger/flags.ts'
import { lateSupply, markLateSupply } from '#store/ledger/late-supply.ts'
import { bringDaysUpToDate } from '#store/ledger/ranking-days.ts'
import { firmInputs } from '#store/ledger/ranking-inputs.ts'
import { draftList, findList, openObjections, publishList, type RankingList } from '#store/ledger/ranking-lists.ts'
import { verifyList } from '#store/ledger/ranking-verify.ts'
import { readSupply } from '../../api/ranking/supply-days.ts'
import { memoryTelemetry } from '../support/memory-telemetry.ts'
import { dwellingDay, rankedFrom, rankedLedger, rankedNow, rankedPolicy, rankedTo } from '../support/ranked-ledger.ts'

/**
 * A circuit was silent from two in the morning until noon, which counts as ten hours without flow. Then its gateway
 * sends what it had kept.
 */
const period = { territory: 'harbin', fromDay: rankedFrom, toDay: rankedTo }
const silentDay = rankedFrom + 2
const midnight = Date.parse(`${dayText(silentDay)}T00:00:00+08:00`)
const by = { actor: 'regulator', at: rankedNow }
const [method] = rankingMethods as [RankingMethod]

let ledger: Ledger
let telemetry: ReturnType<typeof memoryTelemetry>
let oldestAt: number
beforeEach(async () => {
  ledger = await rankedLedger()
  telemetry = memoryTelemetry()
  oldestAt = midnight - 2 * dayMs
  measure(midnight - 2 * dayMs, midnight + 2 * hourMs)
  measure(midnight + 12 * hourMs, midnight + 2 * dayMs)
  const silent = { subjectKind: 'circuit', subject: 'T1-H', rule: 'plantSilent', since: midnight + 2 * hourMs } as const
  const flag = { ...silent, key: 'a', raisedAt: silent.since, clearedAt: midnight + 12 * hourMs }
  const where = { territory: [], firm: 'F2' }
  await ledger.write((transaction) => insertFlags(transaction, [{ ...flag, where, history: false, ofDwelling: false }]))
  await readAt(rankedNow)
  await bringDaysUpToDate({ ledger, policy: rankedPolicy, now: rankedNow }, period)
})
afterEach(() => ledger.close())

function measure(from: number, to: number, celsius = 45): void {
  for (let at = from; at < to; at += 20 * minuteMs) {
    telemetry.add('S-1', 'secondary_flow_m3h', at, 40, quality.good)
    telemetry.add('S-1', 'secondary_supply_temperature_c', at, celsius, quality.good)
  }
}

const readAt = (now: number, receivedTo?: number) => {
  const usage = async () => ({ bytes: 1, readings: 1, oldestAt, ...(receivedTo !== undefined && { receivedTo }) })
  return readSupply({ ledger, telemetry: { ...telemetry.reader, usage }, policy: rankedPolicy }, now)
}

/** Readings come an hour after everything was published, and are read when they have settled. */
const cameAt = rankedNow + hourMs
const settled = cameAt + 11 * minuteMs
const mark = () =>
  ledger.write((transaction) => markLateSupply(transaction, [{ day: silentDay, device: 'S-1', markedAt: cameAt }]))
async function late(from: number, to: number, celsius?: number): Promise<void> {
  measure(midnight + from * hourMs, midnight + to * hourMs, celsius)
  await mark()
  await readAt(settled)
}

const outageMinutes = async () => {
  const f2 = (await firmInputs(ledger.db, rankedPolicy, period)).find(({ firm }) => firm === 'F2')
  return f2?.outage?.homeMinutes
}

describe('readings of a plant that come after its day was read', () => {
  test('prove the hours in which it was silent, and only those that they tell of', async () => {
    expect(await outageMinutes()).toBe(600)
    await late(2, 8)
    expect(await outageMinutes()).toBe(240)
    expect(await lateSupply(ledger.db, Number.MAX_SAFE_INTEGER, 10)).toEqual([])
  })

  test('prove no heat where the water was cold, nor more than the hours of a silence', async () => {
    await late(2, 8, 24)
    expect(await outageMinutes()).toBe(600)
    await late(2, 12)
    expect(await outageMinutes()).toBe(0)
  })

  test('are an outage where they tell of cold water in hours that nobody had missed', async () => {
    await ledger.db.deleteFrom('flag').execute()
    expect(await outageMinutes()).toBe(0)
    await late(3, 6, 24)
    expect(await outageMinutes()).toBe(180)
  })

  test('wait until they have settled and telemetry has them, and are asked for once', async () => {
    measure(midnight + 2 * hourMs, midnight + 8 * hourMs)
    await mark()
    expect(await readAt(cameAt + 9 * minuteMs)).toBe(0)
    expect(await readAt(settled, cameAt - 1)).toBe(0)
    expect(await outageMinutes()).toBe(600)
    expect(await readAt(settled, cameAt)).toBe(1)
    expect(await outageMinutes()).toBe(240)
    expect(await readAt(settled)).toBe(0)
  })

  test('that are past retention, or later than a season, leave the day as it was', async () => {
    oldestAt = midnight + hourMs
    await late(2, 8)
    expect(await outageMinutes()).toBe(600)
    expect(await lateSupply(ledger.db, Number.MAX_SAFE_INTEGER, 10)).toEqual([])
    oldestAt = midnight - 2 * dayMs
    await mark()
    await readAt(cameAt + 200 * dayMs)
    expect(await outageMinutes()).toBe(600)
  })
})

describe('what the check of a published list says of it', () => {
  async function published(): Promise<RankingList> {
    const { id } = await ledger.write((transaction) => draftList(transaction, period, method, by))
    await ledger.write((transaction) => openObjections(transaction, id, rankedNow))
    const open = (await findList(ledger.db, id)) as RankingList
    expect(await publishList(ledger, rankedPolicy, open, by)).toMatchObject({ ok: true })
    return (await findList(ledger.db, id)) as RankingList
  }
  const differences = async (list: RankingList) =>
    (await verifyList(ledger.db, rankedPolicy, list.id, rankedTo + 8))?.differences

  const ofSupply = { subject: 'firm/F2', detail: 'outages or opening hours differ' }

  test('late', async () => {
    const list = await published()
    expect(await differences(list)).toEqual([])
    await late(2, 8)
    expect(await differences(list)).toEqual([{ ...ofSupply, reason: 'late' }])
    // What came before the list was published is nothing new to the next one.
    expect(await differences(await published())).toEqual([])
  })

  const changeByHand = (day: number) =>
    sql`update circuit_supply set heard = 16777215, warm = 255 where day = ${day}`.execute(ledger.db)
  const ofDay = (day: number) => ({
    subject: `supply/${dayText(day)}`,
    reason: 'unexplained',
    detail: 'hours of circuits were changed, added or removed without a trace',
  })

  test('unexplained, where somebody changed the hours, whether readings came late or not', async () => {
    const list = await published()
    await changeByHand(silentDay + 1)
    const unexplained = [ofDay(silentDay + 1), { ...ofSupply, reason: 'unexplained' }]
    expect(await differences(list)).toEqual(unexplained)
    await late(2, 8)
    expect(await differences(list)).toEqual(unexplained)
  })

  test('unexplained, where the hours are not what late readings made of them', async () => {
    const list = await published()
    await late(2, 8)
    await changeByHand(silentDay)
    expect(await differences(list)).toEqual([ofDay(silentDay), { ...ofSupply, reason: 'unexplained' }])
  })

  test('unexplained, where the hours were changed before the list was published, after they were sealed', async () => {
    await changeByHand(silentDay + 1)
    expect(await differences(await published())).toEqual([ofDay(silentDay + 1)])
  })

  test('unexplained, where somebody wrote late readings down after a seal', async () => {
    const list = await published()
    await late(2, 8)
    const next = rankedTo + 1
    await ledger.write((transaction) => saveDwellingDays(transaction, [dwellingDay('D-0101', 'P-1', next, 21)]))
    const days = { fromDay: next, toDay: next }
    expect(await bringDaysUpToDate({ ledger, policy: rankedPolicy, now: rankedNow }, days)).toBe(1)
    expect(await differences(list)).toEqual([{ ...ofSupply, reason: 'late' }])
    const warm = '16777215 16777215 16777215'
    await sql`update circuit_supply set heard = 16777215 where day = ${silentDay}`.execute(ledger.db)
    await sql`update circuit_supply_change set after = ${warm}`.execute(ledger.db)
    expect((await differences(list))?.[0]).toMatchObject({ subject: 'changes/1-1', reason: 'unexplained' })
  })
})
