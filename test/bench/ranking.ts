import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { sql } from 'kysely'
import { cityPolicies, type Policy } from '#domain/policy.ts'
import { rankFirms } from '#domain/ranking.ts'
import { rankingMethods } from '#domain/ranking-methods/index.ts'
import { type Ledger, openLedger } from '#store/ledger/database.ts'
import { dayNumber, saveDwellingDays } from '#store/ledger/dwelling-days.ts'
import { bringDaysUpToDate } from '#store/ledger/ranking-days.ts'
import { homeEvidence } from '#store/ledger/ranking-evidence.ts'
import { firmInputs } from '#store/ledger/ranking-inputs.ts'

/*
 * Measures the ranking on a city of 60 firms. Prints JSON lines, one for each size and question:
 *   node test/bench/ranking.ts --dwellings 10000,100000,2500000 --close 10000,20000
 * `rank` and `evidence` stand on a season of roll-ups that are written straight into their tables; `close` seals and
 * rolls up one real day of dwelling-days, and then rolls it up again as after a plant changed its firm.
 */
const { values: flags } = parseArgs({
  options: {
    dwellings: { type: 'string', default: '10000,100000,2500000' },
    close: { type: 'string', default: '5000,10000,20000' },
  },
})
const sizes = (text: string) => text.split(',').map(Number)
const policy = cityPolicies.harbin as Policy
const [method] = rankingMethods
const firms = 60
const districts = 9
const homesPerBuilding = 100
const homesPerCircuit = 400
const firstDay = dayNumber('2025-10-20')
const seasonDays = 183
const registeredAt = Date.parse('2025-01-01T00:00:00+08:00')
const afterSeason = Date.parse('2026-05-01T00:00:00+08:00')

const print = (line: object) => console.log(JSON.stringify(line))
async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const began = performance.now()
  const result = await work()
  return { ms: Math.round((performance.now() - began) * 10) / 10, result }
}

async function withLedger(work: (ledger: Ledger) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'warmcity-ranking-'))
  const ledger = await openLedger(join(directory, 'ledger.db'))
  try {
    await work(ledger)
  } finally {
    await ledger.close()
    await rm(directory, { recursive: true })
  }
}

/** Territory, firms and plants of a city, and its homes where `withHomes`. Rows are made by SQL, to be there soon. */
async function writeCity(ledger: Ledger, dwellings: number, withHomes: boolean): Promise<void> {
  const numbers = (count: number) =>
    sql`with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < ${count})`
  const circuits = Math.ceil(dwellings / homesPerCircuit)
  await ledger.write(async (transaction) => {
    const run = (statement: ReturnType<typeof sql>) => statement.execute(transaction)
    await run(sql`insert into registry_batch (id, state, made_current_at, actor, note, progress)
      values (1, 'current', 0, 'bench', '', 0)`)
    await run(sql`update ledger_version set version = 1 where name = 'registry'`)
    await run(
      sql`insert into territory (id, kind, parent, name, name_en, batch) values ('city', 'city', null, 'c', null, 1)`,
    )
    await run(sql`${numbers(districts)} insert into territory (id, kind, parent, name, name_en, batch)
      select 'D' || i, 'district', 'city', 'd', null, 1 from n`)
    await run(sql`${numbers(districts)} insert into territory (id, kind, parent, name, name_en, batch)
      select 'E' || i, 'estate', 'D' || i, 'e', null, 1 from n`)
    await run(sql`${numbers(firms)} insert into firm (id, name, name_en, role, phone, batch)
      select 'F' || i, 'f', null, 'supplier', null, 1 from n`)
    if (!withHomes) return
    await run(sql`${numbers(circuits)} insert into circuit (id, substation, zone, pumps, name, name_en, batch)
      select 'C' || i, 'S' || i, 'low', 2, 'c', null, 1 from n`)
    await run(sql`${numbers(circuits)} insert into plant_period (plant_kind, plant, firm, valid_from, batch)
      select 'substation', 'S' || i, 'F' || (i % ${sql.lit(firms)}), ${registeredAt}, 1 from n`)
    await run(sql`${numbers(dwellings / homesPerBuilding)} insert into building (id, estate, name, floors, batch)
      select 'B' || i, 'E' || (i % ${sql.lit(districts)}), 'b', 9, 1 from n`)
    await run(sql`${numbers(dwellings / homesPerBuilding)} insert into entrance (id, building, name, batch)
      select 'N' || i, 'B' || i, 'n', 1 from n`)
    await run(sql`${numbers(dwellings)} insert into dwelling (id, entrance, door, batch)
      select 'H' || i, 'N' || (i / ${sql.lit(homesPerBuilding)}), '1', 1 from n`)
    await run(sql`${numbers(dwellings)} insert into dwelling_period
      (dwelling, circuit, valid_from, heated_area_m2, floor, position, heating_type, contract, batch)
      select 'H' || i, 'C' || (i / ${sql.lit(homesPerCircuit)}), ${registeredAt}, 50 + i % 70, 1, 'middle', 'radiator', 'heated', 1 from n`)
    await run(sql`${numbers(dwellings)} insert into device_period
      (device, gateway, place_kind, place, valid_from, sampling_interval_s, reporting_interval_s, tolerance_k, batch)
      select 'P' || i, 'G', 'dwelling', 'H' || i, ${registeredAt}, 1200, 3600, 0.3, 1 from n`)
  })
}

/** A season of roll-ups: by firm and district each day, and by circuit and building on the days of one month. */
async function writeSeason(ledger: Ledger, dwellings: number): Promise<void> {
  const homes = Math.ceil(dwellings / firms / districts)
  const minutes = homes * 700 * 1440
  const columns = sql`home_days, excluded_home_days, passed_home_days, area_minutes, area_minutes_at_target,
    area_minutes_below_16, area_minutes_below_12, area_minutes_covered, area_shortfall, homes, probes, area_tenths,
    watched_homes, watched_area_tenths`
  const days = sql`with recursive d(day) as (select ${firstDay} union all select day + 1 from d
    where day + 1 < ${firstDay + seasonDays})`
  const buildings = Math.ceil(dwellings / homesPerBuilding)
  const area = homesPerBuilding * 700 * 1440
  await ledger.write(async (transaction) => {
    await sql`${days}, f(i) as (select 0 union all select i + 1 from f where i + 1 < ${firms}),
      t(j) as (select 0 union all select j + 1 from t where j + 1 < ${districts})
      insert into firm_day (day, firm, district, ${columns}) select day, 'F' || i, 'D' || j, ${homes}, 0, ${homes},
      ${minutes}, ${minutes} - i * ${homes}, 0, 0, ${minutes}, i, ${homes}, ${homes}, ${homes * 700}, ${homes}, ${homes * 700}
      from d, f, t`.execute(transaction)
    await sql`${days} insert into ranking_day (day, root, leaves, outdoor_c, registry_version, changes_after, changes_upto, changes_root, sealed_at, rolled_up_at)
      select day, 'root', 0, -(day % 30), 1, 0, 0, '', 0, 0 from d`.execute(transaction)
    await sql`with recursive d(day) as (select ${firstDay} union all select day + 1 from d where day + 1 < ${firstDay + 30}),
      b(i) as (select 0 union all select i + 1 from b where i + 1 < ${buildings})
      insert into roll_up_day (day, circuit, building, estate, firm, ${columns})
      select day, 'C' || (i / 4), 'B' || i, 'E' || (i % ${sql.lit(districts)}), 'F' || (i % ${sql.lit(firms)}), ${homesPerBuilding}, 0,
      ${homesPerBuilding}, ${area}, ${area} - (i * 7 + day) % 100000, 0, 0, ${area}, 0, ${homesPerBuilding},
      ${homesPerBuilding}, ${homesPerBuilding * 700}, ${homesPerBuilding}, ${homesPerBuilding * 700}
      from d, b`.execute(transaction)
  })
}

async function rankSeason(dwellings: number): Promise<void> {
  await withLedger(async (ledger) => {
    await writeCity(ledger, dwellings, false)
    await writeSeason(ledger, dwellings)
    const period = { territory: 'city', fromDay: firstDay, toDay: firstDay + seasonDays - 1 }
    const inputs = await timed(() => firmInputs(ledger.db, policy, period))
    const scores = await timed(async () => method && rankFirms(method, inputs.result, seasonDays))
    print({ bench: 'rank', dwellings, firms: inputs.result.length, inputsMs: inputs.ms, rankMs: scores.ms })
    const month = { ...period, toDay: firstDay + 29 }
    const evidence = await timed(() => homeEvidence(ledger.db, 'F7', month, { measure: 'shareAtTarget', probesMin: 0, limit: 100 }))
    print({ bench: 'evidence', dwellings, days: 30, rows: evidence.result.places.length, ms: evidence.ms })
  })
}

const dwellingDaysPerWrite = 10_000

async function closeDay(dwellings: number): Promise<void> {
  await withLedger(async (ledger) => {
    await writeCity(ledger, dwellings, true)
    const day = firstDay + 10
    for (let start = 0; start < dwellings; start += dwellingDaysPerWrite) {
      const homes = Array.from(
        { length: Math.min(dwellingDaysPerWrite, dwellings - start) },
        (_, index) => start + index,
      )
      await ledger.write((transaction) =>
        saveDwellingDays(
          transaction,
          [...(start === 0 ? [{ home: 0, day: day - 1 }] : []), ...homes.map((home) => ({ home, day }))].map((row) => ({
            dwelling: `H${row.home}`,
            device: `P${row.home}`,
            day: row.day,
            coveredMs: 86_000_000,
            belowTargetMs: row.home % 11 === 0 ? 3_600_000 : 0,
            below16Ms: 0,
            below12Ms: 0,
            deficitTargetKh: row.home % 11 === 0 ? 1.2 : 0,
            deficit16Kh: 0,
            deficit12Kh: 0,
            minC: 19,
            meanC: 21.3,
          })),
        ),
      )
    }
    const bytes = await sql<{ bytes: number }>`select sum(pgsize) as bytes from dbstat where name = 'dwelling_day'`
      .execute(ledger.db)
      .catch(() => undefined)
    const total = bytes?.rows[0]?.bytes
    const period = { fromDay: day, toDay: day }
    const close = await timed(() => bringDaysUpToDate({ ledger, policy, now: afterSeason }, period))
    await sql`update ranking_day set registry_version = -1`.execute(ledger.db)
    const again = await timed(() => bringDaysUpToDate({ ledger, policy, now: afterSeason }, period))
    print({
      bench: 'close',
      dwellings,
      closeMs: close.ms,
      againMs: again.ms,
      microsecondsPerDwelling: Math.round((close.ms * 1_000) / dwellings),
      ...(total !== undefined && { bytesPerDwellingDay: Math.round((total / (dwellings + 1)) * 10) / 10 }),
    })
  })
}

for (const dwellings of sizes(flags.dwellings)) await rankSeason(dwellings)
for (const dwellings of sizes(flags.close)) await closeDay(dwellings)
