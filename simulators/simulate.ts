import { hourMs } from '#domain/time.ts'
import type { City } from './city.ts'
import { createFaultBoard } from './fault-effects.ts'
import { subjectFinder } from './fault-subjects.ts'
import { type Fault, isActive } from './faults.ts'
import { type GroundTruth, groundTruth } from './ground-truth.ts'
import { createPhysics, type Physics } from './physics.ts'
import { createPlantSensors } from './plant-sensors.ts'
import { createProbes } from './probes.ts'
import { createRandom, noiseFraction } from './random.ts'
import { createUplink, type SimulatedDelivery } from './uplink.ts'
import { createWeather, type Weather, withColdSpells } from './weather.ts'

export interface SimulationOptions {
  /** First publishes come after this time, epoch milliseconds. */
  readonly from: number
  /** No publishes after this time when the simulation is iterated; for ever where nothing is said. */
  readonly to?: number
  readonly faults?: readonly Fault[]
  /** The city's own weather where nothing is said. */
  readonly weather?: Weather
  /** Step of the physics, 10 s to 2 min; a minute where nothing is said. */
  readonly stepMs?: number
  /** Time that is simulated before `from` without publishing, so that faults which began earlier have done their work. */
  readonly warmUpMs?: number
}

/** A running city. Iterating it gives its deliveries in the order in which they are published. */
export interface Simulation extends Iterable<SimulatedDelivery> {
  /** Deliveries after the last call's time and up to `until`, in order. */
  advanceTo(until: number): SimulatedDelivery[]
  /** Lets gateways that report more often gather their samples for so long; zero gives them their habit back. */
  gather(reportingMsMin: number): void
  /** Lets something go wrong; takes effect from the next step on. */
  addFault(fault: Fault): void
  /** Gateways that are cut off at a time. */
  cutOffGateways(at: number): ReadonlySet<string>
  /** True indoor temperature of a dwelling by its number in the city, °C. */
  indoorC(dwelling: number): number
  readonly physics: Physics
  truth(): GroundTruth
}

const defaultStepMs = 60_000
const defaultWarmUpMs = 36 * hourMs
/** While nothing is published, larger steps do. */
const warmUpStepMs = 120_000
/** Samples begin so long before the first publish, because an upload carries what was measured before it. */
const samplesBeforeMs = 2 * hourMs
/** Probes measure by clocks of their own; none is further off than this. */
const sampleJitterMsMax = 15_000

/** Lets a city live from a time on, as fast as it is asked to. The same arguments give the same bytes. */
export function simulateCity(city: City, options: SimulationOptions): Simulation {
  const stepMs = options.stepMs ?? defaultStepMs
  if (!(stepMs >= 10_000 && stepMs <= 120_000)) throw new RangeError(`stepMs is 10,000 to 120,000, not ${stepMs}`)
  const board = createFaultBoard(subjectFinder(city), options.faults ?? [])
  const baseWeather = options.weather ?? createWeather(city.seed)
  const weather = withColdSpells(baseWeather, board.coldSpells)
  const physics = createPhysics(city)
  const sampler = createSampler(city, physics, options)
  const from = Math.floor(options.from)
  let computedUntil = warmUp(from)
  let queue: SimulatedDelivery[] = []

  function warmUp(until: number): number {
    const sampleFrom = until - samplesBeforeMs
    let at = until - Math.max(samplesBeforeMs, options.warmUpMs ?? defaultWarmUpMs)
    while (at < until) {
      const next = Math.min(until, at + (at < sampleFrom ? warmUpStepMs : stepMs))
      move(next, (next - at) / 1000)
      if (next > sampleFrom) sampler.sample(next, board)
      at = next
    }
    // What would have been published before `from` has been published by whoever simulated that time.
    sampler.uplink.upload(until, board.ofGateway, [])
    return until
  }

  function move(at: number, seconds: number): void {
    // What holds at the beginning of a step holds in all of it: no fault shows before it began.
    board.apply(at - seconds * 1000, physics.controls)
    physics.step(at, seconds, weather)
  }

  function advanceTo(until: number): SimulatedDelivery[] {
    while (computedUntil < until) {
      const next = computedUntil + stepMs
      move(next, stepMs / 1000)
      sampler.sample(next, board)
      sampler.uplink.upload(next, board.ofGateway, queue)
      computedUntil = next
    }
    queue.sort((a, b) => a.at - b.at || (a.gateway < b.gateway ? -1 : a.gateway > b.gateway ? 1 : 0))
    const after = queue.findIndex((delivery) => delivery.at > until)
    const ready = after < 0 ? queue : queue.slice(0, after)
    queue = after < 0 ? [] : queue.slice(after)
    return ready
  }

  return {
    advanceTo,
    gather(reportingMsMin) {
      sampler.uplink.gather(computedUntil, reportingMsMin, board.ofGateway)
      sampler.uplink.upload(computedUntil, board.ofGateway, queue)
    },
    addFault: board.add,
    cutOffGateways(at) {
      const cutOff = new Set<string>()
      for (const [number, faults] of board.ofGateway) {
        if (!faults.some((fault) => fault.kind === 'gatewayOffline' && isActive(fault, at))) continue
        cutOff.add(city.gateways[number]?.id ?? '')
      }
      return cutOff
    },
    indoorC: (dwelling) => physics.rooms.airC[dwelling] ?? Number.NaN,
    physics,
    truth: () => groundTruth(city, board.all),
    *[Symbol.iterator]() {
      const to = options.to ?? Number.POSITIVE_INFINITY
      for (let until = from; until < to; ) {
        until = Math.min(to, until + stepMs)
        yield* advanceTo(until)
      }
    },
  }
}

/** Lets every device measure at its own times and hands the samples to the gateways. */
function createSampler(city: City, physics: Physics, options: SimulationOptions) {
  const uplink = createUplink(city, options.from - samplesBeforeMs)
  const probes = createProbes(city, physics)
  const plants = createPlantSensors(city, physics)
  const random = createRandom(city.seed).fork('sampling')
  const keys = Uint32Array.from(city.devices, ({ id }) => random.fork(id).key)
  const phaseMs = Float64Array.from(city.devices, (device, index) =>
    device.kind === 'plantSensor'
      ? (uplink.phaseMs[device.gateway] as number)
      : noiseFraction(keys[index] as number, 0, 1) * (device.samplingMs - sampleJitterMsMax),
  )
  const sampleAt = (device: number, number: number): number => {
    const { samplingMs, kind } = city.devices[device] as City['devices'][number]
    const jitter = kind === 'plantSensor' ? 0 : noiseFraction(keys[device] as number, number, 2) * sampleJitterMsMax
    return Math.floor(number * samplingMs + (phaseMs[device] as number) + jitter)
  }
  const start = options.from - samplesBeforeMs
  const nextNumber = Float64Array.from(
    city.devices,
    ({ samplingMs }, device) => Math.floor((start - (phaseMs[device] as number)) / samplingMs) + 1,
  )
  const nextAt = Float64Array.from(city.devices, (_, device) => sampleAt(device, nextNumber[device] as number))
  const none: readonly Fault[] = []

  return {
    uplink,
    sample(
      until: number,
      board: { ofDevice: ReadonlyMap<number, readonly Fault[]>; ofGateway: ReadonlyMap<number, readonly Fault[]> },
    ) {
      for (let device = 0; device < nextAt.length; device++) {
        while ((nextAt[device] as number) <= until) {
          const number = nextNumber[device] as number
          const at = nextAt[device] as number
          const place = city.devices[device] as City['devices'][number]
          const faults = board.ofDevice.get(device) ?? none
          const values =
            place.kind === 'plantSensor'
              ? plants.measure(device, number, at)
              : probes.measure(device, number, at, faults)
          if (values !== undefined && values.length > 0) {
            uplink.take(place.gateway, { device: place.id, at, values }, board.ofGateway.get(place.gateway) ?? none)
          }
          nextNumber[device] = number + 1
          nextAt[device] = sampleAt(device, number + 1)
        }
      }
    },
  }
}
