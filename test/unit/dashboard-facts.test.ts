import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { rankingMethods } from '#domain/ranking-methods/index.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { decideExclusion, proposeExclusion } from '#store/ledger/ranking-exclusions.ts'
import { draftList, openObjections, publishList, type RankingList, rankingLists } from '#store/ledger/ranking-lists.ts'
import type { Fact } from '#store/telemetry/fact-store.ts'
import { plannedWork, publishedLists, seasonMarks } from '../../api/facts.ts'
import { startFactsMirror } from '../../api/facts-mirror.ts'
import { publishedListReader } from '../../api/ranking/published.ts'
import { makeRanking } from '../../api/ranking/ranking.ts'
import { emptyTelemetry } from '../support/api.ts'
import { rankedFrom, rankedLedger, rankedNow, rankedPolicy, rankedTo } from '../support/ranked-ledger.ts'

let ledger: Ledger
beforeEach(async () => {
  ledger = await rankedLedger()
})
afterEach(() => ledger.close())

const local = (text: string) => Date.parse(`${text}+08:00`)

async function publish(): Promise<string> {
  const [method] = rankingMethods
  if (!method) throw new Error('There is no method')
  const period = { territory: 'harbin', fromDay: rankedFrom, toDay: rankedTo }
  const by = { actor: 'regulator', at: rankedNow }
  const { id } = await ledger.write((transaction) => draftList(transaction, period, method, by))
  await ledger.write((transaction) => openObjections(transaction, id, rankedNow))
  const [list] = await rankingLists(ledger.db, { onlyFrozen: false }, 1)
  const published = list && (await publishList(ledger, rankedPolicy, list, by))
  if (!published?.ok) throw new Error(`not published: ${JSON.stringify(published)}`)
  return id
}

const ranking = () =>
  makeRanking({
    ...{ ledger, policy: rankedPolicy, telemetry: emptyTelemetry },
    ...{ holder: 'test', wallClock: () => rankedNow },
  })

/** A list as if all of its firms had enough homes. */
const asOfManyHomes = async (list: RankingList) => {
  const { method, scores } = await ranking().listContent(list)
  return { method, scores, hidden: new Set<string>() }
}

async function plan(placeKind: 'building' | 'circuit' | 'dwelling', place: string, fromDay: number, toDay: number) {
  await ledger.write(async (transaction) => {
    const proposed = await proposeExclusion(transaction, {
      ...{ kind: 'plannedWork', placeKind, place, fromDay, toDay, evidence: 'order' },
      ...{ proposedBy: 'one', proposedAt: rankedNow },
    })
    await decideExclusion(transaction, proposed, { state: 'confirmed', by: 'two', at: rankedNow, decision: 'ok' })
  })
}

describe('season marks', () => {
  test('stand at the first and behind the last local day of the seasons around', () => {
    const marks = seasonMarks(rankedPolicy, local('2026-01-15T12:00:00'))
    expect(marks).toHaveLength(8)
    expect(marks.filter(({ fields }) => 'reference' in fields && fields.reference === '2025-26')).toEqual([
      {
        kind: 'mark',
        tags: { kind: 'seasonBegins' },
        fields: { text_zh: '2025-26 供热季开始', text_en: 'Season 2025-26 begins', reference: '2025-26' },
        at: local('2025-10-20T00:00:00'),
      },
      {
        kind: 'mark',
        tags: { kind: 'seasonEnds' },
        fields: { text_zh: '2025-26 供热季结束', text_en: 'Season 2025-26 ends', reference: '2025-26' },
        at: local('2026-04-21T00:00:00'),
      },
    ])
  })
})

describe('a published list', () => {
  test('is a mark, a score for each firm, and its items', async () => {
    const list = await publish()
    const facts = await publishedLists(ledger.db, asOfManyHomes, new Set())
    expect(facts.filter(({ kind }) => kind === 'mark')).toMatchObject([
      { tags: { kind: 'listPublished' }, fields: { reference: list }, at: rankedNow },
    ])
    const scores = facts.filter((fact) => fact.kind === 'firmScore')
    expect(scores.map(({ tags }) => tags.firm).sort()).toEqual(['F1', 'F2'])
    for (const { tags, fields } of scores) {
      expect(tags.list).toBe(list)
      expect(fields.label).toBe(`${fields.name} (${tags.firm})`)
      expect(fields.standing).toMatch(/^(red|yellow|black|interim|noData)$/)
    }
    const items = facts.filter((fact) => fact.kind === 'firmItem' && fact.tags.firm === 'F1')
    expect(items.length).toBeGreaterThan(10)
    const points = items.reduce((total, { fields }) => total + Number('full_points' in fields && fields.full_points), 0)
    expect(points).toBe(rankingMethods[0]?.totalPoints)
  })

  test('tells of firms with few homes where they stand, and no score: who looks at dashboards has no scope', async () => {
    await publish()
    const facts = await publishedLists(
      ledger.db,
      publishedListReader(ranking(), () => rankedNow),
      new Set(),
    )
    const scores = facts.filter((fact) => fact.kind === 'firmScore')
    expect(scores.map(({ tags }) => tags.firm).sort()).toEqual(['F1', 'F2'])
    for (const { fields } of scores) expect(fields).toHaveProperty('standing')
    for (const { fields } of scores) expect(Object.keys(fields).join()).not.toMatch(/score|interval/)
    expect(facts.filter(({ kind }) => kind === 'firmItem')).toEqual([])
  })

  test('that is known is not read again, and a draft is nobody’s business', async () => {
    const list = await publish()
    expect(await publishedLists(ledger.db, asOfManyHomes, new Set([list]))).toEqual([])
  })
})

describe('planned work', () => {
  test('that begins on one day is one mark, until the last of it ends; that in a home is on none', async () => {
    await plan('circuit', 'T1-L', rankedFrom, rankedFrom + 1)
    await plan('building', 'B1', rankedFrom, rankedFrom + 3)
    await plan('dwelling', 'D-0101', rankedFrom, rankedFrom + 3)
    const marks = await plannedWork(ledger.db, rankedPolicy, rankedNow)
    expect(marks).toMatchObject([
      {
        fields: {
          text_zh: '计划检修：楼栋 B1、换热机组 T1-L',
          text_en: 'Planned work: building B1, circuit T1-L',
          ends_at: local('2026-01-09T00:00:00'),
        },
        at: local('2026-01-05T00:00:00'),
      },
    ])
    expect(JSON.stringify(marks)).not.toContain('D-0101')
  })

  test('of a whole city is told in short', async () => {
    for (let circuit = 0; circuit < 13; circuit += 1) await plan('circuit', `T-${circuit}`, rankedFrom, rankedFrom)
    const [mark] = await plannedWork(ledger.db, rankedPolicy, rankedNow)
    expect(mark?.fields).toMatchObject({ text_en: expect.stringMatching(/ \+3$/) })
  })
})

describe('the mirror', () => {
  test('writes figures and what the ledger knows, and tells of a store that is away', async () => {
    await publish()
    const written: Fact[] = []
    const errors: unknown[] = []
    const mirror = (writeFacts: (facts: readonly Fact[]) => Promise<void>) =>
      startFactsMirror({
        instance: 'one:8080',
        db: ledger.db,
        clock: { now: () => rankedNow },
        policy: rankedPolicy,
        facts: { writeFacts },
        readPublished: asOfManyHomes,
        figuresText: async () => 'warmcity_stream_head 7\n',
        onError: (error) => errors.push(error),
      }).close()
    await mirror(async (facts) => {
      written.push(...facts)
    })
    expect(written[0]).toEqual({
      kind: 'serviceFigure',
      tags: { service: 'api', instance: 'one:8080', figure: 'warmcity_stream_head' },
      fields: { value: 7 },
      at: rankedNow,
    })
    expect(new Set(written.map(({ kind }) => kind))).toEqual(
      new Set(['serviceFigure', 'mark', 'firmScore', 'firmItem']),
    )
    expect(errors).toEqual([])
    await mirror(async () => {
      throw new Error('away')
    })
    expect(errors.map(String)).toEqual(['Error: away'])
  })
})
