import { type RawBuilder, sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RankingMethod } from '#domain/ranking-method.ts'
import { rankingMethods } from '#domain/ranking-methods/index.ts'
import { localDayNumbered } from '#domain/season.ts'
import { hoursOf } from '#domain/supply-hours.ts'
import { hourMs } from '#domain/time.ts'
import { saveCircuitSupply } from '#store/ledger/circuit-supply.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { beginSealing, sealDay } from '#store/ledger/day-seal.ts'
import { dayTree, pageTrees, treeOver } from '#store/ledger/day-tree.ts'
import { putEntries, readEntries } from '#store/ledger/dwelling-day-page.ts'
import {
  dayLeaf,
  dayNumber,
  dayText,
  markDaysStale,
  pagesOf,
  replaceStaleDay,
  saveDwellingDays,
} from '#store/ledger/dwelling-days.ts'
import { insertFlags } from '#store/ledger/flags.ts'
import { bringDaysUpToDate, rankingDays } from '#store/ledger/ranking-days.ts'
import { homeEvidence } from '#store/ledger/ranking-evidence.ts'
import { decideExclusion, findExclusion, proposeExclusion } from '#store/ledger/ranking-exclusions.ts'
import { enterRankingFigures } from '#store/ledger/ranking-figures.ts'
import { firmInputs } from '#store/ledger/ranking-inputs.ts'
import {
  draftList,
  findList,
  listContent,
  openObjections,
  publishList,
  type RankingList,
} from '#store/ledger/ranking-lists.ts'
import { decideObjection, raiseObjection } from '#store/ledger/ranking-objections.ts'
import { verifyList } from '#store/ledger/ranking-verify.ts'
import { bringVeto, confirmVeto } from '#store/ledger/ranking-vetoes.ts'
import { importRegistry } from '#store/ledger/registry-import.ts'
import { haveRolledUpAgain } from '#store/ledger/roll-up-waiting.ts'
import { dwellingDay, rankedFrom, rankedLedger, rankedNow, rankedPolicy, rankedTo } from '../support/ranked-ledger.ts'

const period = { territory: 'harbin', fromDay: rankedFrom, toDay: rankedTo }
const coldDay = rankedFrom + 2
const by = { actor: 'regulator', at: rankedNow }
const [method] = rankingMethods as [RankingMethod]

const upToDate = (days: { readonly fromDay: number; readonly toDay: number }) =>
  bringDaysUpToDate({ ledger, policy: rankedPolicy, now: rankedNow }, days)

let ledger: Ledger
beforeEach(async () => {
  ledger = await rankedLedger()
  await upToDate(period)
})
afterEach(() => ledger.close())

async function published(): Promise<RankingList> {
  const { id } = await ledger.write((transaction) => draftList(transaction, period, method, by))
  await ledger.write((transaction) => openObjections(transaction, id, rankedNow))
  const list = await findList(ledger.db, id)
  if (!list) throw new Error('the list is there')
  expect(await publishList(ledger, rankedPolicy, list, by)).toMatchObject({ ok: true })
  return (await findList(ledger.db, id)) as RankingList
}

const verdictOf = (list: RankingList) => verifyList(ledger.db, rankedPolicy, list.id, rankedTo + 8)
const sound = { scoreFollows: true, inputsMatchDigest: true, differences: [] }

const lateReading = (celsius: number) =>
  ledger.write(async (transaction) => {
    await markDaysStale(transaction, [{ key: { day: coldDay, dwelling: 'D-1802', device: 'P-2' }, position: 77 }])
    await replaceStaleDay(transaction, dwellingDay('D-1802', 'P-2', coldDay, celsius), 77)
  })

const exclude = async () => {
  const { id } = await ledger.write((transaction) =>
    proposeExclusion(transaction, {
      kind: 'plannedWork',
      placeKind: 'circuit',
      place: 'T1-H',
      fromDay: coldDay,
      toDay: coldDay,
      evidence: 'notice 12',
      proposedBy: 'firm',
      proposedAt: rankedNow,
    }),
  )
  return id
}
const confirm = async (id: string, at = rankedNow) => {
  const exclusion = await findExclusion(ledger.db, id)
  if (!exclusion) throw new Error('the exclusion is there')
  return ledger.write((transaction) =>
    decideExclusion(transaction, exclusion, { state: 'confirmed', by: 'regulator', at, decision: 'seen' }),
  )
}

describe('days', () => {
  test('are sealed once, each with a root in the audit log, and only those of the season that are over', async () => {
    const days = await rankingDays(ledger.db, period)
    expect(days).toHaveLength(7)
    expect(new Set(days.map(({ root }) => root)).size).toBe(7)
    const sealed = await ledger.db
      .selectFrom('audit_entry')
      .select('subject')
      .where('action', '=', 'ranking.seal')
      .execute()
    expect(sealed.map(({ subject }) => subject)).toEqual(days.map(({ day }) => `day/${dayText(day)}`))
    expect(await upToDate(period)).toBe(0)
    expect(await upToDate({ ...period, toDay: rankedTo + 100 })).toBe(7)
  })

  test('a firm has the figures of its own circuits, and every connected home', async () => {
    const [f1, f2] = await firmInputs(ledger.db, rankedPolicy, period)
    expect(f1).toMatchObject({
      firm: 'F1',
      days: 7,
      probes: 1,
      connectedHomes: 2,
      rollUp: { homeDays: 7, passedHomeDays: 7 },
    })
    expect(f2).toMatchObject({
      firm: 'F2',
      days: 7,
      probes: 1,
      connectedHomes: 1,
      rollUp: { homeDays: 7, passedHomeDays: 6 },
    })
    expect(f2?.coldestDays?.homeDays).toBe(2)
    expect(f2?.coldestDays?.passedHomeDays).toBe(1)
  })

  test('the day on which the service began is left out for everybody', async () => {
    const first = { ...period, fromDay: rankedFrom - 1 }
    await upToDate(first)
    const [f1] = await firmInputs(ledger.db, rankedPolicy, first)
    expect(f1?.rollUp).toMatchObject({ excludedHomeDays: 1, homeDays: 7 })
  })

  const stop = async () => {
    const since = Date.parse(`${dayText(coldDay)}T02:00:00+08:00`)
    const flag = { subjectKind: 'circuit', subject: 'T1-H', rule: 'noFlow', history: false, ofDwelling: false } as const
    await ledger.write((transaction) =>
      insertFlags(transaction, [
        {
          ...flag,
          key: 'a',
          since,
          raisedAt: since,
          clearedAt: since + 10 * hourMs,
          where: { territory: [], firm: 'F2' },
        },
      ]),
    )
  }

  test('an outage counts for every connected home of a watched circuit', async () => {
    await stop()
    const [f1, f2] = await firmInputs(ledger.db, rankedPolicy, period)
    expect(f1?.outage).toBeUndefined()
    expect(f2?.outage).toEqual({
      homes: 1,
      homeMinutes: 600,
      homeInterruptions: 1,
      interruptions: 1,
      interruptionsOver8h: 1,
      interruptionsOver48h: 0,
    })
  })

  test('an outage does not count on a day on which its circuit is excluded', async () => {
    await stop()
    await confirm(await exclude())
    const [, f2] = await firmInputs(ledger.db, rankedPolicy, period)
    expect(f2?.outage).toMatchObject({ homes: 1, homeMinutes: 0, interruptions: 0 })
  })

  test("the season's first ten days tell who was late, by area", async () => {
    const season = { territory: 'harbin', fromDay: dayNumber('2025-10-20'), toDay: dayNumber('2025-10-31') }
    await ledger.write(async (transaction) => {
      await saveDwellingDays(transaction, [dwellingDay('D-1802', 'P-2', season.fromDay - 1, 21)])
    })
    const watched = { circuit: 'T1-H', firm: 'F2', district: 'nangang', homes: 1, areaTenths: 624, devices: ['S-1'] }
    for (let number = season.fromDay; number < season.fromDay + 10; number += 1) {
      const day = localDayNumbered(rankedPolicy.season.zone, number)
      const all = hoursOf(day)
      // On the first day the water was cold for all 24 hours.
      const supply = { heard: all, flowing: all, warm: number === season.fromDay ? 0 : all }
      await ledger.write((transaction) =>
        saveCircuitSupply(transaction, day, [{ ...watched, supply }], { hours: 24, now: rankedNow }),
      )
    }
    await upToDate(season)
    const late = (await firmInputs(ledger.db, rankedPolicy, season)).find(({ firm }) => firm === 'F2')
    expect(late?.edges).toEqual({ areaHours: (624 * 240) / 10, areaHoursOpen: (624 * 216) / 10 })
    // Water that is too cold to heat is an outage as well.
    expect(late?.outage).toMatchObject({ homeMinutes: 24 * 60, interruptions: 1, interruptionsOver8h: 1 })
  })

  test('what is behind a point is named by day, circuit and building, the worst first', async () => {
    expect(
      (await homeEvidence(ledger.db, 'F2', period, { measure: 'shareAtTarget', probesMin: 0, limit: 1 })).places[0],
    ).toEqual({
      day: coldDay,
      circuit: 'T1-H',
      building: 'B1',
      homes: 1,
      probes: 1,
      shareAtTarget: 0,
      depthK: 3,
      coveredShare: 1,
      excludedHomeDays: 0,
    })
  })

  test('an exclusion counts when it is confirmed, not when it is proposed', async () => {
    const id = await exclude()
    await upToDate(period)
    expect((await firmInputs(ledger.db, rankedPolicy, period))[1]?.rollUp.excludedHomeDays).toBe(0)
    expect(await confirm(id)).toBe(true)
    expect(await confirm(id)).toBe(false)
    expect(await upToDate(period)).toBe(1)
    expect((await firmInputs(ledger.db, rankedPolicy, period))[1]?.rollUp).toMatchObject({
      excludedHomeDays: 1,
      homeDays: 6,
      passedHomeDays: 6,
    })
  })

  test('a circuit that changes hands counts for each firm on its own days', async () => {
    const from = Date.parse(`${dayText(coldDay)}T00:00:00+08:00`)
    const rows = { plant_period: [{ plant_kind: 'circuit' as const, plant: 'T1-H', firm: 'F1', valid_from: from }] }
    await importRegistry(ledger, { rows }, { actor: 'test', now: () => rankedNow })
    // Only the days from then on are touched, and nothing but whose they are.
    expect(await upToDate(period)).toBe(5)
    const [f1, f2] = await firmInputs(ledger.db, rankedPolicy, period)
    expect(f1?.rollUp.homeDays).toBe(7 + 5)
    expect(f2).toMatchObject({ days: 2, rollUp: { homeDays: 2, passedHomeDays: 2 } })
  })
})

describe('a seal', () => {
  test('is of the moment in which it is made, though late readings came in while its tree was built', async () => {
    const next = rankedTo + 1
    await ledger.write((transaction) =>
      saveDwellingDays(transaction, [dwellingDay('D-0101', 'P-1', next, 21), dwellingDay('D-1802', 'P-2', next, 21)]),
    )
    await ledger.write((transaction) => beginSealing(transaction, next, rankedNow))
    const trees = await pageTrees(ledger.db, next)
    const before = treeOver(trees)
    await ledger.write((transaction) => saveDwellingDays(transaction, [dwellingDay('D-1802', 'P-2', next, 18)]))
    await ledger.write((transaction) => sealDay(transaction, { day: next, trees, seen: 0, supply: '', now: rankedNow }))
    const [sealed] = await rankingDays(ledger.db, { fromDay: next, toDay: next })
    expect(sealed).toMatchObject({ ...(await dayTree(ledger.db, next)), changes_after: 0, changes_upto: 1 })
    expect(sealed?.root).not.toBe(before.root)
  })
})

describe('a list', () => {
  test('is published after its time for objections, when each is decided, and not before', async () => {
    const { id } = await ledger.write((transaction) => draftList(transaction, period, method, by))
    const publish = async (at = rankedNow) =>
      publishList(ledger, rankedPolicy, (await findList(ledger.db, id)) as RankingList, { actor: 'regulator', at })
    expect(await publish()).toEqual({ ok: false, reason: 'notOpenForObjection' })
    await ledger.write((transaction) => openObjections(transaction, id, rankedNow + 1_000))
    expect(await publish()).toEqual({ ok: false, reason: 'objectionsStillOpen' })
    const objection = await ledger.write((transaction) =>
      raiseObjection(transaction, {
        list: id,
        firm: 'F2',
        text: 'pump was ours',
        evidence: 'log',
        raisedBy: 'F2',
        raisedAt: rankedNow,
      }),
    )
    expect(await publish(rankedNow + 1_000)).toEqual({ ok: false, reason: 'objectionsUndecided' })
    const decided = { state: 'rejected', by: 'regulator', at: rankedNow, decision: 'it was not' } as const
    expect(await ledger.write((transaction) => decideObjection(transaction, objection, decided))).toBe(true)
    expect(await publish(rankedNow + 1_000)).toMatchObject({ ok: true })
    expect(await publish(rankedNow + 1_000)).toMatchObject({ ok: false })
  })

  test('has no colours while less than 80 % is assessed, and a veto takes effect with its document', async () => {
    const draft = await ledger.write((transaction) => draftList(transaction, period, method, by))
    const standings = async () =>
      (await listContent(ledger.db, rankedPolicy, draft)).scores.map(({ firm, standing }) => [firm, standing])
    expect(await standings()).toEqual([
      ['F1', 'interim'],
      ['F2', 'interim'],
    ])
    const veto = {
      firm: 'F1',
      kind: 'noLicence',
      state: 'proven',
      evidence: 'register',
      fromDay: rankedFrom,
      toDay: rankedTo,
    } as const
    const id = await ledger.write((transaction) => bringVeto(transaction, veto, by))
    expect(await standings()).toEqual([
      ['F1', 'interim'],
      ['F2', 'interim'],
    ])
    await ledger.write((transaction) =>
      confirmVeto(transaction, id, { document: '2026-3', by: 'regulator', at: rankedNow }),
    )
    expect(await standings()).toEqual([
      ['F2', 'interim'],
      ['F1', 'black'],
    ])
  })

  test('is sound when nothing was touched', async () => {
    expect(await verdictOf(await published())).toEqual(sound)
  })
})

describe('what the check of a published list finds', () => {
  test('late readings, told as late', async () => {
    const list = await published()
    await lateReading(18)
    const day = { subject: `day/${dayText(coldDay)}`, reason: 'late' }
    expect((await verdictOf(list))?.differences).toMatchObject([day, day])
    await upToDate(period)
    expect(await verdictOf(list)).toMatchObject({
      scoreFollows: true,
      inputsMatchDigest: true,
      differences: [day, { subject: 'firm/F2', reason: 'late' }],
    })
  })

  test('corrections by people, told as corrections', async () => {
    const id = await exclude()
    const list = await published()
    await confirm(id, rankedNow + 1)
    await upToDate(period)
    const figures = [{ firm: 'F1', measure: 'coalStockShare', value: 0.7 }] as const
    const days = { fromDay: rankedFrom, toDay: rankedTo }
    await ledger.write((transaction) =>
      enterRankingFigures(
        transaction,
        { territory: 'harbin', ...days, evidence: 'file', figures },
        { actor: 'regulator', at: rankedNow + 1 },
      ),
    )
    expect((await verdictOf(list))?.differences).toMatchObject([
      { subject: 'firm/F1', reason: 'correction' },
      { subject: 'firm/F2', reason: 'correction' },
    ])
  })

  const day = `day/${dayText(coldDay)}`
  const run = (statement: RawBuilder<unknown>) => async () => {
    await statement.execute(ledger.db)
  }
  /** Writes a home's day as nobody who goes by the service would. */
  const forge = async (celsius: number | undefined) => {
    const probe = await ledger.db
      .selectFrom('home_probe')
      .selectAll()
      .where('dwelling', '=', 'D-1802')
      .executeTakeFirstOrThrow()
    const pages = await pagesOf(ledger.db, coldDay, [probe.page])
    const entries = readEntries(pages.get(probe.page) ?? new Uint8Array())
    entries.delete(probe.slot)
    if (celsius !== undefined) entries.set(probe.slot, dwellingDay('D-1802', 'P-2', coldDay, celsius))
    await ledger.db
      .updateTable('dwelling_day_page')
      .set({ entries: putEntries(new Uint8Array(), entries) })
      .where('day', '=', coldDay)
      .where('page', '=', probe.page)
      .execute()
  }

  test.each<[string, () => Promise<void>, string[]]>([
    ['a warmer day', () => forge(21), [day, day]],
    ['a removed dwelling-day', () => forge(undefined), [day, day]],
    ['a roll-up', run(sql`update roll_up_day set area_minutes_at_target = area_minutes where day = ${coldDay}`), [day]],
    ['a removed roll-up', run(sql`delete from roll_up_day where day = ${coldDay} and circuit = 'T1-H'`), [day]],
    [
      "a firm's day",
      run(sql`update firm_day set area_minutes_at_target = area_minutes where day = ${coldDay}`),
      [day, 'firm/F2'],
    ],
    ['a root', run(sql`update ranking_day set root = 'x' where day = ${coldDay}`), [day]],
    ['a seal that is cut off', run(sql`delete from ranking_day where day = ${rankedTo}`), [`day/${dayText(rankedTo)}`]],
    [
      'an exclusion',
      run(sql`insert into ranking_exclusion (id, kind, place_kind, place, from_day, to_day, evidence, proposed_by, proposed_at, state)
        values ('x', 'plannedWork', 'circuit', 'T1-H', ${coldDay}, ${coldDay}, '', 'x', 0, 'confirmed')`),
      ['exclusion/x', day],
    ],
    [
      'an exclusion that has itself rolled up',
      async () => {
        const id = await exclude()
        await sql`update ranking_exclusion set state = 'confirmed' where id = ${id}`.execute(ledger.db)
        await ledger.write((transaction) => haveRolledUpAgain(transaction, [{ day: coldDay, building: 'B1' }]))
        await upToDate(period)
      },
      [expect.stringMatching(/^exclusion\//), 'firm/F2'],
    ],
    [
      'a figure',
      run(sql`insert into ranking_input (id, firm, territory, measure, from_day, to_day, value, evidence, entered_by, entered_at)
        values ('x', 'F1', 'harbin', 'coalStockShare', ${rankedFrom}, ${rankedTo}, 1, '', 'x', ${rankedNow + 1})`),
      ['figure/F1/coalStockShare', 'firm/F1'],
    ],
    [
      'a veto',
      run(sql`insert into ranking_veto (id, firm, kind, from_day, to_day, state, evidence, brought_by, brought_at, document)
        values ('x', 'F1', 'noLicence', ${rankedFrom}, ${rankedTo}, 'proven', '', 'x', 0, '7')`),
      ['veto/x', 'firm/F1'],
    ],
  ])('%s changed by hand, as unexplained', async (_what, tamper, subjects) => {
    const list = await published()
    await tamper()
    const verdict = await verdictOf(list)
    expect(verdict).toMatchObject({ scoreFollows: true, inputsMatchDigest: true })
    expect(verdict?.differences.map(({ subject }) => subject)).toEqual(subjects)
    const reasons = new Set(
      verdict?.differences.filter(({ subject }) => !subject.startsWith('firm/')).map(({ reason }) => reason),
    )
    expect(reasons).toEqual(new Set(['unexplained']))
  })

  test('late data that somebody made up: the seals of the days after know what came late', async () => {
    const list = await published()
    await forge(21)
    const real = dwellingDay('D-1802', 'P-2', coldDay, 17)
    const change = { day: coldDay, dwelling: 'D-1802', device: 'P-2', position: 5, number: 1 }
    const leaves = {
      before_leaf: dayLeaf(real, real),
      after_leaf: dayLeaf(real, dwellingDay('D-1802', 'P-2', coldDay, 21)),
    }
    await lateReading(18)
    // The next day is sealed, and with it what came late.
    const next = { fromDay: rankedTo + 1, toDay: rankedTo + 1 }
    await ledger.write((transaction) => saveDwellingDays(transaction, [dwellingDay('D-0101', 'P-1', rankedTo + 1, 21)]))
    expect(await upToDate(next)).toBe(1)
    expect((await verdictOf(list))?.differences.map(({ subject }) => subject)).not.toContain('changes/1-1')
    await ledger.db
      .updateTable('dwelling_day_change')
      .set({ ...change, ...leaves })
      .where('number', '=', 1)
      .execute()
    expect((await verdictOf(list))?.differences[0]).toMatchObject({ subject: 'changes/1-1', reason: 'unexplained' })
    await ledger.db.deleteFrom('dwelling_day_change').execute()
    expect((await verdictOf(list))?.differences[0]).toMatchObject({ subject: 'changes/1-1', reason: 'unexplained' })
  })

  test('days that are older than they are kept, as no longer checkable', async () => {
    const list = await published()
    await sql`delete from dwelling_day_page`.execute(ledger.db)
    const verdict = await verifyList(ledger.db, rankedPolicy, list.id, rankedTo + 4 * 366)
    expect(verdict).toMatchObject({ scoreFollows: true, inputsMatchDigest: true })
    expect(new Set(verdict?.differences.map(({ reason }) => reason))).toEqual(new Set(['noLongerCheckable']))
  })

  test('a changed row of the list: the score does not follow', async () => {
    const list = await published()
    await sql`update ranking_list set result = replace(result, 'F1', 'F9')`.execute(ledger.db)
    expect(await verdictOf(list)).toEqual({ ...sound, scoreFollows: false })
  })

  test('inputs and digest changed together: the audit log knows the digest', async () => {
    const list = await published()
    const frozen = `replace(frozen, '"passedHomeDays":6', '"passedHomeDays":7')`
    await sql`update ranking_list set frozen = ${sql.raw(frozen)}`.execute(ledger.db)
    expect(await verdictOf(list)).toMatchObject({ inputsMatchDigest: false })
  })

  test('a list that is said to be published by somebody else', async () => {
    const list = await published()
    await sql`update ranking_list set published_by = 'nobody'`.execute(ledger.db)
    expect(await verdictOf(list)).toEqual({ ...sound, inputsMatchDigest: false })
  })

  test('inputs that the service never writes', async () => {
    const list = await published()
    await sql`update ranking_list set frozen = '{"inputs":{}}'`.execute(ledger.db)
    expect(await verdictOf(list)).toMatchObject({ scoreFollows: false, inputsMatchDigest: false })
  })
})
