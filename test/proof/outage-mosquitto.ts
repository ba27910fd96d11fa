import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { secondMs } from '#domain/time.ts'
import { gatewayTopic } from '#domain/topics.ts'
import { openSqliteTelemetryReader } from '#store/telemetry/sqlite/reader.ts'
import type { TelemetryReader } from '#store/telemetry/telemetry-store.ts'
import { dataFolder } from '../../commands/data-folder.ts'
import { type EdgeProcess, startEdgeProcess, untilCaughtUp } from '../bench/edge-process.ts'
import { gatewayId, homesOfGateway, probeId, type SmallCity } from '../bench/small-city.ts'
import { makeSmallCityData } from '../bench/small-city-data.ts'
import { startMosquitto } from '../support/mosquitto-server.ts'
import { type GatewayClient, type Message, openGatewayClient } from './gateway-client.ts'
import { type MqttWitness, startMqttWitness } from './mqtt-witness.ts'

interface MosquittoOutage {
  /** How Mosquitto ends. */
  readonly signal: 'SIGTERM' | 'SIGKILL'
  readonly outageSeconds: number
}

export interface MosquittoOutageResult {
  /** Messages that Mosquitto acked to gateways. */
  readonly acked: number
  /** Messages that it handed to us, and that we acked or, where the ack could not arrive, stored. */
  readonly handed: number
  /** Of what was handed: readings that are not stored, and readings stored too often. */
  readonly missing: number
  readonly duplicated: number
  /** What Mosquitto had acked and never handed over: it acks before it writes. */
  readonly lostByMosquitto: number
  /** Handed over as new more than once: a gateway had to repeat itself, and the broker cannot tell. */
  readonly handedTwice: number
  /** Sent to us again with DUP, because our ack did not arrive. */
  readonly resent: number
}

/** Each reading without a time has a device of its own: two in one millisecond would be one reading. */
const city: SmallCity = { dwellings: 2_400, gateways: 12, samplingIntervalSeconds: 600, reportingIntervalSeconds: 600 }
const homesEach = city.dwellings / city.gateways
const messagesPerSecond = 600
const turnMs = 10
const window = 32
const besideSeconds = 8
const drainMsMax = 60_000
/** Every so many messages one has no time of its own. */
const untimedEach = 12

interface NumberedMessage extends Message {
  readonly device: string
  readonly at?: number
  readonly value: number
}

/**
 * Gateways publish through Mosquitto while it is ended and started again, and the edge behind it is killed once more
 * afterwards. What Mosquitto handed over is known from a witness between the two.
 */
export async function runMosquittoOutage({ signal, outageSeconds }: MosquittoOutage): Promise<MosquittoOutageResult> {
  const work = await mkdtemp(join(tmpdir(), 'warmcity-outage-'))
  const data = join(work, 'data')
  const mosquitto = await startMosquitto()
  const witness = await startMqttWitness(mosquitto.port)
  await makeSmallCityData(city, data, Date.now())
  const begin = (): Promise<EdgeProcess> => startEdgeProcess({ data, outsideBroker: witness.url })
  let edge = await begin()
  const fleet = makeFleet(mosquitto.port)
  try {
    await subscribed(edge)
    fleet.begin()
    await pause(besideSeconds * secondMs)
    await mosquitto.stop(signal)
    await pause(outageSeconds * secondMs)
    await mosquitto.start()
    await pause((besideSeconds / 2) * secondMs)
    await edge.kill()
    edge = await begin()
    await pause((besideSeconds / 2) * secondMs)
    await fleet.finish()
    await handedOver(fleet.last(), witness)
    await untilCaughtUp(edge, 0, drainMsMax)
    await edge.stop()
    const reader = openSqliteTelemetryReader({ directory: dataFolder(data).telemetry })
    const stored = await audit(reader, fleet.acked, witness)
    await reader.close()
    return { acked: fleet.acked.length, resent: witness.resent(), ...stored }
  } finally {
    fleet.close()
    await edge.stop()
    await witness.close()
    await mosquitto.remove()
    await rm(work, { recursive: true, force: true })
  }
}

async function subscribed(edge: EdgeProcess): Promise<void> {
  const wanted = 3 * city.gateways
  while (((await edge.metrics()).get('warmcity_outside_broker_subscribed') ?? 0) < wanted) await pause(turnMs)
}

function makeFleet(port: number) {
  const acked: NumberedMessage[] = []
  const newest = new Map<number, NumberedMessage>()
  const clients: GatewayClient[] = []
  const numbers = Array.from({ length: city.gateways }, () => 0)
  const budgets = numbers.map(() => 0)
  let ending = false
  const beganAt = Date.now() - 3_600_000

  function messageOf(gateway: number): NumberedMessage {
    const number = numbers[gateway] ?? 0
    numbers[gateway] = number + 1
    const homes = homesOfGateway(city, gateway)
    const untimed = number / untimedEach
    const isUntimed = Number.isInteger(untimed) && untimed < homesEach
    const device = probeId(homes[isUntimed ? untimed : number % homesEach] ?? 0)
    // The messages differ by their values: a thousandth of a degree each.
    const value = 15 + number / 1_000
    const time = isUntimed ? {} : { at: beganAt + number * 37 }
    const payload = JSON.stringify({ device, ...time, values: { indoor_temperature_c: value } })
    return { topic: gatewayTopic(gatewayId(gateway), 'readings'), payload, device, value, ...time }
  }

  function next(gateway: number): NumberedMessage | undefined {
    const budget = budgets[gateway] ?? 0
    if (ending || budget < 1) return undefined
    budgets[gateway] = budget - 1
    const message = messageOf(gateway)
    newest.set(gateway, message)
    return message
  }

  const perTurn = (messagesPerSecond * turnMs) / secondMs / city.gateways
  const timer = setInterval(() => {
    for (const [gateway, client] of clients.entries()) {
      budgets[gateway] = Math.min((budgets[gateway] ?? 0) + perTurn, window)
      client.wake()
    }
  }, turnMs)

  return {
    acked,
    last: () => [...newest.values()].map(({ payload }) => payload),
    begin() {
      for (const [gateway] of numbers.entries()) {
        clients.push(
          openGatewayClient({
            ...{ port, id: gatewayId(gateway), secret: '', window },
            next: () => next(gateway),
            onAcked: (message) => acked.push(message),
          }),
        )
      }
    },
    async finish() {
      ending = true
      while (clients.some((client) => client.inFlight() > 0)) await pause(turnMs)
    },
    close() {
      clearInterval(timer)
      for (const client of clients) client.close()
    },
  }
}

/** A session gets its messages in order: with the last of each gateway everything before it has come. */
async function handedOver(last: readonly string[], { handed }: MqttWitness): Promise<void> {
  const deadline = performance.now() + drainMsMax
  while (!last.every((payload) => handed.get(payload)?.acked)) {
    if (performance.now() > deadline) throw new Error('Mosquitto did not hand over the last messages')
    await pause(turnMs)
  }
}

async function audit(reader: TelemetryReader, acked: readonly NumberedMessage[], { handed }: MqttWitness) {
  const byDevice = Map.groupBy(acked, ({ device }) => device)
  const counts = { handed: 0, missing: 0, duplicated: 0, lostByMosquitto: 0, handedTwice: 0 }
  for (const [device, messages] of byDevice) {
    const samples = await reader.readings(device, 'indoor_temperature_c', 0, Number.MAX_SAFE_INTEGER, 100_000)
    let expected = 0
    for (const { payload, at, value } of messages) {
      const { times = 0, acked: isAcked = false } = handed.get(payload) ?? {}
      const found = samples.filter((sample) => sample.value === value && (at === undefined || sample.at === at)).length
      // With a time of its own a reading is the same however often it comes.
      const most = at === undefined ? times : Math.min(1, times)
      // Where our ack went into a broker that was just being killed, we may have stored it or not.
      const least = isAcked ? most : 0
      if (most === 0 || (least === 0 && found === 0)) counts.lostByMosquitto++
      else counts.handed++
      if (times > 1) counts.handedTwice++
      counts.missing += Math.max(0, least - found)
      expected += Math.max(least, Math.min(found, most))
    }
    counts.duplicated += Math.max(0, samples.length - expected)
  }
  return counts
}
