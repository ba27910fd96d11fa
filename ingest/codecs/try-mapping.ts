import { isMetricName, type MetricName } from '#domain/metric.ts'
import type { PayloadMapping } from '#domain/payload-mapping.ts'
import { assessValue, type QualityName, qualityNameByCode } from '#domain/quality.ts'
import { filterMatches } from '#domain/topic-filter.ts'
import type { DeliveryProblem } from '../decoded-block.ts'
import type { Intake } from './codec.ts'
import { notANumber, unknownMetric } from './judge.ts'
import { readForeign } from './read-foreign.ts'

/** A payload as a person pastes it, with what the broker would know of it. */
export interface TriedPayload {
  /** The filter that is to be mapped. */
  readonly filter: string
  readonly topic: string
  readonly payload: string | Uint8Array
  readonly receivedAt: number
  readonly retained?: boolean
}

export interface TriedReading {
  /** What the sender calls the device: what `foreign_device` has to name. */
  readonly address: string
  readonly metric: MetricName
  readonly at: number
  readonly value: number
  readonly quality: QualityName | undefined
}

export interface Trial {
  readonly readings: readonly TriedReading[]
  readonly problems: readonly DeliveryProblem[]
}

/** What a mapping would make of a payload, before it is saved: the code that reads deliveries, with nothing behind it. */
export function tryMapping(mapping: PayloadMapping, tried: TriedPayload): Trial {
  const { filter, topic, receivedAt, retained = false } = tried
  if (!filterMatches(filter, topic)) {
    const detail = `The filter ${filter} does not take in the topic ${topic}.`
    return { readings: [], problems: [{ code: 'no_codec', path: '$', detail }] }
  }
  const addresses: string[] = []
  const readings: TriedReading[] = []
  const intake: Intake = {
    receivedAt,
    device: (address) => addresses.push(address) - 1,
    take(device, metric, at, value) {
      if (!isMetricName(metric)) return unknownMetric(metric)
      if (typeof value !== 'number' || !Number.isFinite(value)) return notANumber(metric, value)
      const quality = qualityNameByCode[assessValue(metric, value)]
      readings.push({ address: addresses[device] ?? '', metric, at, value, quality })
      return undefined
    },
  }
  const isPastedBytes = mapping.format === 'sparkplug_b' && typeof tried.payload === 'string'
  const payload = isPastedBytes ? Buffer.from(tried.payload, 'base64') : Buffer.from(tried.payload)
  const problems = readForeign(
    { mapping, filter, topic, payload, retained },
    { deviceOf: (address) => address },
    intake,
  )
  return { readings, problems }
}
