import { escape as escaped } from '@influxdata/influxdb-client'
import { measurements } from '#domain/telemetry-names.ts'
import type { Fact, FactStore } from '../fact-store.ts'
import { connectInflux, type InfluxTarget } from './connection.ts'
import { InfluxError } from './influx-error.ts'
import { rollUpTarget } from './roll-ups.ts'
import { judgeRefusal } from './write-answer.ts'

/** Facts of one request; a list of sixty firms with twenty items each is some twelve hundred. */
const factsPerRequestMax = 5_000

/** Facts in InfluxDB, in the database of the roll-ups; nothing is sent before the first of them. */
export function openInfluxFacts({ target }: { readonly target: InfluxTarget }): FactStore {
  const connection = connectInflux(rollUpTarget(target))
  return {
    async writeFacts(facts) {
      for (let from = 0; from < facts.length; from += factsPerRequestMax) {
        const lines = facts.slice(from, from + factsPerRequestMax).flatMap(lineOf)
        if (lines.length === 0) continue
        const refusal = await connection.write(lines.join('\n'))
        if (refusal === undefined) continue
        const reason = judgeRefusal(refusal, connection.name)
        throw reason instanceof InfluxError
          ? reason
          : new InfluxError('influx_failed', `${connection.name} refuses facts: ${reason}`)
      }
    },
  }
}

/** A fact without a single known field is no point. */
function lineOf({ kind, tags, fields, at }: Fact): string[] {
  const known: Readonly<Record<string, { readonly type: string }>> = measurements[kind].fields
  const values = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${fieldText(value, known[name]?.type)}`],
  )
  if (values.length === 0) return []
  const tagTexts = Object.entries(tags).map(([name, value]) => `,${name}=${escaped.tag(value)}`)
  return [`${measurements[kind].name}${tagTexts.join('')} ${values.join(',')} ${at}`]
}

const fieldText = (value: number | string, type: string | undefined): string => {
  if (typeof value === 'string') return escaped.quoted(value)
  return type === 'integer' ? `${Math.round(value)}i` : String(value)
}
