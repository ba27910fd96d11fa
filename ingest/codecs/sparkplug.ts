import { valueAt } from '#domain/json-path.ts'
import type { PayloadMapping } from '#domain/payload-mapping.ts'
import { parseSparkplugTopic, type SparkplugTopic } from '#domain/sparkplug.ts'
import { type ProblemList, payloadBytesMax, type Refusal, shortened } from './codec.ts'
import type { ForeignCodec, ForeignMessage, Measurement } from './foreign-codec.ts'
import { unpackSparkplug } from './sparkplug-compressed.ts'
import {
  readSparkplugPayload,
  type SparkplugMetric,
  type SparkplugPayload,
  sparkplugValue,
} from './sparkplug-payload.ts'
import {
  type Birth,
  type BornMetric,
  bornMetrics,
  following,
  makeBirth,
  type NodeSession,
  type SparkplugSessions,
} from './sparkplug-session.ts'

/** A birth names every metric of a controller, of which a few are measured. */
const metricsMax = 5_000
/** Devices behind one edge node that are known at once. */
const devicesMax = 1_000
const goodQuality = 192

/**
 * Sparkplug B 3.0 (protobuf). The address is "{group}/{edge node}", and of a device "{group}/{edge node}/{device}";
 * fields are the names of metrics. Births and data bring values; deaths, commands and states of hosts bring none. What
 * an alias stands for follows from the birth before, so that this codec, unlike the others, remembers.
 */
export const sparkplug: ForeignCodec = {
  timeAdvice: 'A Sparkplug B metric has a timestamp of its own, or its payload has one.',
  read(message, problems) {
    const topic = parseSparkplugTopic(message.topic)
    if (topic === undefined || topic.type === 'NCMD' || topic.type === 'DCMD') return []
    const payload = readPayload(message.payload)
    if ('code' in payload) {
      problems.add('$', payload)
      return []
    }
    const place = `${topic.group}/${topic.node}`
    const sessions = message.sessions ?? nothingKnown
    // What is sent through again is read by what is known now, and changes nothing of it.
    const before = sessions.of(place)
    const birth = isBirth(topic) ? makeBirth(bornMetrics(payload.metrics)) : undefined
    const session = message.sentAgain ? before : follow(sessions, place, topic, payload, birth, before)
    if (topic.type === 'NDEATH' || topic.type === 'DDEATH') return []
    const known = birth ?? (session?.trusted ? session.births.get(topic.device ?? '') : undefined)
    const reader = metricReader(known, message, problems)
    const measurements = reader.read(topic, payload)
    const isUnknown = session === undefined && topic.type !== 'NBIRTH' && !message.sentAgain
    if (reader.needsBirth || isUnknown) sessions.askForBirth(place)
    return measurements
  },
}

const nothingKnown: SparkplugSessions = { of: () => undefined, put: () => true, missed() {}, askForBirth() {} }

const isBirth = ({ type }: SparkplugTopic) => type === 'NBIRTH' || type === 'DBIRTH'

function readPayload(bytes: Buffer): SparkplugPayload | Refusal {
  if (bytes.length > payloadBytesMax) {
    return { code: 'too_large', detail: `The payload has ${bytes.length} bytes; at most ${payloadBytesMax} are taken.` }
  }
  const sent = readSparkplugPayload(bytes)
  if (sent === undefined) return { code: 'schema', detail: 'The payload is no protobuf of Sparkplug B.' }
  const payload = sent.compressed ? unpackSparkplug(sent, sent.compressed) : sent
  if ('code' in payload) return payload
  if (payload.metrics.length > metricsMax) {
    const detail = `A payload has at most ${metricsMax} metrics; this one has ${payload.metrics.length}.`
    return { code: 'too_many', detail }
  }
  return payload
}

/** The session after the message; undefined where the node is not known, or gone. */
function follow(
  sessions: SparkplugSessions,
  place: string,
  topic: SparkplugTopic,
  payload: SparkplugPayload,
  birth: Birth | undefined,
  before: NodeSession | undefined,
): NodeSession | undefined {
  const after = nextSession(sessions, place, topic, payload, birth, before)
  if (after === before) return before
  return sessions.put(place, after) ? after : undefined
}

function nextSession(
  sessions: SparkplugSessions,
  place: string,
  { type, device = '' }: SparkplugTopic,
  payload: SparkplugPayload,
  birth: Birth | undefined,
  before: NodeSession | undefined,
): NodeSession | undefined {
  const bdSeq = numberNamed('bdSeq', payload)
  if (type === 'NBIRTH' && birth) {
    return { bdSeq, seq: payload.seq ?? 0, trusted: true, births: new Map([['', birth]]) }
  }
  if (before === undefined) return undefined
  if (type === 'NDEATH') {
    // The will of a connection that was replaced comes after the birth of the one that replaced it.
    const isEarlier = bdSeq !== undefined && before.bdSeq !== undefined && bdSeq !== before.bdSeq
    return isEarlier ? before : undefined
  }
  const { seq = before.seq } = payload
  const come = following(before.seq, seq)
  if (come === 'gap' || come === 'newCount') {
    sessions.missed(place)
    sessions.askForBirth(place)
  }
  const trusted = before.trusted && come !== 'newCount'
  if (birth === undefined && type !== 'DDEATH') return { ...before, seq, trusted }
  const births = new Map(before.births)
  births.delete(device)
  if (birth && births.size <= devicesMax) births.set(device, birth)
  return { ...before, seq, trusted, births }
}

function numberNamed(name: string, { metrics }: SparkplugPayload): number | undefined {
  const metric = metrics.find((one) => one.name === name)
  const value = metric && sparkplugValue(metric, metric.type)
  return typeof value === 'number' ? value : undefined
}

/** Turns metrics into measurements, those of one time together. */
function metricReader(birth: Birth | undefined, { mapping, sentAgain = false }: ForeignMessage, problems: ProblemList) {
  const told = new Set<string>()
  let needsBirth = false

  function refuse(path: string, refusal: Refusal): undefined {
    // A payload of fifty metrics with one reason says it once.
    if (!told.has(refusal.code)) problems.add(path, refusal)
    told.add(refusal.code)
  }

  function bornAs(metric: SparkplugMetric, path: string): BornMetric | undefined {
    const { name, alias, type } = metric
    if (name !== undefined) return { name, alias, type: type ?? birth?.byName.get(name)?.type }
    const born = alias === undefined ? undefined : birth?.byAlias.get(alias)
    if (born) return type === undefined ? born : { ...born, type }
    needsBirth = needsBirth || !sentAgain
    const detail = birth
      ? `No metric of the last birth has the alias ${shortened(alias ?? '')}. The node was asked to tell its metrics anew.`
      : 'The metric comes by alias, and no birth says what it stands for. The node was asked for it.'
    return refuse(path, { code: birth ? 'alias_unknown' : 'birth_missing', detail })
  }

  return {
    get needsBirth() {
      return needsBirth
    },
    read(topic: SparkplugTopic, payload: SparkplugPayload): readonly Measurement[] {
      const address = [topic.group, topic.node, ...(topic.device === undefined ? [] : [topic.device])].join('/')
      const gathered = gatherByTime()
      for (const [index, metric] of payload.metrics.entries()) {
        const path = `$.metrics[${index}]`
        if (metric.transient || isControl(metric)) continue
        const born = bornAs(metric, path)
        if (born === undefined) continue
        const isGood = !metric.isNull && (metric.quality ?? goodQuality) === goodQuality
        const value = isGood ? sparkplugValue(metric, born.type) : null
        // The time of sending says nothing of when a kept value was measured.
        const at = metric.at ?? (metric.historical ? undefined : payload.at)
        if (value !== undefined) gathered.add(at, born.name, value, path)
      }
      const measurements = gathered.all().map(({ at, part, path }): Measurement => {
        const time = at === undefined ? undefined : ({ value: at, format: 'epoch_ms' } as const)
        // Only what has changed is sent: a field that is not here is not missed.
        return { address, path, root: part, part, time, auxiliary: true }
      })
      return isBirth(topic) ? orWhole(measurements, mapping) : measurements
    },
  }
}

/** Switches and numbers of the protocol itself. */
const isControl = ({ name = '' }: SparkplugMetric) => name === 'bdSeq' || /^(Node|Device) Control\//.test(name)

interface Gathered {
  readonly at: number | undefined
  readonly path: string
  readonly part: Record<string, unknown>
}

/** Puts values of one time together; a node that was offline sends one metric many times, perhaps within a millisecond. */
function gatherByTime() {
  const open = new Map<number | undefined, Gathered>()
  const all: Gathered[] = []
  return {
    all: (): readonly Gathered[] => all,
    add(at: number | undefined, name: string, value: unknown, path: string) {
      let gathered = open.get(at)
      if (gathered === undefined || Object.hasOwn(gathered.part, name)) {
        gathered = { at, path, part: Object.create(null) as Record<string, unknown> }
        open.set(at, gathered)
        all.push(gathered)
      }
      gathered.part[name] = value
    },
  }
}

/** A birth tells everything that there is: when none of it is mapped, that is worth saying, and only then. */
function orWhole(measurements: readonly Measurement[], { fields }: PayloadMapping): readonly Measurement[] {
  const [first] = measurements
  if (first === undefined) return []
  const isMapped = measurements.some(({ part }) => fields.some(({ path }) => valueAt(path, part, part) !== undefined))
  if (isMapped) return measurements
  const part: Record<string, unknown> = Object.assign(Object.create(null), ...measurements.map((one) => one.part))
  return [{ ...first, root: part, part, auxiliary: false }]
}
