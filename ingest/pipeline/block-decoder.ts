import { type MetricName, metricNames, metrics } from '#domain/metric.ts'
import { assessValue } from '#domain/quality.ts'
import { gatewayTopic, parseGatewayTopic } from '#domain/topics.ts'
import { type Codec, type Intake, type Refusal, shortened } from '../codecs/codec.ts'
import { codecs } from '../codecs/index.ts'
import { notANumber, unknownMetric } from '../codecs/judge.ts'
import { type AddressBook, readForeign } from '../codecs/read-foreign.ts'
import type { DecodedBlock, DeliveryProblem, RejectedDelivery, Tick } from '../decoded-block.ts'
import type { JournalStretch } from '../journal/reader.ts'
import { RecordView } from '../journal/record.ts'
import { type Columns, copiedColumns, grownColumns, makeColumns } from './columns.ts'
import type { DeviceJudge, NewDevice, RegistryVersion } from './device-judge.ts'
import type { ForeignBook } from './foreign-book.ts'
import { SparkplugBook } from './sparkplug-book.ts'

/** A decoded block and what only the pipeline's own readers need. */
export interface PipelineBlock extends DecodedBlock {
  /** Devices whose first reading the ledger has not noted. */
  readonly newDevices: readonly NewDevice[]
  /** True where devices were taken that the registry does not know: see `quarantine-reader.ts`. */
  readonly introduces: boolean
  /** Quarantined deliveries that were sent through again in this block. */
  readonly sentAgain: readonly { readonly quarantineId: number; readonly position: number }[]
}

const metricByName = new Map<string, { readonly name: MetricName; readonly code: number }>(
  metricNames.map((name) => [name, { name, code: metrics[name].code }]),
)

const unresolved: Refusal = { code: 'schema', detail: 'not yet known' }

/** Decodes stretches of the journal. One at a time: the columns that it fills are reused. */
export class BlockDecoder implements Intake, AddressBook {
  readonly #judge: DeviceJudge
  readonly #foreign: ForeignBook
  readonly #sparkplug: SparkplugBook
  readonly #view = new RecordView()
  #columns: Columns = makeColumns(16_384)
  #count = 0
  #withoutTime = 0
  #position = 0
  #gateway = 0
  #gatewayId = ''
  #registeredGateway = -1
  #registry: RegistryVersion
  #newDevices = new Map<number, NewDevice>()
  /** Receipt of the delivery: the now that its times are judged by. */
  receivedAt = 0
  /** Later than the receipt for what was sent through again: to the rules that is backlog, whatever it says. */
  #journaledAt = 0

  constructor(judge: DeviceJudge, foreign: ForeignBook, sparkplug = new SparkplugBook()) {
    this.#judge = judge
    this.#foreign = foreign
    this.#sparkplug = sparkplug
    this.#registry = judge.version(0)
  }

  /** Decodes, and as long as the ledger has to be asked about devices or mappings, asks and decodes again. */
  async decode(stretch: JournalStretch): Promise<PipelineBlock> {
    this.#judge.introductions = 0
    this.#foreign.trim()
    for (;;) {
      this.#sparkplug.begin(stretch.from)
      const block = this.#attempt(stretch)
      const asked = [await this.#foreign.answerQuestions(), await this.#judge.answerQuestions()]
      if (asked.includes(true)) continue
      this.#sparkplug.finish(stretch.to, this.receivedAt)
      return { ...block, newDevices: await this.#judge.unnoted(block.newDevices) }
    }
  }

  #attempt({ from, to, bytes, ends, positions }: JournalStretch): PipelineBlock {
    this.#count = 0
    this.#withoutTime = 0
    this.#newDevices = new Map()
    this.#registry = this.#judge.version(this.#registry.version)
    const view = this.#view
    const ticks: Tick[] = []
    const rejected: RejectedDelivery[] = []
    const sentAgain: { quarantineId: number; position: number }[] = []
    const deliveries = { total: 0, taken: 0, repeats: 0, rejected: 0, status: 0 }
    let start = 0
    for (const [index, end] of ends.entries()) {
      view.show(bytes, start, end)
      this.#position = positions[index] ?? from
      start = end
      if (view.isTick) {
        const { at, catchingUp, started } = view
        ticks.push({ position: this.#position, at, catchingUp, started, readingsBefore: this.#count })
        continue
      }
      deliveries.total++
      if (view.quarantineId !== 0) sentAgain.push({ quarantineId: view.quarantineId, position: this.#position })
      if (view.repeat) deliveries.repeats++
      else if (isStatus(view)) deliveries.status++
      else {
        const storedBefore = this.#count
        const problems = this.#decodeOrKeep(view)
        if (problems.length === 0) deliveries.taken++
        else {
          deliveries.rejected++
          rejected.push(this.#rejection(view, this.#count - storedBefore, problems))
        }
      }
    }
    return this.#finished(from, to, { ticks, rejected, sentAgain, deliveries })
  }

  /** Codecs do not throw. If one does, its mistake costs this delivery and not every reading of the city behind it. */
  #decodeOrKeep(view: RecordView): readonly DeliveryProblem[] {
    const [count, withoutTime] = [this.#count, this.#withoutTime]
    try {
      return this.#decodeDelivery(view)
    } catch (error) {
      this.#count = count
      this.#withoutTime = withoutTime
      const detail = `This service failed to read the payload: ${shortened(String(error))}. It can be sent through again after an update.`
      return [{ code: 'codec_failed', path: '$', detail }]
    }
  }

  #decodeDelivery(view: RecordView): readonly DeliveryProblem[] {
    this.receivedAt = view.at
    this.#journaledAt = view.journaledAt
    this.#gatewayId = view.gateway
    this.#gateway = this.#judge.gatewayNumber(this.#gatewayId)
    this.#registeredGateway = this.#judge.registeredGateway(this.#gateway)
    if (this.#registry.version !== view.registryVersion) this.#registry = this.#judge.version(view.registryVersion)
    const codec = codecFor(view)
    return codec ? codec.decode(view.payload(), this) : this.#decodeForeign(view)
  }

  #decodeForeign(view: RecordView): readonly DeliveryProblem[] {
    const { topic } = view
    const mapped = this.#foreign.topicOf(this.#gatewayId, topic, view.registryVersion)
    if (mapped) {
      return readForeign(
        {
          topic,
          filter: mapped.filter,
          mapping: mapped.mapping,
          payload: view.payload(),
          retained: view.retain,
          sentAgain: view.quarantineId !== 0,
          sessions: this.#sparkplug.sessionsOf(this.#gatewayId),
        },
        this,
        this,
      )
    }
    const detail =
      `No mapping reads the topic ${shortened(topic)} of gateway ${this.#gatewayId}. Publish to "readings" or "senml", ` +
      'or name a mapping for the topic in foreign_topic and send this delivery through again.'
    return [{ code: 'no_codec', path: '$', detail }]
  }

  deviceOf(address: string, field: string, at: number): string | undefined | Refusal {
    return this.#foreign.deviceOf(this.#gatewayId, address, field, at, this.#registry.version)
  }

  #rejection(view: RecordView, storedReadings: number, problems: readonly DeliveryProblem[]): RejectedDelivery {
    return {
      position: this.#position,
      receivedAt: view.at,
      gateway: view.gateway,
      topic: view.topic,
      // The journal's buffer is used again for the next stretch.
      payload: Uint8Array.from(view.payload()),
      retain: view.retain,
      storedReadings,
      problems,
    }
  }

  #finished(
    from: number,
    to: number,
    rest: Pick<PipelineBlock, 'ticks' | 'rejected' | 'sentAgain' | 'deliveries'>,
  ): PipelineBlock {
    const count = this.#count
    const { position, gateway, ...columns } = copiedColumns(this.#columns, count)
    return {
      from,
      to,
      readings: { count, deviceIds: this.#judge.devices, ...columns },
      position,
      gateway,
      gatewayIds: this.#judge.gatewayIds,
      readingsWithoutTime: this.#withoutTime,
      newDevices: [...this.#newDevices.values()],
      introduces: this.#judge.introductions > 0,
      ...rest,
    }
  }

  device(id: string, at: number): number | Refusal {
    const number = this.#judge.devices.find(id)
    if (number >= 0 && this.#judge.allows(number, id, this.#registeredGateway, this.#registry)) return number
    return this.#judge.judge(id, this.#gatewayId, this.#registry, this.receivedAt, at) ?? unresolved
  }

  take(device: number, metric: string, at: number, value: unknown, ownTime: boolean): Refusal | undefined {
    const known = metricByName.get(metric)
    if (known === undefined) return unknownMetric(metric)
    if (typeof value !== 'number' || !Number.isFinite(value)) return notANumber(metric, value)
    const row = this.#count++
    if (row === this.#columns.at.length) this.#columns = grownColumns(this.#columns, row * 2)
    const columns = this.#columns
    columns.device[row] = device
    columns.metric[row] = known.code
    columns.at[row] = at
    columns.value[row] = value
    columns.quality[row] = assessValue(known.name, value)
    columns.receivedAt[row] = this.#journaledAt
    columns.position[row] = this.#position
    columns.gateway[row] = this.#gateway
    if (!ownTime) this.#withoutTime++
    if (!this.#judge.isNoted(device)) this.#noteFirst(device, at)
    return undefined
  }

  #noteFirst(device: number, at: number): void {
    if (this.#newDevices.has(device)) return
    this.#newDevices.set(device, {
      number: device,
      device: this.#judge.devices.at(device),
      gateway: this.#gatewayId,
      at,
    })
  }
}

function isStatus(view: RecordView): boolean {
  if (view.topicKind !== undefined) return view.topicKind === 'status'
  return parseGatewayTopic(view.topic)?.kind === 'status'
}

const codecOfKind = new Map(
  (['readings', 'senml'] as const).map((kind) => [
    kind,
    codecs.find((codec) => codec.reads(gatewayTopic('any', kind))),
  ]),
)

/** A gateway's own topics are known by their number in the record; any other is offered to each codec. */
function codecFor(view: RecordView): Codec | undefined {
  const { topicKind } = view
  if (topicKind === undefined || topicKind === 'status') return codecs.find((codec) => codec.reads(view.topic))
  return codecOfKind.get(topicKind)
}
