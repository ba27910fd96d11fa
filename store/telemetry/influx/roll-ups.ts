import { escape as escaped } from '@influxdata/influxdb-client'
import { withoutHomes } from '#domain/few-homes.ts'
import type { LiveRollUp, RollUpFigures, RollUpPlace } from '#domain/live-roll-up.ts'
import { labelOf, measurements, type RollUpFigure, type RollUpLevel, rollUpFigures } from '#domain/telemetry-names.ts'
import type { RollUpReader, RollUpStore, StoredRollUp } from '../roll-up-store.ts'
import { connectInflux, type InfluxConnection, type InfluxSeries, type InfluxTarget } from './connection.ts'
import { InfluxError } from './influx-error.ts'
import { literal } from './reader.ts'
import { judgeRefusal } from './write-answer.ts'

/**
 * Roll-ups have a database or bucket beside that of the readings, for others to ask: in it stands nothing that speaks
 * of few homes. What that takes away stands whole among the readings, where only the service asks.
 */
export const rollUpTarget = (target: InfluxTarget): InfluxTarget => ({
  ...target,
  ...(target.database !== undefined && { database: `${target.database}_roll_ups` }),
  ...(target.bucket !== undefined && { bucket: `${target.bucket}_roll_ups` }),
})

const { rollUp: rollUpNames } = measurements
const { fields, tags } = rollUpNames
const levelTag = 'level' satisfies keyof typeof tags
const idTag = 'id' satisfies keyof typeof tags

/** Opens roll-ups in InfluxDB; nothing is asked before the first question. */
export function openInfluxRollUps({ target }: { readonly target: InfluxTarget }): RollUpStore {
  const shown = connectInflux(rollUpTarget(target))
  const whole = connectInflux(target)
  const reader = openInfluxRollUpReader({ target })
  let closed = false

  async function write(connection: InfluxConnection, lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return
    const refusal = await connection.write(lines.join('\n'))
    if (refusal === undefined) return
    const reason = judgeRefusal(refusal, connection.name)
    throw reason instanceof InfluxError
      ? reason
      : new InfluxError('influx_failed', `${connection.name} refuses roll-ups: ${reason}`)
  }

  return {
    ...reader,
    async writeRollUps(rollUps) {
      if (closed) throw new InfluxError('influx_closed', 'The roll-ups are closed')
      // The whole ones first: whoever finds a period without the figures of few finds them there.
      await write(
        whole,
        rollUps.filter(({ few }) => few).map((rollUp) => lineOf(rollUp, rollUp.figures)),
      )
      await write(
        shown,
        rollUps.map((rollUp) => lineOf(rollUp, rollUp.few ? withoutHomes(rollUp.figures) : rollUp.figures)),
      )
    },
    // Retention is the server's own work.
    async dropRollUpsBefore() {},
    async close() {
      closed = true
      await reader.close()
    },
  }
}

function lineOf({ place, at }: LiveRollUp, figures: RollUpFigures): string {
  const values = Object.entries(figures).map(([name, value]) => `${name}=${value}${isWhole(name) ? 'i' : ''}`)
  const texts = Object.entries(namesOf(place)).map(([name, value]) => `${name}=${escaped.quoted(value)}`)
  return `${rollUpNames.name}${tagsOf(place)} ${[...values, ...texts].join(',')} ${at}`
}

const isWhole = (name: string): boolean => (fields as Record<string, { type: string }>)[name]?.type === 'integer'

function tagsOf({ name: _, nameEn: __, ...belongs }: RollUpPlace): string {
  const known = Object.entries(belongs satisfies Partial<Record<keyof typeof tags, string>>)
  return known
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `,${name}=${escaped.tag(String(value))}`)
    .join('')
}

const namesOf = ({ id, name, nameEn = name }: RollUpPlace) =>
  ({ name, name_en: nameEn, label: labelOf(name, id), label_en: labelOf(nameEn, id) }) satisfies Record<
    Exclude<keyof typeof fields, RollUpFigure>,
    string
  >

/** A page is read as one JSON; a place has some fifty figures. */
const rowsPerPage = 2_000

/** Answers from InfluxDB. */
export function openInfluxRollUpReader({ target }: { readonly target: InfluxTarget }): RollUpReader {
  const connections = [connectInflux(rollUpTarget(target)), connectInflux(target)] as const
  let closed = false

  async function ask(connection: InfluxConnection, question: string): Promise<readonly InfluxSeries[]> {
    if (closed) throw new InfluxError('influx_closed', 'The roll-ups are closed')
    return connection.query(question)
  }

  /** Rows of both databases; where homes are taken out of those that are shown, they are whole among the readings. */
  async function both(question: string): Promise<StoredRollUp[]> {
    const [shown, whole] = connections
    const found = new Map<string, StoredRollUp>()
    const key = ({ level, id, at }: StoredRollUp) => `${level}/${id}/${at}`
    for (const series of await ask(whole, question)) {
      for (const rollUp of rollUpsFrom(series, true)) found.set(key(rollUp), rollUp)
    }
    for (const series of await ask(shown, question)) {
      for (const rollUp of rollUpsFrom(series, false)) {
        const isWhole = rollUp.figures.indoor_mean_c !== undefined || !found.has(key(rollUp))
        if (isWhole) found.set(key(rollUp), rollUp)
      }
    }
    return [...found.values()].sort((left, right) => left.at - right.at)
  }

  const columns = rollUpFigures.map((name) => `"${name}"`).join(', ')
  const select = `SELECT "${levelTag}", "${idTag}", ${columns} FROM "${rollUpNames.name}"`

  return {
    async rollUps(level, id, from, to, limit) {
      const place = `"${levelTag}" = ${literal(level)} AND "${idTag}" = ${literal(id)}`
      const found: StoredRollUp[] = []
      for (let next = from; found.length < limit; ) {
        const wanted = Math.min(rowsPerPage, limit - found.length)
        const page = await both(
          `${select} WHERE ${place} AND time >= ${next}ms AND time < ${to}ms ORDER BY time LIMIT ${wanted}`,
        )
        for (const rollUp of page.slice(0, wanted)) found.push(rollUp)
        const last = found.at(-1)
        if (page.length < wanted || last === undefined) break
        next = last.at + 1
      }
      return found
    },
    rollUpsAt: (levels, at) => both(`${select} WHERE time = ${at}ms AND (${levels.map(isLevel).join(' OR ')})`),
    async newestRollUpAt() {
      const city = `"${levelTag}" = ${literal('city' satisfies RollUpLevel)}`
      const series = await ask(
        connections[0],
        `SELECT last("dwellings_heated") FROM "${rollUpNames.name}" WHERE ${city}`,
      )
      const at = series[0]?.values?.[0]?.[0]
      return at === undefined || at === null ? undefined : Number(at)
    },
    async close() {
      closed = true
    },
  }
}

const isLevel = (level: RollUpLevel): string => `"${levelTag}" = ${literal(level)}`

function rollUpsFrom({ columns, values = [] }: InfluxSeries, few: boolean): StoredRollUp[] {
  const placeOf = (name: string) => columns.indexOf(name)
  return values.map((row) => {
    const figures: Partial<Record<RollUpFigure, number>> = {}
    for (const name of rollUpFigures) {
      const value = row[placeOf(name)]
      if (value !== null && value !== undefined) figures[name] = Number(value)
    }
    return {
      level: String(row[placeOf(levelTag)]) as RollUpLevel,
      id: String(row[placeOf(idTag)]),
      at: Number(row[placeOf('time')]),
      few,
      figures,
    }
  })
}
