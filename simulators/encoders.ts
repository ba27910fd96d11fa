import { Buffer } from 'node:buffer'
import type { MetricName } from '#domain/metric.ts'
import { type GatewayTopicKind, gatewayTopic } from '#domain/topics.ts'

/** Values of one device at one time, as a device hands them to its gateway. */
export interface Sample {
  readonly device: string
  readonly at: number
  readonly values: readonly SampleValue[]
}

export type SampleValue = readonly [metric: MetricName, value: number]

/** How a gateway writes: each sample is turned into text at once, an upload joins the texts. */
export interface Encoder {
  readonly topicKind: GatewayTopicKind
  sample(sample: Sample): string
  /** A payload of one or more encoded samples. */
  payload(samples: readonly string[]): Buffer
}

const joined = (samples: readonly string[]) => Buffer.from(`[${samples.join(',')}]`)

/** One object a sample. Ids and metric names need no escaping: neither may hold a quote or a backslash. */
const native: Encoder = {
  topicKind: 'readings',
  sample({ device, at, values }) {
    let text = `{"device":"${device}","at":${at},"values":{`
    for (const [index, [metric, value]] of values.entries()) text += `${index === 0 ? '' : ','}"${metric}":${value}`
    return `${text}}}`
  },
  payload: joined,
}

/** Units as RFC 8428 registers them; metrics without one of these are not sent in SenML. */
const senmlUnits: Partial<Record<MetricName, string>> = {
  indoor_temperature_c: 'Cel',
  outdoor_temperature_c: 'Cel',
  humidity_pct: '%RH',
  battery_pct: '%EL',
}

/** A pack of records; base name and base time are given anew with the first record of each sample. */
const senml: Encoder = {
  topicKind: 'senml',
  sample({ device, at, values }) {
    return values
      .map(([metric, value], index) => {
        const base = index === 0 ? `"bn":"${device}:","bt":${at / 1000},` : ''
        return `{${base}"n":"${metric}","u":"${senmlUnits[metric] ?? '/'}","v":${value}}`
      })
      .join(',')
  },
  payload: joined,
}

export const encoders = { native, senml } as const satisfies Record<string, Encoder>

/** Topic on which a gateway with this encoder publishes. */
export const topicOf = (gateway: string, encoder: Encoder) => gatewayTopic(gateway, encoder.topicKind)
