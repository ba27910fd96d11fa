import type { LiveRollUp } from '#domain/live-roll-up.ts'
import { dayMs, hourMs } from '#domain/time.ts'
import type { Fact } from '#store/telemetry/fact-store.ts'
import { connectInflux } from '#store/telemetry/influx/connection.ts'
import { openInfluxFacts } from '#store/telemetry/influx/facts.ts'
import { openInfluxRollUps, rollUpTarget } from '#store/telemetry/influx/roll-ups.ts'
import { setUpInflux } from '#store/telemetry/influx/setup.ts'
import type { RollUpStore } from '#store/telemetry/roll-up-store.ts'
import { type Option, positiveInteger } from '../../commands/options.ts'
import { optionsOrExit } from '../support/command-line.ts'
import { type AskedQuery, boardFiles, queriesOf } from '../support/generated-dashboards.ts'
import { type Chosen, interpolate, optionsOf } from '../support/grafana-interpolation.ts'
import { startInfluxd } from '../support/influxd.ts'
import { type BenchPlace, benchPlaces, benchRollUps } from './dashboards-city.ts'

/*
 * How long the queries of the dashboards take: an InfluxDB of its own is filled with hourly roll-ups of a season, by the
 * service's own writer, then every query of every dashboard is asked at the time that the dashboard shows at first, with
 * all places and with single ones, and for the whole season. Ends with 1 when one of them takes over a second.
 *   node test/bench/dashboards.ts --buildings 5000 --days 183
 */
const { buildings, days } = optionsOrExit({
  buildings: {
    env: 'BENCH_BUILDINGS',
    default: 5_000,
    schema: positiveInteger('the number of buildings', 50_000),
    placeholder: 'N',
    help: 'buildings whose roll-ups are written',
  } satisfies Option<number>,
  days: {
    env: 'BENCH_DAYS',
    // A season: 20 October to 20 April.
    default: 183,
    schema: positiveInteger('the number of days', 400),
    placeholder: 'DAYS',
    help: 'days of roll-ups, back from now',
  } satisfies Option<number>,
})
const secondMs = 1_000
const weekMs = 7 * dayMs
/** What InfluxDB takes in one request without holding others up. */
const rollUpsPerRequest = 2_000
const requestsAtOnce = 3
/** A server that is busy with merging files answers late; to write again changes nothing. */
const attemptsMax = 10

// Filling is not what is measured: a sync every tenth of a second will do.
const influxd = await startInfluxd({ 'wal-fsync-delay': '100ms' })
const target = { url: influxd.url, database: 'warmcity' }
// Dashboards show the time up to now.
const to = Math.floor(Date.now() / hourMs) * hourMs
const from = to - days * dayMs
const connection = connectInflux(rollUpTarget(target))

try {
  await setUpInflux(target, 0)
  await fill()
  const slowest = await askAll()
  process.exitCode = slowest > secondMs ? 1 : 0
} finally {
  await influxd.remove()
}

async function fill(): Promise<void> {
  const shape = { buildings, substations: Math.ceil(buildings / 10), sources: 20, firms: 60, districts: 9 }
  const places = benchPlaces(shape)
  const store = openInfluxRollUps({ target })
  const begunMs = performance.now()
  const requests = requestsFor(places)
  let written = 0
  async function writeInTurn(): Promise<void> {
    for (const rollUps of requests) {
      await writeAgain(store, rollUps)
      written += rollUps.length
      if (process.stderr.isTTY) process.stderr.write(`\r${written.toLocaleString('en')} roll-ups`)
    }
  }
  await Promise.all(Array.from({ length: requestsAtOnce }, writeInTurn))
  await openInfluxFacts({ target }).writeFacts(facts())
  await store.close()
  const seconds = (performance.now() - begunMs) / 1_000
  console.log(
    `\r${written.toLocaleString('en')} hourly roll-ups of ${places.length.toLocaleString('en')} places over ${days} days ` +
      `in ${seconds.toFixed(0)} s (${Math.round(written / seconds).toLocaleString('en')} a second)`,
  )
}

/**
 * A week of some places in a request: the server files values by place and figure, and takes many hours of few places
 * several times as fast as one hour of many.
 */
function* requestsFor(places: readonly BenchPlace[]): Generator<LiveRollUp[], undefined> {
  for (let week = from; week < to; week += weekMs) {
    const hours = Array.from({ length: Math.min(weekMs, to - week) / hourMs }, (_, hour) => week + hour * hourMs)
    const placesPerRequest = Math.max(1, Math.floor(rollUpsPerRequest / hours.length))
    for (let first = 0; first < places.length; first += placesPerRequest) {
      yield places.slice(first, first + placesPerRequest).flatMap((place) => benchRollUps(place, hours))
    }
  }
}

async function writeAgain(store: RollUpStore, rollUps: readonly LiveRollUp[]): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await store.writeRollUps(rollUps)
    } catch (error) {
      if (attempt === attemptsMax) throw error
    }
  }
}

/** A list a month, a mark for each, and a day of the service's own figures. */
function facts(): Fact[] {
  const lists = Array.from({ length: Math.ceil(days / 30) }, (_, month) => from + month * 30 * dayMs)
  const scores = lists.flatMap((at, list) =>
    Array.from({ length: 60 }, (_, index): Fact => {
      const firm = `F-${String(index).padStart(4, '0')}`
      const fields = {
        score: 150 + (index % 40),
        interval_low: 140,
        interval_high: 195,
        rank: index + 1,
        assessed_share: 0.8,
      }
      return {
        kind: 'firmScore',
        tags: { firm, list: `L-${list}` },
        fields: { ...fields, standing: 'red', name: firm },
        at,
      }
    }),
  )
  const figures = Array.from(
    { length: 24 * 360 },
    (_, tick): Fact => ({
      kind: 'serviceFigure',
      tags: { service: 'edge', instance: 'edge', figure: 'warmcity_broker_deliveries_accepted' },
      fields: { value: tick },
      at: to - tick * 10_000,
    }),
  )
  return [...scores, ...figures]
}

interface Timed {
  readonly at: string
  readonly ms: number
}

async function askAll(): Promise<number> {
  const shownAtFirst: Timed[] = []
  const wholeSeason: Timed[] = []
  for (const { path, board } of boardFiles.filter((file) => file.path.startsWith('generated/zh/'))) {
    const back = /^now-(\d+)([hd])$/.exec(String(board.time?.from)) ?? []
    const shownMs = Number(back[1]) * (back[2] === 'h' ? hourMs : dayMs)
    for (const wide of [true, false]) {
      shownAtFirst.push(...(await askBoard(path, wide, Math.min(shownMs, to - from))))
      wholeSeason.push(...(await askBoard(path, wide, to - from)))
    }
  }
  report('at the time that each dashboard shows at first', shownAtFirst)
  report('over the whole season', wholeSeason)
  return Math.max(...[...shownAtFirst, ...wholeSeason].map(({ ms }) => ms))
}

/** Asks every query of a dashboard once to fill in its variables, and once for the time that it takes. */
async function askBoard(path: string, wide: boolean, backMs: number): Promise<Timed[]> {
  const file = boardFiles.find((one) => one.path === path)
  if (!file) throw new Error(`There is no ${path}`)
  const shown = { from: to - backMs, to }
  const chosen: Record<string, Chosen[string]> = {}
  const timed: Timed[] = []
  for (const query of queriesOf(file)
    .filter(({ database }) => database === 'rollUps')
    .sort(variablesFirst)) {
    const name = /: variable (\w+)$/.exec(query.at)?.[1]
    const text = interpolate(query.text, shown, file.board, chosen, { everyAtLeastMs: 600_000 })
    const begunMs = performance.now()
    const series = await connection.query(text)
    timed.push({ at: `${query.at}${wide ? ', all' : ''}`, ms: performance.now() - begunMs })
    const variable = file.board.templating.list?.find((one) => one.name === name)
    if (name === undefined || variable === undefined) continue
    const values = series.flatMap(({ columns, values: rows = [] }) =>
      rows.map((row) => String(row[Math.max(1, columns.indexOf('value'))])),
    )
    const options = optionsOf(variable, values).map(({ value }) => value)
    const all = variable.allValue === undefined ? options : 'all'
    chosen[name] = (wide && variable.includeAll) || variable.hide === 2 ? all : options.slice(0, 1)
  }
  return timed
}

function variablesFirst(left: AskedQuery, right: AskedQuery): number {
  return Number(right.kind === 'variable') - Number(left.kind === 'variable')
}

function report(title: string, timed: readonly Timed[]): void {
  const sorted = [...timed].sort((left, right) => right.ms - left.ms)
  const slow = sorted.filter(({ ms }) => ms > secondMs)
  const median = sorted[sorted.length >> 1]?.ms ?? 0
  console.log(`\n${sorted.length} queries ${title}: median ${median.toFixed(1)} ms`)
  console.log(
    slow.length === 0 ? '  no query takes over 1 s; the slowest:' : `  ${slow.length} take over 1 s; the slowest:`,
  )
  for (const { at, ms } of sorted.slice(0, 5)) console.log(`  ${ms.toFixed(0).padStart(6)} ms  ${at}`)
}
