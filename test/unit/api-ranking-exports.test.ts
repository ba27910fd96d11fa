import { inflateRawSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listRecordSchema } from '#domain/ranking-record.ts'
import { dayText } from '#store/ledger/dwelling-days.ts'
import { verifyRecord } from '#store/ledger/ranking-record.ts'
import { makeRankedApi, rankedPeriod } from '../support/ranked-api.ts'
import { rankedFrom, rankedTo } from '../support/ranked-ledger.ts'

let ranked: Awaited<ReturnType<typeof makeRankedApi>>
beforeEach(async () => {
  ranked = await makeRankedApi()
})
afterEach(() => ranked.api.close())

const firstDays = { from: dayText(rankedFrom), to: dayText(rankedFrom + 1) }
const recordHolds = { digestFollows: true, rootFollows: true, inputsChanged: [], scoresWrong: [], hidden: [] }
const lastDays = { from: dayText(rankedFrom + 2), to: dayText(rankedTo) }

/** A part of a workbook as text, found by the directory at the end of the archive. */
function partOf(workbook: Buffer, name: string): string {
  for (
    let at = workbook.indexOf('PK\x01\x02', 0, 'latin1');
    at >= 0;
    at = workbook.indexOf('PK\x01\x02', at + 46, 'latin1')
  ) {
    const nameLength = workbook.readUInt16LE(at + 28)
    if (workbook.toString('utf8', at + 46, at + 46 + nameLength) !== name) continue
    const local = workbook.readUInt32LE(at + 42)
    const start = local + 30 + workbook.readUInt16LE(local + 26) + workbook.readUInt16LE(local + 28)
    const content = workbook.subarray(start, start + workbook.readUInt32LE(at + 20))
    return (workbook.readUInt16LE(at + 10) === 0 ? content : inflateRawSync(content)).toString()
  }
  throw new Error(`The workbook has no ${name}`)
}

describe('a list as a file', () => {
  test('as a workbook: numbers are numbers, and a name that begins like a formula is a text', async () => {
    const id = await ranked.published()
    await ranked.api.ledger.db.updateTable('firm').set({ name: '=1+1' }).where('id', '=', 'F1').execute()
    const { headers, rawPayload } = await ranked.get('city', `/rankings/${id}/xlsx`)
    expect(headers['content-type']).toContain('spreadsheetml')
    expect(headers['content-disposition']).toContain(`ranking-harbin-${rankedPeriod.from}-${rankedPeriod.to}.xlsx`)
    expect(partOf(rawPayload, 'xl/workbook.xml')).toContain('哈尔滨市')
    const texts = partOf(rawPayload, 'xl/sharedStrings.xml')
    expect(texts).toContain('=1+1')
    const sheet = partOf(rawPayload, 'xl/worksheets/sheet1.xml')
    expect(sheet).not.toContain('<f>')
    expect(sheet).toMatch(/<c r="A2"[^>]*><v>1<\/v>/)
  })

  test('as JSON: firms with their items in both languages, and how they stood before', async () => {
    const id = await ranked.published()
    const { list, firms, comparison } = (await ranked.get('city', `/rankings/${id}/json`)).json()
    expect(list).toMatchObject({ id, territoryName: '哈尔滨市', territoryNameEn: 'Harbin' })
    expect(list.methodName.zh).toContain('200')
    const item = firms[0].items.find((one: { item: string }) => one.item === 'atTarget')
    expect(item).toMatchObject({ state: 'assessed', full: 0.99, none: 0.9 })
    expect([item.name.zh, item.dimensionName.en]).toEqual([expect.stringContaining('达标'), 'Quality of heating'])
    expect(comparison.firms.map(({ firm }: { firm: string }) => firm)).toEqual(['F1', 'F2'])
  })

  test('figures of few homes are in no file of those who may not see homes', async () => {
    const id = await ranked.published()
    const { firms } = (await ranked.get('viewer', `/rankings/${id}/json`)).json()
    for (const firm of firms) {
      expect(firm.items).toEqual([])
      expect(firm).not.toHaveProperty('scaled')
    }
    expect((await ranked.get('viewer', `/rankings/${id}/csv`)).body.split('\n')[1]).toContain(
      '1,F1,哈尔滨热力,,interim,,',
    )
    const own = (await ranked.get('f2', `/rankings/${id}`)).json().firms
    expect(own.map((firm: object) => 'scaled' in firm)).toEqual([false, true])
    expect((await ranked.get('f1', `/rankings/${await ranked.draft()}/xlsx`)).statusCode).toBe(404)
  })
})

describe('beside earlier lists', () => {
  test('the last batch of the same territory, with what changed', async () => {
    const before = await ranked.published(firstDays)
    const now = await ranked.published(lastDays)
    const { lastBatch, lastSeason, firms } = (await ranked.get('city', `/rankings/${now}/comparison`)).json()
    expect(lastBatch.id).toBe(before)
    expect(lastSeason).toBeUndefined()
    const f2 = firms.find(({ firm }: { firm: string }) => firm === 'F2')
    expect(f2.lastBatch.scaled).toBeGreaterThan(0)
    expect(f2.lastBatch.scaledChange).toBeLessThan(0)
    expect((await ranked.get('city', `/rankings/${before}/comparison`)).json().lastBatch).toBeUndefined()
    expect((await ranked.get('viewer', `/rankings/${now}/comparison`)).json().firms[0].lastBatch).not.toHaveProperty(
      'scaled',
    )
    const [head, first] = (await ranked.get('city', `/rankings/${now}/csv`)).body.split('\n')
    expect(head).toContain('last_batch_rank')
    expect(first?.split(',').length).toBe(head?.split(',').length)
  })

  test('the list for the same days of the season before', async () => {
    const last = await ranked.published()
    const { db } = ranked.api.ledger
    await db
      .updateTable('ranking_list')
      .set({ from_day: rankedFrom - 364, to_day: rankedTo - 364 })
      .where('id', '=', last)
      .execute()
    const { lastSeason } = (await ranked.get('city', `/rankings/${await ranked.published()}/comparison`)).json()
    expect(lastSeason.id).toBe(last)
  })
})

describe('what is behind an item', () => {
  const evidence = async (id: string, item: string, account = 'city') =>
    ranked.get(account, `/rankings/${id}/firms/F2/items/${item}/evidence`)

  test('days and places, interruptions, circuits, or where a figure is from', async () => {
    const figures = [{ firm: 'F2', measure: 'coalStockShare', value: 0.5 }]
    await ranked.post('city', '/ranking-inputs', {
      territory: 'harbin',
      ...rankedPeriod,
      evidence: 'letter 9',
      figures,
    })
    const id = await ranked.published()
    const atTarget = (await evidence(id, 'atTarget')).json().evidence
    expect(atTarget.days[0]).toMatchObject({ date: dayText(rankedFrom + 2), shareAtTarget: 0, homes: 1 })
    expect(atTarget.places[0]).toMatchObject({ circuit: 'T1-H', building: 'B1', depthK: 3 })
    expect((await evidence(id, 'steady')).json().evidence.days).toHaveLength(2)
    expect((await evidence(id, 'outageHours')).json().evidence).toEqual({ interruptions: [] })
    expect((await evidence(id, 'coal')).json().evidence.figures).toMatchObject([
      { value: 0.5, evidence: 'letter 9', enteredBy: 'city' },
    ])
    expect((await evidence(id, 'nothing')).statusCode).toBe(404)
    expect((await evidence(id, 'atTarget', 'viewer')).statusCode).toBe(404)
  })
})

describe('days of homes by place', () => {
  const rows = async (level: string, account = 'city') =>
    ranked.get(
      account,
      `/dwelling-day-roll-ups?level=${level}&territory=harbin&from=${rankedPeriod.from}&to=${rankedPeriod.to}`,
    )

  test('at every level from the building to the city', async () => {
    await ranked.draft()
    const places: Record<string, string[]> = {}
    for (const level of [
      'building',
      'circuit',
      'substation',
      'source',
      'firm',
      'estate',
      'community',
      'subdistrict',
      'district',
      'city',
    ]) {
      const { items } = (await rows(level)).json()
      places[level] = items.map(({ place }: { place: string }) => place)
      expect(items.reduce((sum: number, { homeDays }: { homeDays: number }) => sum + homeDays, 0)).toBe(14)
    }
    expect(places).toEqual({
      building: ['B1'],
      circuit: ['T1-H', 'T1-L'],
      substation: ['T1'],
      source: ['S1'],
      firm: ['F1', 'F2'],
      estate: ['xueyuan'],
      community: ['qingbin'],
      subdistrict: ['hualin'],
      district: ['nangang'],
      city: ['harbin'],
    })
    expect((await rows('city')).json().items[0]).toMatchObject({ days: 7, homes: 3, probes: 2, passedHomeDays: 13 })
  })

  test('few homes are not for those who may not see homes, and a firm sees its own', async () => {
    await ranked.draft()
    expect((await rows('city', 'viewer')).json().items).toEqual([])
    expect((await rows('building', 'viewer')).statusCode).toBe(403)
    expect((await rows('city', 'f2')).json().items).toMatchObject([{ homeDays: 7, passedHomeDays: 6 }])
  })
})

describe('the record of a list', () => {
  const recordOf = async (account: string, id: string) => (await ranked.get(account, `/rankings/${id}/record`)).json()

  test('lets whoever takes it away compute the list again', async () => {
    const id = await ranked.published()
    const { digest } = (await ranked.get('city', `/rankings/${id}`)).json().list
    const answer = await ranked.get('city', `/rankings/${id}/record`)
    expect(answer.headers['content-disposition']).toContain('-record.json')
    const record = listRecordSchema.parse(answer.json())
    expect(verifyRecord(record)).toEqual(recordHolds)
    expect(record.digest).toBe(digest)
  })

  test('hides the figures of few homes from everybody but the firm itself, and keeps the digest', async () => {
    const id = await ranked.published()
    const { digest } = await recordOf('city', id)
    const own = listRecordSchema.parse(await recordOf('f1', id))
    expect(verifyRecord(own)).toEqual({ ...recordHolds, hidden: ['F2'] })
    const open = await ranked.open(`/rankings/${id}/record`)
    const publicRecord = listRecordSchema.parse(open.json())
    expect(verifyRecord(publicRecord)).toEqual({ ...recordHolds, hidden: ['F1', 'F2'] })
    expect([own.digest, publicRecord.digest]).toEqual([digest, digest])
    expect(open.body).not.toMatch(/D-\d|P-\d|B1|areaMinutes"/)
  })

  test('is there for a published list only', async () => {
    const id = await ranked.objectable()
    expect((await ranked.get('city', `/rankings/${id}/record`)).statusCode).toBe(409)
    expect((await ranked.open(`/rankings/${id}/record`)).statusCode).toBe(404)
  })
})
