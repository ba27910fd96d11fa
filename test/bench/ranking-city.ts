import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { sql } from 'kysely'
import type { DwellingDay } from '#domain/dwelling-day.ts'
import { gatewayTopic } from '#domain/topics.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { dayNumber, dayText, saveDwellingDays } from '#store/ledger/dwelling-days.ts'
import { createIdentities } from '#store/ledger/mqtt-identities.ts'
import type { LoadGateway } from './load-generator-process.ts'

/** A city of 60 firms in nine districts, with a probe in every home, made by the database itself to be there soon. */
export const firms = 60
const districts = 9
const homesPerBuilding = 100
const homesPerCircuit = 400
const homesPerGateway = 1_000
const registeredAt = Date.parse('2025-01-01T00:00:00+08:00')

export const firstDay = dayNumber('2025-10-20')
export const seasonDays = 183
export const season = { fromDay: firstDay, toDay: firstDay + seasonDays - 1 }
/** When all of the season is closed. */
export const afterSeason = Date.parse('2026-05-01T00:00:00+08:00')

const numbers = (count: number) =>
  sql`with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < ${Math.ceil(count)})`
const probe = sql`'P-' || substr('000000' || i, -7)`

export async function writeCity(ledger: Ledger, dwellings: number): Promise<void> {
  const circuits = Math.ceil(dwellings / homesPerCircuit)
  const buildings = Math.ceil(dwellings / homesPerBuilding)
  await ledger.write(async (transaction) => {
    const run = (statement: ReturnType<typeof sql>) => statement.execute(transaction)
    await run(sql`insert into registry_batch (id, state, made_current_at, actor, note, progress)
      values (1, 'current', 0, 'bench', '', 0)`)
    await run(sql`insert into ledger_version (name, version) values ('registry_batch', 1)`)
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
    await run(sql`${numbers(circuits)} insert into substation (id, territory, name, name_en, batch)
      select 'S' || i, 'E0', 's', null, 1 from n`)
    await run(sql`${numbers(circuits)} insert into circuit (id, substation, zone, pumps, name, name_en, batch)
      select 'C' || i, 'S' || i, 'low', 2, 'c', null, 1 from n`)
    await run(sql`${numbers(circuits)} insert into plant_period (plant_kind, plant, firm, valid_from, batch)
      select 'substation', 'S' || i, 'F' || (i % ${sql.lit(firms)}), ${registeredAt}, 1 from n`)
    await run(sql`${numbers(buildings)} insert into building (id, estate, name, floors, batch)
      select 'B' || i, 'E' || (i % ${sql.lit(districts)}), 'b', 9, 1 from n`)
    await run(sql`${numbers(buildings)} insert into entrance (id, building, name, batch)
      select 'N' || i, 'B' || i, 'n', 1 from n`)
    await run(sql`${numbers(dwellings)} insert into dwelling (id, entrance, door, batch)
      select 'H' || i, 'N' || (i / ${sql.lit(homesPerBuilding)}), '1', 1 from n`)
    await run(sql`${numbers(dwellings)} insert into dwelling_period
      (dwelling, circuit, valid_from, heated_area_m2, floor, position, heating_type, contract, batch)
      select 'H' || i, 'C' || (i / ${sql.lit(homesPerCircuit)}), ${registeredAt}, 50 + i % 70, 1, 'middle', 'radiator',
        'heated', 1 from n`)
    await run(sql`${numbers(dwellings / homesPerGateway)} insert into gateway (id, territory, name, batch)
      select 'G' || i, 'E0', null, 1 from n`)
    await run(sql`${numbers(dwellings)} insert into device (id, kind, model, batch)
      select ${probe}, 'probe', null, 1 from n`)
    await run(sql`${numbers(dwellings)} insert into device_period
      (device, gateway, place_kind, place, valid_from, sampling_interval_s, reporting_interval_s, tolerance_k, batch)
      select ${probe}, 'G' || (i / ${sql.lit(homesPerGateway)}), 'dwelling', 'H' || i, ${registeredAt}, 600, 600, 0.3, 1
      from n`)
  })
}

/** The gateways of the city, for the load generator, and the file of their probes' ids. */
export async function writeFleet(
  ledger: Ledger,
  dwellings: number,
  directory: string,
): Promise<{ gateways: LoadGateway[]; deviceFile: string }> {
  const ids = Array.from({ length: Math.ceil(dwellings / homesPerGateway) }, (_, index) => `G${index}`)
  const identities = ids.map((id) => ({ id, kind: 'gateway' as const }))
  const secrets = await ledger.write((transaction) => createIdentities(transaction, identities, Date.now()))
  const deviceFile = join(directory, 'devices')
  const out = createWriteStream(deviceFile)
  const gateways = ids.map((id, index) => {
    const devices = Math.min(homesPerGateway, dwellings - index * homesPerGateway)
    const lines = Array.from({ length: devices }, (_, home) => probeId(index * homesPerGateway + home))
    out.write(`${lines.join('\n')}\n`)
    return { id, secret: secrets.get(id) ?? '', topic: gatewayTopic(id, 'readings'), devices }
  })
  out.end()
  await finished(out)
  return { gateways, deviceFile }
}

const probeId = (home: number) => `P-${String(home).padStart(7, '0')}`

const dwellingDaysPerWrite = 10_000

/** A day of every home: one in eleven was cold for a while, one in thirty missed something. */
export async function writeDwellingDays(ledger: Ledger, dwellings: number, day: number): Promise<void> {
  for (let start = 0; start < dwellings; start += dwellingDaysPerWrite) {
    const homes = Math.min(dwellingDaysPerWrite, dwellings - start)
    const days = Array.from({ length: homes }, (_, index) => madeDay(start + index, day))
    await ledger.write((transaction) => saveDwellingDays(transaction, days))
  }
}

function madeDay(home: number, day: number): DwellingDay {
  const chance = ((home * 7_919 + day * 104_729) % 99_991) / 99_991
  const isCold = home % 11 === day % 11
  const belowTargetMs = isCold ? Math.round(chance * 36_000) * 1_000 : 0
  const deficitTargetKh = isCold ? Math.round(((belowTargetMs * (5 + chance * 300)) / 360_000) * 100) / 1e5 : 0
  return {
    dwelling: `H${home}`,
    device: probeId(home),
    day,
    coveredMs: 86_400_000 - (home % 30 === day % 30 ? Math.round(chance * 20_000) * 1_000 : 0),
    belowTargetMs,
    below16Ms: 0,
    below12Ms: 0,
    deficitTargetKh,
    deficit16Kh: 0,
    deficit12Kh: 0,
    minC: Math.round((isCold ? 18 + chance : 20 + chance) * 100) / 100,
    meanC: Math.round((21 + chance * 3) * 100) / 100,
  }
}

/** Takes one rolled-up day as every other of the season, so that a season need not be closed day by day. */
export async function repeatDay(ledger: Ledger, day: number): Promise<void> {
  const { rows } = await sql<{ name: string }>`select name from pragma_table_info('roll_up_day')`.execute(ledger.db)
  const columns = rows.map(({ name }) => name).filter((name) => name !== 'day')
  const same = sql.join(columns.map((name) => sql.ref(name)))
  const varied = sql.join(
    columns.map((name) =>
      name === 'area_minutes_at_target' ? sql`max(0, area_minutes_at_target - (d * 7919) % 100000)` : sql.ref(name),
    ),
  )
  for (let other = season.fromDay; other <= season.toDay; other += 1) {
    if (other === day) continue
    await ledger.stage(async (transaction) => {
      await sql`insert into roll_up_day (day, ${same}) select d, ${varied} from roll_up_day,
        (select ${sql.lit(other)} as d) where day = ${day}`.execute(transaction)
      await sql`insert into firm_day (day, firm, district, home_days, excluded_home_days, passed_home_days, area_minutes,
          area_minutes_at_target, area_minutes_below_16, area_minutes_below_12, area_minutes_covered,
          area_minutes_excluded, area_shortfall, homes, probes, area_tenths, watched_homes, watched_area_tenths)
        select ${sql.lit(other)}, firm, district, home_days, excluded_home_days, passed_home_days, area_minutes,
          area_minutes_at_target, area_minutes_below_16, area_minutes_below_12, area_minutes_covered,
          area_minutes_excluded, area_shortfall, homes, probes, area_tenths, watched_homes, watched_area_tenths
        from firm_day where day = ${day}`.execute(transaction)
      await sql`insert into ranking_day (day, root, leaves, changes_after, changes_upto, changes_root, outdoor_c,
          registry_version, sealed_at, rolled_up_at)
        values (${other}, 'repeated', 0, 0, 0, '', ${-(other % 30)}, 1, 0, 0)`.execute(transaction)
    })
  }
}

/** The first plant goes to another firm in the middle of the season. */
export const takeover = (homes: number) => ({
  plant_period: Array.from({ length: Math.max(1, Math.round(homes / homesPerCircuit / firms)) }, (_, index) => ({
    plant_kind: 'substation' as const,
    plant: `S${index * firms}`,
    firm: 'F1',
    valid_from: Date.parse(`${dayText(firstDay)}T00:00:00+08:00`),
  })),
})
