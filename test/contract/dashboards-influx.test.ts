import type { VariableModel } from '@grafana/grafana-foundation-sdk/dashboard'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { homeFields, measurements } from '#domain/telemetry-names.ts'
import { connectInflux, type InfluxConnection, type InfluxSeries } from '#store/telemetry/influx/connection.ts'
import { rollUpTarget } from '#store/telemetry/influx/roll-ups.ts'
import { type FilledInflux, fillInflux } from '../support/city-in-influx.ts'
import { type AskedQuery, type BoardFile, boardFiles, queriesOf } from '../support/generated-dashboards.ts'
import { type Chosen, interpolate, optionsOf } from '../support/grafana-interpolation.ts'
import { displayNameOf, joinedSeries } from '../support/grafana-series.ts'
import { type Influxd, startInfluxd } from '../support/influxd.ts'
import { hasProgram } from '../support/required-programs.ts'

const suite = 'dashboards over InfluxDB'
const seed = 5
const minuteMs = 60_000

/** Where a column without a single value is right. */
const mayBeEmpty = (query: AskedQuery, column: string): boolean =>
  // What no plant of this city measures, or nothing brought about.
  notInThisCity.includes(`roll_up.${column}`) ||
  // Seasons begin and lists are published at a moment: only planned work has an end.
  (query.kind === 'annotation' && column === 'ends' && !query.text.includes("'plannedWork'"))

describe.runIf(hasProgram('influxd', suite))(suite, () => {
  let influxd: Influxd
  let filled: FilledInflux
  let databases: Readonly<Record<AskedQuery['database'], InfluxConnection>>

  beforeAll(async () => {
    influxd = await startInfluxd()
    const target = { url: influxd.url, database: 'warmcity' }
    databases = { readings: connectInflux(target), rollUps: connectInflux(rollUpTarget(target)) }
    filled = await fillInflux({ target, seed, dwellings: 420, hours: 5 })
  }, 120_000)

  afterAll(() => influxd?.remove())

  const ask = (query: AskedQuery, chosen: Chosen, everyAtLeastMs?: number) => {
    const board = boardFiles.find(({ path }) => query.at.startsWith(`${path}:`))?.board
    // Seasons begin and end far from any day.
    const from = query.kind === 'annotation' ? filled.from - 200 * 86_400_000 : filled.from
    const shown = { from, to: filled.to }
    const text = interpolate(query.text, shown, board, chosen, {
      ...(everyAtLeastMs !== undefined && { everyAtLeastMs }),
    })
    return databases[query.database].query(text)
  }

  /**
   * Fills in the variables of a dashboard from the top: each with its first value, all of them where that may be chosen,
   * or each that there is, which nobody can choose.
   */
  async function choose(path: string, choice: 'one' | 'all' | 'each'): Promise<Chosen> {
    const file = boardFiles.find((one) => one.path === path)
    const queries = file ? queriesOf(file) : []
    const chosen: Record<string, readonly string[] | 'all'> = {}
    for (const variable of file?.board.templating.list ?? []) {
      if (variable.type === 'textbox') chosen[variable.name] = [filled.city.devices.find(isProbe)?.id ?? '']
      if (variable.type !== 'query') continue
      const query = queries.find(({ at }) => at === `${path}: variable ${variable.name}`)
      if (!query) throw new Error(`${path} has no query for ${variable.name}`)
      const values = await valuesOf(variable, await ask(query, chosen))
      expect(values.length, `${path}: ${variable.name} has values`).toBeGreaterThan(0)
      const all = variable.allValue === undefined ? values : 'all'
      const isAll = choice === 'all' && variable.includeAll
      const isEach = choice === 'each' || variable.hide === 2
      chosen[variable.name] = isAll ? all : isEach ? values : values.slice(0, 1)
    }
    return chosen
  }

  async function valuesOf(variable: VariableModel, series: readonly InfluxSeries[]): Promise<string[]> {
    const found = series.flatMap(({ columns, values = [] }) => {
      const column = columns.indexOf('value') >= 0 ? columns.indexOf('value') : 1
      return values.map((row) => String(row[column]))
    })
    return optionsOf(variable, [...new Set(found)].sort()).map(({ value }) => value)
  }

  const everyPath = boardFiles.map(({ path }) => path)

  test.each(everyPath)(
    'every query of %s has values, with all places and with one, and with each its columns have',
    async (path) => {
      const file = boardFiles.find((one) => one.path === path)
      if (!file) throw new Error(path)
      const empty: string[] = []
      for (const choice of ['all', 'one', 'each'] as const) {
        const chosen = await choose(path, choice)
        for (const query of queriesOf(file)) {
          const panel = file.panels.find(({ title }) => query.at.startsWith(`${path}: ${title} `))
          const everyAtLeastMs = panel?.interval === '10m' ? 10 * minuteMs : undefined
          const series = await ask(query, chosen, everyAtLeastMs)
          const columns = [...new Set(series.flatMap((one) => one.columns))].filter((column) => column !== 'time')
          const without = columns.filter((column) => !hasValues(series, column))
          if (without.length === columns.length) empty.push(`${query.at}: no value`)
          // Not every place has every sensor, but each column is there for some.
          else if (choice === 'each') {
            empty.push(
              ...without.filter((column) => !mayBeEmpty(query, column)).map((column) => `${query.at}: ${column}`),
            )
          }
        }
      }
      expect([...new Set(empty)]).toEqual([])
    },
  )

  test('every measurement, tag and field that is named is written, but those that no plant of this city has', async () => {
    const known = { ...measurements }
    const absent: string[] = []
    for (const { name, database, tags, fields } of Object.values(known)) {
      const tagKeys = await namesIn(databases[database], `SHOW TAG KEYS FROM "${name}"`)
      const fieldKeys = await namesIn(databases[database], `SHOW FIELD KEYS FROM "${name}"`)
      absent.push(
        ...Object.keys(tags)
          .filter((tag) => !tagKeys.includes(tag))
          .map((tag) => `${name}.${tag}`),
      )
      absent.push(
        ...Object.keys(fields)
          .filter((field) => !fieldKeys.includes(field))
          .map((field) => `${name}.${field}`),
      )
      for (const key of [...tagKeys, ...fieldKeys]) expect({ ...tags, ...fields }, name).toHaveProperty(key)
    }
    expect(absent.sort()).toEqual(notInThisCity)
  })

  test('a list of places shows names and means ids', async () => {
    const variable = boardFiles
      .find(({ board }) => board.uid === 'warmcity-city-zh')
      ?.board.templating.list?.find(({ name }) => name === 'district')
    if (!variable) throw new Error('There is no list of districts')
    expect(optionsOf(variable, ['南岗区 (nangang)', '道里 (老城) 区 (daoli)'])).toEqual([
      { text: '南岗区', value: 'nangang' },
      { text: '道里 (老城) 区', value: 'daoli' },
    ])
  })

  test.each(everyPath)('charts of several places in %s call them by their names', async (path) => {
    const file = boardFiles.find((one) => one.path === path)
    const chosen = await choose(path, 'all')
    const names = new Set(
      Object.values(filled.city.registry).flatMap((rows) =>
        rows.flatMap((row) => {
          const { name, name_en } = row as { readonly name?: string; readonly name_en?: string }
          return path.includes('/zh/') ? (name ?? []) : (name_en ?? name ?? [])
        }),
      ),
    )
    for (const panel of file?.panels.filter(({ transformations }) => transformations?.[0]?.id === 'joinByField') ??
      []) {
      const [values, namesAnswer] = await Promise.all(
        queriesOf({ ...(file as BoardFile), panels: [panel] })
          .filter(({ kind }) => kind === 'panel')
          .map((query) => ask(query, chosen, 10 * minuteMs)),
      )
      const byField = String(panel.transformations?.find(({ id }) => id === 'joinByField')?.options.byField)
      const series = joinedSeries(values ?? [], namesAnswer ?? [], byField)
      const at = `${path}: ${panel.title}`
      // Nothing that was measured is lost on the way.
      const asked = new Set((values ?? []).map(({ tags }) => tags?.[byField]))
      expect(new Set(series.map(({ labels }) => labels[byField])), at).toEqual(asked)
      expect(asked.size, at).toBeGreaterThan(0)
      for (const one of series) {
        const shown = displayNameOf(panel, one)
        expect(
          [...names].some((name) => shown === name || shown.startsWith(`${name} `)),
          `${at}: ${shown}`,
        ).toBe(true)
      }
      expect(new Set(series.map((one) => displayNameOf(panel, one))).size, at).toBe(series.length)
    }
  })

  test('of the homes where fewer than ten are measured nothing is told but how many there are and whether their probes report', async () => {
    const told = ['dwellings_heated', 'dwellings_probed', 'dwellings_measured', 'probes_expected', 'probes_reporting']
    const figures = Object.keys(homeFields)
    const [few] = await databases.rollUps.query(
      `SELECT ${figures.map((name) => `count("${name}") AS "${name}"`).join(', ')} FROM "roll_up" ` +
        'WHERE "dwellings_measured" > 0 AND "dwellings_measured" < 10',
    )
    const known = few?.columns.filter((name, at) => name !== 'time' && Number(few.values?.[0]?.[at]) > 0) ?? []
    expect(known.sort()).toEqual([...told, 'coverage_share', 'target_c'].sort())
  })

  test('planned work in a single home is on no dashboard', async () => {
    const marks = await databases.rollUps.query('SELECT * FROM "mark"')
    const text = JSON.stringify(marks)
    expect(text).toContain(filled.city.circuits[0]?.id)
    expect(text).not.toContain(filled.city.dwellings[0]?.id)
  })
})

/** Fields of plants that the simulated ones do not measure, or that nothing brought about in these hours. */
const notInThisCity: readonly string[] = [
  'roll_up.alarm_circulation_pump_3_fault',
  'roll_up.alarm_level_switch_high',
  'roll_up.alarm_make_up_pump_1_fault',
  'roll_up.alarm_make_up_pump_2_fault',
  'roll_up.alarm_tank_level_high',
  'roll_up.heat_energy_gj',
]

const isProbe = ({ kind }: { readonly kind: string }) => kind === 'probe'

/** At least one value in a column. */
const hasValues = (series: readonly InfluxSeries[], column: string): boolean =>
  series.some(({ columns, values = [] }) =>
    values.some((row) => row.some((value, at) => columns[at] === column && value !== null && value !== '')),
  )

async function namesIn(connection: InfluxConnection, statement: string): Promise<string[]> {
  const series = await connection.query(statement)
  return series.flatMap(({ values = [] }) => values.map(([name]) => String(name)))
}
