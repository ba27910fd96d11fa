import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { z } from 'zod'
import { cityPolicies, type Policy } from '#domain/policy.ts'
import { rankFirms } from '#domain/ranking.ts'
import { rankingMethods } from '#domain/ranking-methods/index.ts'
import { type Ledger, openLedger } from '#store/ledger/database.ts'
import { homeEvidence } from '#store/ledger/ranking-evidence.ts'
import { firmInputs } from '#store/ledger/ranking-inputs.ts'
import { importRegistry } from '#store/ledger/registry-import.ts'
import { makeRankingThread, type RankingThread } from '../../api/ranking/ranking-thread.ts'
import { dataFolder } from '../../commands/data-folder.ts'
import { type Option, positiveInteger } from '../../commands/options.ts'
import { optionsOrExit } from '../support/command-line.ts'
import { startEdgeProcess } from './edge-process.ts'
import { startLoadGenerator } from './load-generator-process.ts'
import { rounded, warmUp } from './measure.ts'
import {
  afterSeason,
  firstDay,
  repeatDay,
  season,
  seasonDays,
  takeover,
  writeCity,
  writeDwellingDays,
  writeFleet,
} from './ranking-city.ts'

/**
 * The ranking of a city of 60 firms, for each number of homes: what a dwelling-day takes on the disk, closing a day,
 * ranking a season from its roll-ups, the evidence behind a point of the whole season, and rolling the season up again
 * after a firm's plants went to another, with an edge under load beside it. One JSON line a part and size; `again`
 * tells how many times as long or large it is as with the first size.
 */
const options = {
  dwellings: {
    env: 'WARMCITY_BENCH_RANKING_DWELLINGS',
    default: [10_000, 100_000, 2_500_000],
    schema: z
      .string()
      .regex(/^\d+(,\d+)*$/, 'give numbers of dwellings, as 10000,100000')
      .transform((text) => text.split(',').map(Number)),
    help: 'homes, each with a probe: one size or several, the smallest first',
  } satisfies Option<number[]>,
  days: {
    env: 'WARMCITY_BENCH_DAYS',
    default: 30,
    schema: positiveInteger('the number of days', 183),
    help: 'days of homes that are written; one of them is closed',
  } satisfies Option<number>,
  rate: {
    env: 'WARMCITY_BENCH_RATE',
    default: 4_200,
    schema: positiveInteger('the rate', 100_000),
    help: 'readings a second that the edge takes meanwhile',
  } satisfies Option<number>,
}

const { dwellings: sizes, days, rate } = optionsOrExit(options)
const policy = cityPolicies.harbin as Policy
const [method] = rankingMethods
const closedDay = firstDay + 10

const first = new Map<string, number>()
/** Prints the figures of a part, and how many times those of the first size they are. */
function print(part: string, dwellings: number, figures: Readonly<Record<string, number>>): void {
  const grown: Record<string, number> = {}
  for (const [name, value] of Object.entries(figures)) {
    const known = first.get(`${part}/${name}`)
    if (known === undefined) first.set(`${part}/${name}`, value)
    else if (known > 0) grown[name] = rounded(value / known, 1)
  }
  const again = Object.keys(grown).length === 0 ? {} : { again: grown }
  console.log(JSON.stringify({ bench: 'ranking', part, dwellings, ...figures, ...again }))
}

/** How long it took, and how much of the processor: the two differ where the machine has other work. */
async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; cpuSeconds: number; result: T }> {
  const began = performance.now()
  const before = process.cpuUsage()
  const result = await work()
  const { user, system } = process.cpuUsage(before)
  return { ms: rounded(performance.now() - began, 1), cpuSeconds: rounded((user + system) / 1e6, 2), result }
}

async function measureSize(ledger: Ledger, thread: RankingThread, dwellings: number, directory: string): Promise<void> {
  await writeCity(ledger, dwellings)
  await writeDays(ledger, dwellings)
  await closeDay(ledger, thread, dwellings)
  await repeatDay(ledger, closedDay)
  await rankSeason(ledger, dwellings)
  await findEvidence(ledger, dwellings)
  await rollUpBesideEdge(ledger, thread, dwellings, directory)
}

async function writeDays(ledger: Ledger, dwellings: number): Promise<void> {
  // The day on which the service began counts for nobody: it lies before the season.
  await writeDwellingDays(ledger, 1, firstDay - 1)
  const written = await timed(async () => {
    for (let day = closedDay - days + 1; day <= closedDay; day += 1) await writeDwellingDays(ledger, dwellings, day)
  })
  const used = await sql<{ bytes: number }>`select sum(pgsize) as bytes from dbstat where name in (
      select name from sqlite_master where tbl_name in ('dwelling_day_page', 'home_probe', 'home_probe_page'))`.execute(
    ledger.db,
  )
  const dwellingDays = days * dwellings
  print('dwelling-days', dwellings, {
    days,
    bytes_per_dwelling_day: rounded((used.rows[0]?.bytes ?? 0) / dwellingDays, 1),
    write_us_per_dwelling_day: rounded((written.ms * 1_000) / dwellingDays, 1),
  })
}

async function closeDay(ledger: Ledger, thread: RankingThread, dwellings: number): Promise<void> {
  const day = { fromDay: closedDay, toDay: closedDay, now: afterSeason }
  const closed = await timed(() => thread.bringUpToDate(day))
  if (closed.result !== 1) throw new Error('The day was not closed')
  const { leaves } = await ledger.db.selectFrom('ranking_day').select('leaves').executeTakeFirstOrThrow()
  if (leaves !== dwellings) throw new Error(`The sealed day has ${leaves} leaves`)
  print('close-day', dwellings, { seconds: rounded(closed.ms / 1_000, 2), cpu_s: closed.cpuSeconds })
}

async function rankSeason(ledger: Ledger, dwellings: number): Promise<void> {
  const inputs = await timed(() => firmInputs(ledger.db, policy, { territory: 'city', ...season }))
  const scores = await timed(async () => (method ? rankFirms(method, inputs.result, seasonDays) : []))
  const ranked = scores.result.filter(({ rank }) => rank !== undefined).length
  print('rank-season', dwellings, { firms: ranked, ms: rounded(inputs.ms + scores.ms, 1) })
}

const evidenceRows = 100
const homeMeasures = ['shareAtTarget', 'depthK', 'steadyShare', 'coveredShare'] as const

async function findEvidence(ledger: Ledger, dwellings: number): Promise<void> {
  const found: number[] = []
  for (const measure of homeMeasures) {
    const ask = { measure, probesMin: 10, limit: evidenceRows }
    const { ms } = await timed(() => homeEvidence(ledger.db, 'F7', { territory: 'city', ...season }, ask))
    found.push(ms)
  }
  print('evidence', dwellings, { days: seasonDays, worst_ms: Math.max(...found) })
}

const windowMessages = 16
const warmUpSeconds = 5
const aloneSeconds = 10

/** A firm's plants go to another one, from the season's first day on. */
async function rollUpBesideEdge(
  ledger: Ledger,
  thread: RankingThread,
  dwellings: number,
  directory: string,
): Promise<void> {
  const fleet = await writeFleet(ledger, dwellings, directory)
  const edge = await startEdgeProcess({ data: directory })
  try {
    const load = startLoadGenerator({
      ...{ host: '127.0.0.1', port: edge.mqttPort, window: windowMessages, seed: 1, reconnects: true },
      ...{ clockOffsetMs: 0, messagesPerSecond: rate, burst: 1, ...fleet },
    })
    await load.connected
    await warmUp(load, warmUpSeconds * rate, warmUpSeconds)
    await load.lap()
    await new Promise((resolve) => setTimeout(resolve, aloneSeconds * 1_000))
    const alone = await load.lap()
    const rows = takeover(dwellings)
    const imported = await importRegistry(ledger, { rows }, { actor: 'bench', now: () => afterSeason })
    if (!imported.ok) throw new Error(JSON.stringify(imported.problems))
    const again = await timed(() => thread.bringUpToDate({ ...season, now: afterSeason }))
    const beside = await load.lap()
    await load.stop()
    if (again.result !== seasonDays) throw new Error(`${again.result} days were rolled up again`)
    print('plants-to-another-firm', dwellings, {
      plants: rows.plant_period.length,
      days: again.result,
      seconds: rounded(again.ms / 1_000, 2),
      cpu_s: again.cpuSeconds,
      messages_per_second: rounded(beside.messagesPerSecond),
      puback_p99_ms_alone: rounded(alone.latency.p99Ms, 1),
      puback_p99_ms: rounded(beside.latency.p99Ms, 1),
    })
  } finally {
    await edge.stop()
  }
}

for (const dwellings of sizes) {
  const directory = await mkdtemp(join(tmpdir(), 'warmcity-ranking-'))
  const { ledger: target, telemetry } = dataFolder(directory)
  const ledger = await openLedger(target)
  const thread = makeRankingThread({ ledger: target, policy, telemetry: { directory: telemetry } })
  try {
    await measureSize(ledger, thread, dwellings, directory)
  } finally {
    await thread.close()
    await ledger.close()
    await rm(directory, { recursive: true })
  }
}
