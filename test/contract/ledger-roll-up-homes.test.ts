import { afterEach, beforeEach, expect, test } from 'vitest'
import { hourMs } from '#domain/time.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { insertFlags, type StoredFlag } from '#store/ledger/flags.ts'
import { flagsOpenAt, homeBuildings, homeCircuits } from '#store/ledger/roll-up-homes.ts'
import { loadCityPlan } from '../../ingest/roll-ups/city-plan.ts'
import { createIdTable } from '../../ingest/watch/id-table.ts'
import { newLedger } from '../support/new-ledger.ts'
import { idsOf, importSmallRegistry, registryBeginning } from '../support/small-registry.ts'

const now = Date.parse('2026-01-15T12:00:00+08:00')
const nangang = idsOf('nangang')
const daoli = idsOf('daoli')
let ledger: Ledger

beforeEach(async () => {
  ledger = await newLedger()
  await importSmallRegistry(ledger)
})
afterEach(() => ledger.close())

async function all<Row>(pages: AsyncIterable<readonly Row[]>): Promise<Row[]> {
  const rows: Row[] = []
  for await (const page of pages) rows.push(...page)
  return rows
}

/** A home of the one district moves to the other's circuit and building. */
async function move(): Promise<void> {
  const heated = { heated_area_m2: 80, floor: 1, position: 'middle', heating_type: 'radiator', contract: 'heated' }
  await importSmallRegistry(ledger, {
    dwelling: [{ id: nangang.dwelling, entrance: daoli.entrance, door: '103' }],
    dwelling_period: [{ dwelling: nangang.dwelling, circuit: daoli.circuit, valid_from: now - hourMs, ...heated }],
  })
}

test('every home has its building and its circuits once, as they count now', async () => {
  await move()
  expect(await all(homeBuildings(ledger.db))).toEqual([
    { id: daoli.dwelling, building: daoli.building },
    { id: daoli.otherDwelling, building: daoli.building },
    { id: nangang.dwelling, building: daoli.building },
    { id: nangang.otherDwelling, building: nangang.building },
  ])
  const circuits = await all(homeCircuits(ledger.db))
  const ofMoved = circuits.filter(({ dwelling }) => dwelling === nangang.dwelling)
  expect(ofMoved.map(({ circuit, valid_from }) => [circuit, Number(valid_from)])).toEqual([
    [nangang.circuit, registryBeginning],
    [daoli.circuit, now - hourMs],
  ])
  expect(circuits).toHaveLength(5)
})

test('the plan of a city groups homes by building and by the circuit that feeds them at the time', async () => {
  await move()
  const dwellings = createIdTable()
  for (const id of [nangang.otherDwelling, nangang.dwelling, daoli.otherDwelling, daoli.dwelling]) dwellings.take(id)
  const source = { db: ledger.db, dwellings, pause: async () => {} }
  const grouped = async (at: number) => {
    const plan = await loadCityPlan(source, at)
    const id = (place: number | undefined) => (place === undefined ? undefined : plan.places[place]?.id)
    return plan.stretches.map(({ building, circuit, from, to }) => ({
      building: id(building),
      circuit: id(circuit),
      homes: [...plan.homes.subarray(from, to)].map((home) => dwellings.at(home)),
      district: id(plan.districtOf.get(building)),
      source: id(plan.sourcesOf.get(plan.substationOf.get(circuit) ?? -1)?.[0]),
    }))
  }
  const ofDaoli = { building: daoli.building, district: 'daoli' }
  const other = {
    building: nangang.building,
    circuit: nangang.circuit,
    homes: [nangang.otherDwelling],
    district: 'nangang',
    source: nangang.source,
  }
  expect(await grouped(now)).toEqual([
    {
      ...ofDaoli,
      circuit: daoli.circuit,
      homes: [nangang.dwelling, daoli.otherDwelling, daoli.dwelling],
      source: daoli.source,
    },
    other,
  ])
  expect(await grouped(now - 2 * hourMs)).toEqual([
    { ...ofDaoli, circuit: daoli.circuit, homes: [daoli.otherDwelling, daoli.dwelling], source: daoli.source },
    { ...ofDaoli, circuit: nangang.circuit, homes: [nangang.dwelling], source: nangang.source },
    other,
  ])
})

test('flags are open from their raising until their end', async () => {
  const flag = (subject: string, raisedAt: number, clearedAt?: number): StoredFlag => ({
    key: `dwelling/${subject}/below16/${raisedAt}`,
    subjectKind: 'dwelling',
    subject,
    rule: 'below16',
    since: raisedAt,
    raisedAt,
    ...(clearedAt !== undefined && { clearedAt }),
    history: false,
    ofDwelling: true,
    where: { territory: ['harbin'] },
    building: 'B-1',
  })
  await ledger.write((transaction) =>
    insertFlags(transaction, [
      flag('open', now - hourMs),
      flag('raised at that time', now),
      flag('raised later', now + 1),
      flag('ended before', now - hourMs, now - 1),
      flag('ended at that time', now - hourMs, now),
      flag('ended later', now - hourMs, now + 1),
      flag('raised and ended later', now + 1, now + 2),
    ]),
  )
  const open = await all(flagsOpenAt(ledger.db, now))
  expect(open.map(({ subject }) => subject).sort()).toEqual(['ended later', 'open', 'raised at that time'])
  expect(open[0]).toMatchObject({ rule: 'below16', subject_kind: 'dwelling', building: 'B-1', circuit: null })
})
