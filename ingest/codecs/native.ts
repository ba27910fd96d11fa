import { z } from 'zod'
import { idSchema } from '#domain/registry.ts'
import { parseGatewayTopic } from '#domain/topics.ts'
import { type Codec, type Intake, itemsPerPayloadMax, jsonOf, noProblems, ProblemList } from './codec.ts'
import { judgeTime } from './judge.ts'

/**
 * One item of the native format. `at` is epoch milliseconds or ISO 8601 with an offset; without it the time of receipt
 * counts, and a resend cannot be recognised.
 */
const atText = '"at" is epoch milliseconds, or ISO 8601 with an offset or "Z" (2026-01-15T08:00:00+08:00)'
const itemSchema = z.strictObject({
  device: idSchema,
  at: z.union([z.number(atText), z.iso.datetime({ offset: true, error: atText })], atText).optional(),
  values: z.record(z.string(), z.unknown()).refine((values) => Object.keys(values).length > 0, 'at least one metric'),
})

interface Item {
  readonly device: string
  readonly at?: number | string
  readonly values: Readonly<Record<string, unknown>>
}

/** Same verdict as the schema for what is sent all day, at a fraction of its cost; the device id is judged later. */
function looksRight(item: unknown): item is Item {
  if (typeof item !== 'object' || item === null) return false
  let fields = 0
  for (const field in item) {
    if (field !== 'device' && field !== 'at' && field !== 'values') return false
    fields++
  }
  const { device, at, values } = item as Record<string, unknown>
  if (typeof device !== 'string' || typeof values !== 'object' || values === null || Array.isArray(values)) return false
  return fields === 2 ? !('at' in item) : typeof at === 'number'
}

/** `heating/v1/{gateway}/readings`: one object, or an array of up to 1,000. */
export const native: Codec = {
  name: 'native',
  reads: (topic) => parseGatewayTopic(topic)?.kind === 'readings',
  decode(payload, intake) {
    const problems = new ProblemList()
    const json = jsonOf(payload, problems)
    if (json === undefined) return problems.list()
    if (!Array.isArray(json)) return takeItem(json, '$', intake, problems) ? noProblems : problems.list()
    if (json.length === 0 || json.length > itemsPerPayloadMax) {
      const detail = `An array has 1 to ${itemsPerPayloadMax} readings; this one has ${json.length}.`
      problems.add('$', { code: json.length === 0 ? 'schema' : 'too_many', detail })
      return problems.list()
    }
    for (const [index, item] of json.entries()) takeItem(item, `$[${index}]`, intake, problems)
    return problems.list()
  },
}

/** True where nothing was wrong with the item. */
function takeItem(item: unknown, path: string, intake: Intake, problems: ProblemList): boolean {
  let read: Item
  if (looksRight(item)) read = item
  else {
    const checked = itemSchema.safeParse(item)
    if (!checked.success) {
      for (const issue of checked.error.issues) {
        problems.add(jsonPath(path, issue.path), { code: 'schema', detail: issue.message })
      }
      return false
    }
    read = checked.data
  }
  const ownTime = read.at !== undefined
  const at = !ownTime
    ? intake.receivedAt
    : typeof read.at === 'number'
      ? Math.round(read.at)
      : Date.parse(read.at ?? '')
  const late = ownTime ? judgeTime(at, intake.receivedAt) : undefined
  if (late) {
    problems.add(`${path}.at`, late)
    return false
  }
  const device = intake.device(read.device, at)
  if (typeof device !== 'number') {
    problems.add(`${path}.device`, device)
    return false
  }
  return takeValues(read.values, device, at, ownTime, path, intake, problems)
}

function takeValues(
  values: Readonly<Record<string, unknown>>,
  device: number,
  at: number,
  ownTime: boolean,
  path: string,
  intake: Intake,
  problems: ProblemList,
): boolean {
  let good = true
  let count = 0
  for (const metric in values) {
    count++
    const refusal = intake.take(device, metric, at, values[metric], ownTime)
    if (refusal === undefined) continue
    problems.add(jsonPath(path, ['values', metric]), refusal)
    good = false
  }
  if (count > 0) return good
  problems.add(`${path}.values`, { code: 'schema', detail: 'at least one metric' })
  return false
}

function jsonPath(start: string, steps: readonly PropertyKey[]): string {
  return steps.reduce<string>((path, step) => {
    if (typeof step === 'number') return `${path}[${step}]`
    const name = String(step).slice(0, 100)
    return /^[A-Za-z_]\w*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`
  }, start)
}
