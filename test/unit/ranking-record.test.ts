import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type FirmInput, rankFirms } from '#domain/ranking.ts'
import { rankingMethods } from '#domain/ranking-methods/index.ts'
import { type FrozenInputs, type ListRecord, listRecordSchema } from '#domain/ranking-record.ts'
import { listRecord, newSalts, rootOfDays, verifyRecord } from '#store/ledger/ranking-record.ts'
import { verifyRecordCommand } from '../../commands/verify-record.ts'
import { firmInput, homeDayOf, perfectImports } from '../support/ranking-city.ts'

const [method] = rankingMethods as [(typeof rankingMethods)[number]]
const evidence = 'visit to B1-1-101 on 6 January'
const homes = (celsius: number) => Array.from({ length: 12 }, () => homeDayOf([new Array(24).fill(celsius)]))

/** Four firms, two of which stand at the same place; the last is under a veto. */
const inputs: readonly FirmInput[] = [
  firmInput('F1', homes(21), { imported: perfectImports }),
  firmInput('F2', homes(21), { imported: perfectImports }),
  firmInput('F3', homes(18.5), { imported: perfectImports }),
  firmInput('F4', homes(21), { vetoes: [{ kind: 'passRate', state: 'proven', evidence, document: 'No. 7' }] }),
]
const days = [20_458, 20_459].map((day) => ({ day, root: `${day}`.padStart(64, '0'), leaves: 48 }))
const frozen: FrozenInputs = {
  list: '6a1d5e0e-5d2e-4c1c-9a43-0e6b2a6f1c01',
  period: { territory: 'harbin', fromDay: 20_458, toDay: 20_459 },
  method,
  registryVersion: 3,
  publishedAt: 1_769_000_000_000,
  daysInPeriod: 2,
  days,
  root: rootOfDays(days),
  inputs,
  salts: newSalts(inputs),
}
const scores = rankFirms(method, inputs, 2)

/** A record as it is read from its file. */
const recordFor = (...hidden: string[]): ListRecord =>
  listRecordSchema.parse(JSON.parse(JSON.stringify(listRecord(frozen, scores, new Set(hidden)))))
const holds = { digestFollows: true, rootFollows: true, inputsChanged: [], scoresWrong: [], hidden: [] }

describe('a record of a list', () => {
  test('holds by itself, read from its file', () => {
    expect(verifyRecord(recordFor())).toEqual(holds)
  })

  test('has the same digest, and still holds, with firms hidden', () => {
    const record = recordFor('F2', 'F4')
    expect(verifyRecord(record)).toEqual({ ...holds, hidden: ['F2', 'F4'] })
    expect(record.digest).toBe(recordFor().digest)
    expect(record.firms.F2).toEqual({ hash: recordFor().firms.F2?.hash })
    expect(record.scores.map(({ firm }) => firm)).toEqual(['F1', 'F3'])
  })

  test('says of a veto who confirmed it by which document, and not what officers wrote', () => {
    const text = JSON.stringify(recordFor())
    expect(text).toContain('No. 7')
    expect(text).not.toContain('B1-1-101')
  })

  test('has a digest that follows from the words of its description alone', () => {
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
    const inOrder = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(inOrder)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .sort()
                .map(([key, inner]) => [key, inOrder(inner)]),
            )
          : value
    const { digest, scores: _, firms, ...head } = recordFor()
    const hashes = Object.entries(firms).map(([firm, { salt, input }]) => [
      firm,
      sha256(`${salt} ${JSON.stringify(inOrder(input))}`),
    ])
    expect(sha256(JSON.stringify(inOrder({ ...head, firms: Object.fromEntries(hashes) })))).toBe(digest)
  })
})

type Change = (record: ListRecord) => void
const firmOf = (record: ListRecord, firm: string) => {
  const found = record.firms[firm]
  if (!found?.input) throw new Error(`${firm} is not open`)
  return { ...found, input: found.input }
}
const scoreOf = (record: ListRecord, firm: string) => {
  const found = record.scores.find((score) => score.firm === firm)
  if (!found) throw new Error(`${firm} has no score`)
  return found
}

const changes: [string, Change, object][] = [
  ['an input', (r) => Object.assign(firmOf(r, 'F3').input, { probes: 41 }), { inputsChanged: ['F3'] }],
  [
    'a sum of an input',
    (r) => Object.assign(firmOf(r, 'F3').input.rollUp, { areaShortfall: 1 }),
    { inputsChanged: ['F3'], scoresWrong: ['F3'] },
  ],
  ['the document of a veto', (r) => Object.assign(firmOf(r, 'F4').input, { vetoes: [] }), { inputsChanged: ['F4'] }],
  [
    'a hash',
    (r) => Object.assign(r.firms.F1 ?? {}, { hash: '0'.repeat(64) }),
    { inputsChanged: ['F1'], digestFollows: false },
  ],
  [
    'firms exchanged',
    (r) => Object.assign(r.firms, { F1: r.firms.F3, F3: r.firms.F1 }),
    { inputsChanged: ['F1', 'F3'], digestFollows: false },
  ],
  [
    'a firm left out',
    (r) => {
      delete r.firms.F3
    },
    { digestFollows: false, scoresWrong: ['F3', 'F4'] },
  ],
  ['a score', (r) => Object.assign(scoreOf(r, 'F3'), { score: 200 }), { scoresWrong: ['F3'] }],
  ['a colour', (r) => Object.assign(scoreOf(r, 'F3'), { standing: 'red' }), { scoresWrong: ['F3'] }],
  ['a place', (r) => Object.assign(scoreOf(r, 'F3'), { rank: 1 }), { scoresWrong: ['F3'] }],
  [
    'a score left out',
    (r) => {
      r.scores.shift()
    },
    { scoresWrong: ['F1'] },
  ],
  [
    'the root of a day',
    (r) => Object.assign(r.days[0] ?? {}, { root: 'f'.repeat(64) }),
    { rootFollows: false, digestFollows: false },
  ],
  ['the time of publication', (r) => Object.assign(r, { publishedAt: 1 }), { digestFollows: false }],
  ['a number of the method', (r) => Object.assign(r.method, { probesMin: 1 }), { digestFollows: false }],
]

describe('what somebody changed in a record is found', () => {
  test.each(changes)('%s', (_, change, found) => {
    const record = recordFor()
    change(record)
    expect(verifyRecord(record)).toMatchObject(found)
  })

  test('a place that hidden firms cannot explain', () => {
    const record = recordFor('F2')
    Object.assign(scoreOf(record, 'F3'), { rank: 1 })
    expect(verifyRecord(record).scoresWrong).not.toEqual([])
  })
})

describe('warmcity verify-record', () => {
  let folder: string
  let said: string[]
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'record-'))
    said = []
    for (const name of ['log', 'error'] as const)
      vi.spyOn(console, name).mockImplementation((line: string) => void said.push(line))
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await rm(folder, { recursive: true })
  })
  async function run(record: unknown, ...flags: string[]): Promise<number> {
    const file = join(folder, 'record.json')
    await writeFile(file, JSON.stringify(record))
    return verifyRecordCommand.run([file, ...flags], {})
  }

  test('says yes to each question of a record that holds', async () => {
    expect(await run(recordFor('F2'), '--digest', recordFor().digest)).toBe(0)
    expect(said[0]).toContain('harbin, 2026-01-05 to 2026-01-06, by heilongjiang-200 1')
    expect(said.slice(1).every((line) => line.startsWith('yes  '))).toBe(true)
    expect(said.join('\n')).toContain('F2')
  })

  test('names the firm whose score does not follow, and fails', async () => {
    const record = recordFor()
    Object.assign(scoreOf(record, 'F3'), { score: 200 })
    expect(await run(record)).toBe(1)
    expect(said).toContainEqual(expect.stringMatching(/^NO .*scores.*not so: F3$/))
  })

  test('fails where the list was published with another digest', async () => {
    expect(await run(recordFor(), '--digest', 'a'.repeat(64))).toBe(1)
  })

  test('holds the days against seals that were kept', async () => {
    const seals = join(folder, 'seals.json')
    const kept = { date: '2026-01-05', root: days[0]?.root, entry: 4, entryHash: 'x' }
    await writeFile(seals, JSON.stringify({ items: [kept] }))
    expect(await run(recordFor(), '--seals', seals)).toBe(0)
    await writeFile(seals, JSON.stringify([{ items: [{ ...kept, root: 'other' }] }]))
    expect(await run(recordFor(), '--seals', seals)).toBe(1)
    expect(said.at(-1)).toContain('2026-01-05')
  })

  test('does not take a list by another method for one by the method of the name', async () => {
    const record = recordFor()
    Object.assign(record.method, { probesMin: 1 })
    expect(await run(record)).toBe(1)
    expect(said[1]).toMatch(/^NO .*method/)
  })

  test('says what is wrong with a file that is no record', async () => {
    await expect(run({ ...recordFor(), days: 'none' })).rejects.toThrow(
      /record\.json is not the record of a list.*days/s,
    )
    await expect(verifyRecordCommand.run([join(folder, 'none.json')], {})).rejects.toThrow(/none\.json/)
    expect(await verifyRecordCommand.run([], {})).toBe(2)
  })
})
