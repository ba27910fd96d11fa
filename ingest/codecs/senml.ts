import { z } from 'zod'
import { isMetricName, type Metric, metrics } from '#domain/metric.ts'
import { idSchema } from '#domain/registry.ts'
import { parseGatewayTopic } from '#domain/topics.ts'
import type { DeliveryProblem } from '../decoded-block.ts'
import { type Codec, type Intake, itemsPerPayloadMax, jsonOf, ProblemList, type Refusal, shortened } from './codec.ts'
import { judgeTime, notANumber, unknownMetric } from './judge.ts'
import { inMetricUnit, metricOfUnit } from './senml-units.ts'

/** RFC 8428 section 4.1 and 4.2. Unknown labels are allowed, except those that end in "_" (section 4.4). */
const recordSchema = z
  .looseObject({
    bn: z.string().optional(),
    bt: z.number().optional(),
    bu: z.string().optional(),
    bv: z.number().optional(),
    bver: z.number().int().optional(),
    n: z.string().optional(),
    u: z.string().optional(),
    t: z.number().optional(),
    v: z.unknown().optional(),
    vb: z.unknown().optional(),
    vs: z.unknown().optional(),
    vd: z.unknown().optional(),
    s: z.number().optional(),
  })
  .refine((record) => !Object.keys(record).some((label) => label.endsWith('_')), {
    error: 'a label that ends in "_" must be understood, and this one is not known here',
  })
type SenmlRecord = z.infer<typeof recordSchema>

/** RFC 8428 section 4.1.3: what a reader of this version understands. */
const versionKnown = 10
/** RFC 8428 section 4.5.3: a smaller time counts from now, a larger one is Unix time in seconds. */
const relativeTimeEnd = 2 ** 28
/** RFC 8428 section 4.5.1. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9\-:./_]*$/
/** RFC 9039 device names: `urn:dev:mac:0024beff`; the service's ids have no colons. */
const urnPrefix = /^urn:dev:[a-z]+:/

const valueLabels = ['v', 'vb', 'vs', 'vd'] as const

interface Bases {
  name: string
  time: number | undefined
  unit: string | undefined
  value: number
}

/** `heating/v1/{gateway}/senml`: a SenML pack. A name is the device, then ":" or "/", then the metric. */
export const senml: Codec = {
  name: 'senml',
  reads: (topic) => parseGatewayTopic(topic)?.kind === 'senml',
  decode(payload, intake) {
    const problems = new ProblemList()
    const pack = jsonOf(payload, problems)
    if (pack !== undefined) takePack(pack, intake, problems)
    return problems.list()
  },
}

function takePack(pack: unknown, intake: Intake, problems: ProblemList): readonly DeliveryProblem[] {
  const refusal = packRefusal(pack)
  if (refusal) problems.add('$', refusal)
  if (refusal || !Array.isArray(pack)) return problems.list()
  const bases: Bases = { name: '', time: undefined, unit: undefined, value: 0 }
  for (const [index, entry] of pack.entries()) {
    const path = `$[${index}]`
    const checked = recordSchema.safeParse(entry)
    if (!checked.success) {
      for (const issue of checked.error.issues) {
        problems.add([path, ...issue.path.map(String)].join('.'), { code: 'schema', detail: issue.message })
      }
      continue
    }
    if ((checked.data.bver ?? 0) > versionKnown) {
      const detail = `Version ${checked.data.bver} is not understood; at most ${versionKnown} is.`
      problems.add(`${path}.bver`, { code: 'schema', detail })
      // What the version changes is unknown, so nothing after it can be trusted.
      return problems.list()
    }
    takeRecord(checked.data, bases, path, intake, problems)
  }
  return problems.list()
}

function packRefusal(pack: unknown): Refusal | undefined {
  if (!Array.isArray(pack)) return { code: 'schema', detail: 'A SenML pack is an array of records.' }
  if (pack.length >= 1 && pack.length <= itemsPerPayloadMax) return undefined
  const detail = `A pack has 1 to ${itemsPerPayloadMax} records; this one has ${pack.length}.`
  return { code: pack.length === 0 ? 'schema' : 'too_many', detail }
}

function takeRecord(record: SenmlRecord, bases: Bases, path: string, intake: Intake, problems: ProblemList): void {
  bases.name = record.bn ?? bases.name
  bases.time = record.bt ?? bases.time
  bases.unit = record.bu ?? bases.unit
  bases.value = record.bv ?? bases.value
  const labels = valueLabels.filter((label) => record[label] !== undefined)
  const [label] = labels
  if (label === undefined && record.s === undefined && record.n === undefined) return
  if (label === undefined || labels.length > 1) {
    const detail = 'A record has exactly one of "v" and "vb"; sums ("s") are not measured here.'
    problems.add(path, { code: 'schema', detail })
    return
  }
  const time = resolveTime(record, bases, intake.receivedAt)
  const late = time.own ? judgeTime(time.at, intake.receivedAt) : undefined
  if (late) {
    problems.add(`${path}.t`, late)
    return
  }
  const target = resolveName(bases.name + (record.n ?? ''), record.u ?? bases.unit)
  if ('code' in target) {
    problems.add(`${path}.n`, target)
    return
  }
  const device = intake.device(target.device, time.at)
  if (typeof device !== 'number') {
    problems.add(`${path}.n`, device)
    return
  }
  const value = resolveValue(target.metric, record, label, bases)
  const refusal = typeof value === 'number' ? intake.take(device, target.metric, time.at, value, time.own) : value
  if (refusal) problems.add(refusal.code === 'unit' ? `${path}.u` : `${path}.${label}`, refusal)
}

function resolveTime(record: SenmlRecord, bases: Bases, receivedAt: number): { at: number; own: boolean } {
  const seconds = (bases.time ?? 0) + (record.t ?? 0)
  if (seconds < relativeTimeEnd) return { at: Math.round(receivedAt + seconds * 1_000), own: false }
  return { at: Math.round(seconds * 1_000), own: true }
}

function resolveName(name: string, unit: string | undefined): { device: string; metric: string } | Refusal {
  if (!namePattern.test(name)) {
    const detail = `"${shortened(name)}" is no SenML name: letters, digits and - : . / _, a letter or digit first.`
    return { code: 'schema', detail }
  }
  const plain = name.replace(urnPrefix, '')
  const separator = Math.max(plain.lastIndexOf(':'), plain.lastIndexOf('/'))
  const device = separator < 0 ? plain : plain.slice(0, separator)
  const metric = separator < 0 ? (metricOfUnit[unit ?? ''] ?? '') : plain.slice(separator + 1)
  if (!idSchema.safeParse(device).success) {
    const detail = `"${shortened(device)}" is no device id. A name is the device, then ":" or "/", then the metric.`
    return { code: 'schema', detail }
  }
  if (!isMetricName(metric)) return metric === '' ? noMetric(device) : unknownMetric(metric)
  return { device, metric }
}

function noMetric(device: string): Refusal {
  const detail = `The name "${device}" has no metric and its unit does not tell it. Append ":" and the metric's name.`
  return { code: 'unknown_metric', detail }
}

function resolveValue(
  metric: string,
  record: SenmlRecord,
  label: (typeof valueLabels)[number],
  bases: Bases,
): number | Refusal {
  const value = record[label]
  if (label === 'vb' && typeof value === 'boolean' && isBinary(metric)) return value ? 1 : 0
  if (label !== 'v' || typeof value !== 'number') return notANumber(metric, value)
  return inMetricUnit(metric, bases.value + value, record.u ?? bases.unit)
}

function isBinary(metric: string): boolean {
  const known: Metric | undefined = isMetricName(metric) ? metrics[metric] : undefined
  return known?.binary === true
}
