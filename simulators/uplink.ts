import type { City } from './city.ts'
import { encoders, type Sample, topicOf } from './encoders.ts'
import { type Fault, isActive, sizeOf } from './faults.ts'
import { createRandom, noiseFraction } from './random.ts'

/** One publish of a gateway. */
export interface SimulatedDelivery {
  readonly gateway: string
  readonly topic: string
  readonly payload: Buffer
  /** When the gateway publishes it, epoch milliseconds of the city. */
  readonly at: number
  /** Samples in it; one sample may hold several values. */
  readonly samples: number
  /** True for a delivery that the gateway sends again. */
  readonly again: boolean
}

/** Gateways: they gather what their devices measure, upload by their habit, and suffer what befalls gateways. */
export interface Uplink {
  /** When a device of the gateway measures within its interval, ms. Plants on one gateway measure together. */
  readonly phaseMs: Uint32Array
  /** Takes a sample; `faults` are the gateway's. */
  take(gateway: number, sample: Sample, faults: readonly Fault[]): void
  /**
   * From a time on lets gateways that would report more often than this gather their samples for so long: fewer and
   * larger deliveries for whoever fills in history. Zero gives every gateway its own habit back; what was gathered
   * until then is sent at once.
   */
  gather(from: number, reportingMsMin: number, faultsOf: ReadonlyMap<number, readonly Fault[]>): void
  /** Gives what leaves the gateways up to and including a time, in no particular order. */
  upload(until: number, faultsOf: ReadonlyMap<number, readonly Fault[]>, out: SimulatedDelivery[]): void
}

/** Samples of one delivery: well under the service's limits of 1,000 items and 256 KB. */
const samplesPerDeliveryMax = 200
/** What a gateway keeps while it is cut off, oldest dropped first: its flash is small. */
const samplesKeptMax = 20_000
/** A gateway that comes back empties its store one delivery at a time. */
const replaySpacingMs = 1_000
/** Uploads of slow gateways scatter around their time. */
const uploadJitterMsMax = 20_000
/** A plant's controller needs this long from measuring to sending. */
const plantSendDelayMs = 1_500

interface GatewayState {
  readonly id: string
  readonly encoding: keyof typeof encoders
  readonly key: number
  readonly ownReportingMs: number
  reportingMs: number
  readonly phaseMs: number
  readonly jitterMs: number
  nextUpload: number
  nextUploadAt: number
  samples: { readonly at: number; readonly text: string }[]
}

export function createUplink(city: City, from: number): Uplink {
  const random = createRandom(city.seed).fork('uplink')
  const gateways = gatewayStates(city, random.key, from)
  let waiting: SimulatedDelivery[] = []

  function takeWaiting(until: number, out: SimulatedDelivery[]): void {
    if (waiting.length === 0) return
    const left: SimulatedDelivery[] = []
    for (const delivery of waiting) (delivery.at <= until ? out : left).push(delivery)
    waiting = left
  }

  /** Sends everything measured up to `at`; what was kept during an outage follows in several deliveries. */
  function send(gateway: GatewayState, at: number, faults: readonly Fault[]): void {
    const ready = gateway.samples.filter((sample) => sample.at <= at)
    if (ready.length === 0) return
    gateway.samples = gateway.samples.filter((sample) => sample.at > at)
    const encoder = encoders[gateway.encoding]
    const topic = topicOf(gateway.id, encoder)
    for (let first = 0, part = 0; first < ready.length; first += samplesPerDeliveryMax, part++) {
      const texts = ready.slice(first, first + samplesPerDeliveryMax).map(({ text }) => text)
      const sentAt = at + part * replaySpacingMs
      const delivery = {
        gateway: gateway.id,
        topic,
        payload: encoder.payload(texts),
        at: sentAt,
        samples: texts.length,
        again: false,
      }
      waiting.push(delivery)
      const twice = faults.find((fault) => fault.kind === 'gatewayDuplicates' && isActive(fault, sentAt))
      if (twice && noiseFraction(gateway.key, gateway.nextUpload, part) < sizeOf(twice)) {
        const delayMs = 3_000 + Math.floor(40_000 * noiseFraction(gateway.key, gateway.nextUpload, part + 1000))
        waiting.push({ ...delivery, at: sentAt + delayMs, again: true })
      }
    }
  }

  return {
    phaseMs: Uint32Array.from(gateways, ({ phaseMs }) => phaseMs),
    take(number, sample, faults) {
      const gateway = gateways[number] as GatewayState
      const skewed = faults.find((fault) => fault.kind === 'gatewayClockSkew' && isActive(fault, sample.at))
      const stamped = skewed ? { ...sample, at: sample.at + Math.round(sizeOf(skewed) * 1000) } : sample
      gateway.samples.push({ at: sample.at, text: encoders[gateway.encoding].sample(stamped) })
      if (gateway.samples.length > samplesKeptMax) gateway.samples.shift()
    },
    gather(from, reportingMsMin, faultsOf) {
      for (const [number, gateway] of gateways.entries()) {
        const reportingMs = Math.max(gateway.ownReportingMs, reportingMsMin)
        const faults = faultsOf.get(number) ?? []
        const isCutOff = faults.some((fault) => fault.kind === 'gatewayOffline' && isActive(fault, from))
        if (reportingMs < gateway.reportingMs && !isCutOff) send(gateway, from, faults)
        gateway.reportingMs = reportingMs
        if (!isCutOff) scheduleAfter(gateway, from)
      }
    },
    upload(until, faultsOf, out) {
      for (const [number, gateway] of gateways.entries()) {
        while (gateway.nextUploadAt <= until) {
          const faults = faultsOf.get(number) ?? []
          const at = gateway.nextUploadAt
          const cutOff = faults.find((fault) => fault.kind === 'gatewayOffline' && isActive(fault, at))
          if (cutOff === undefined) send(gateway, at, faults)
          scheduleNext(gateway, cutOff)
        }
      }
      takeWaiting(until, out)
    },
  }
}

function gatewayStates(city: City, randomKey: number, from: number): GatewayState[] {
  const shortest = new Float64Array(city.gateways.length).fill(Number.POSITIVE_INFINITY)
  for (const device of city.devices) {
    shortest[device.gateway] = Math.min(shortest[device.gateway] as number, device.reportingMs)
  }
  return city.gateways.map((place, index) => {
    const key = createRandom(randomKey).fork(place.id).key
    const ownReportingMs = shortest[index] as number
    const isPlant = ownReportingMs <= 60_000
    const state: GatewayState = {
      id: place.id,
      encoding: place.encoding,
      key,
      ownReportingMs,
      reportingMs: ownReportingMs,
      // Plants measure on their phase and send at once, as long as they report each sample.
      phaseMs: Math.floor(noiseFraction(key, 1) * (isPlant ? ownReportingMs - 2 * plantSendDelayMs : ownReportingMs)),
      jitterMs: isPlant ? 0 : Math.min(uploadJitterMsMax, ownReportingMs / 10),
      nextUpload: 0,
      nextUploadAt: 0,
      samples: [],
    }
    scheduleAfter(state, from)
    return state
  })
}

/** The first usual upload after a time. */
function scheduleAfter(gateway: GatewayState, from: number): void {
  gateway.nextUpload =
    Math.floor((from - gateway.phaseMs - plantSendDelayMs - gateway.jitterMs) / gateway.reportingMs) + 1
  gateway.nextUploadAt = uploadAt(gateway)
  while (gateway.nextUploadAt <= from) {
    gateway.nextUpload++
    gateway.nextUploadAt = uploadAt(gateway)
  }
}

function uploadAt(gateway: GatewayState): number {
  const jitterMs = Math.floor(noiseFraction(gateway.key, gateway.nextUpload, 2) * gateway.jitterMs)
  return gateway.nextUpload * gateway.reportingMs + gateway.phaseMs + plantSendDelayMs + jitterMs
}

/** A gateway that was cut off tries again soon after it is back, each at a moment of its own. */
function scheduleNext(gateway: GatewayState, cutOff: Fault | undefined): void {
  gateway.nextUpload++
  const usualAt = uploadAt(gateway)
  if (cutOff === undefined || usualAt < cutOff.to) {
    gateway.nextUploadAt = usualAt
    return
  }
  const backAt = cutOff.to + 5_000 + Math.floor(60_000 * noiseFraction(gateway.key, gateway.nextUpload, 3))
  if (backAt < usualAt) gateway.nextUpload--
  gateway.nextUploadAt = Math.min(usualAt, backAt)
}
