import { describe, expect, it } from 'vitest'
import { hourMs, minuteMs } from '#domain/time.ts'
import { codecs } from '../../ingest/codecs/index.ts'
import { makeCity } from '../../simulators/city.ts'
import type { Fault } from '../../simulators/faults.ts'
import { simulateCity } from '../../simulators/simulate.ts'
import { afterHours, labSimulation, labStart, readDeliveries } from './city-lab.ts'

/** Two substations are enough for every kind of gateway and probe. */
const city = makeCity({ seed: 1, dwellings: 300 })
const simulate = (faults: readonly Fault[]) => labSimulation(faults, { city })

const probesOf = (samplingMinutes: number) =>
  city.devices.filter(({ kind, samplingMs }) => kind === 'probe' && samplingMs === samplingMinutes * minuteMs)
const hourly = probesOf(20)[4]
const fast = probesOf(5)[2]
if (hourly === undefined || fast === undefined) throw new Error('the lab city lacks a kind of probe')
const gatewayOf = (device: { gateway: number }) => city.gateways[device.gateway]?.id ?? ''

const read = (faults: readonly Fault[], hours: number) => readDeliveries(simulate(faults).advanceTo(afterHours(hours)))
const temperatures = (faults: readonly Fault[], hours: number, device: string) =>
  read(faults, hours).filter((value) => value.device === device && value.metric === 'indoor_temperature_c')

describe('the stream of a quiet city', () => {
  const deliveries = simulate([]).advanceTo(afterHours(6))
  const values = readDeliveries(deliveries)

  it('is the same bytes for the same seed', () => {
    const again = simulate([]).advanceTo(afterHours(6))
    expect(again.length).toBe(deliveries.length)
    for (const [index, delivery] of deliveries.entries()) {
      expect({ ...again[index], payload: undefined }).toEqual({ ...delivery, payload: undefined })
      expect(again[index]?.payload.equals(delivery.payload)).toBe(true)
    }
  })

  it('comes in the order of publishing, whether iterated or asked for in steps', () => {
    expect(deliveries.every(({ at }, index) => at >= (deliveries[index - 1]?.at ?? labStart))).toBe(true)
    const iterated = [...simulateCity(city, { from: labStart, to: afterHours(1) })]
    const asked = simulateCity(city, { from: labStart }).advanceTo(afterHours(1))
    expect(iterated).toEqual(asked)
  })

  it('has every device report by its habit: nothing missing, nothing from the future', () => {
    for (const device of city.devices) {
      const times = [...new Set(values.filter(({ device: id }) => id === device.id).map(({ at }) => at))]
      const expected = (6 * hourMs) / device.samplingMs
      expect(Math.abs(times.length - expected), device.id).toBeLessThanOrEqual(
        device.reportingMs / device.samplingMs + 2,
      )
    }
    for (const { at, publishedAt } of values) {
      expect(at).toBeLessThanOrEqual(publishedAt)
      expect(publishedAt - at).toBeLessThan(hourMs + 2 * minuteMs)
    }
  })

  it('measures within the probes’ tolerance of 0.3 K', () => {
    const simulation = simulate([])
    simulation.advanceTo(afterHours(3))
    const latest = readDeliveries(simulation.advanceTo(afterHours(3.2)))
    const wrong = latest.filter(({ device, metric, value, at }) => {
      if (metric !== 'indoor_temperature_c' || at < afterHours(3)) return false
      const home = city.devices.find(({ id }) => id === device)?.place ?? -1
      return Math.abs(value - simulation.indoorC(home)) > 0.3 + 0.25
    })
    expect(wrong).toEqual([])
  })

  it('raises no alarm bit', () => {
    expect(values.filter(({ metric, value }) => metric.startsWith('alarm_') && value !== 0)).toEqual([])
  })

  it('is taken whole by the service’s codecs', () => {
    let taken = 0
    for (const { topic, payload, at } of deliveries) {
      const codec = codecs.find((candidate) => candidate.reads(topic))
      const problems = codec?.decode(payload, {
        receivedAt: at,
        device: () => 1,
        take: () => {
          taken++
          return undefined
        },
      })
      expect(problems).toEqual([])
    }
    expect(taken).toBe(values.length)
  })

  it('has gateways of both formats, and weather for every district', () => {
    expect(new Set(deliveries.map(({ topic }) => topic.split('/').at(-1)))).toEqual(new Set(['readings', 'senml']))
    const stations = new Set(
      values
        .filter(({ device, metric }) => device.startsWith('W-') && metric === 'outdoor_temperature_c')
        .map((v) => v.device),
    )
    expect(stations.size).toBe(city.districts.length)
  })
})

describe('faults of one thing', () => {
  it('change no byte of what the others send', () => {
    const fault: Fault = {
      kind: 'probeErrorValue',
      subject: hourly.id,
      from: afterHours(1),
      to: afterHours(5),
      size: 1,
    }
    const others = (faults: readonly Fault[]) =>
      simulate(faults)
        .advanceTo(afterHours(4))
        .filter(({ gateway }) => gateway !== gatewayOf(hourly))
        .map(({ at, payload }) => `${at} ${payload.toString()}`)
    expect(others([fault])).toEqual(others([]))
  })

  it('added while the city runs, work from then on', () => {
    const simulation = simulate([])
    simulation.advanceTo(afterHours(1))
    simulation.addFault({ kind: 'pumpTrip', subject: 'H-0001-low', from: afterHours(1), to: afterHours(9) })
    simulation.advanceTo(afterHours(1.2))
    expect(simulation.physics.secondary.flowM3h[0]).toBe(0)
  })
})

describe('probe faults', () => {
  const during = { from: afterHours(2), to: afterHours(200) }

  it('stuck: the last value for ever', () => {
    const values = temperatures([{ kind: 'probeStuck', subject: fast.id, ...during }], 12, fast.id)
    const after = new Set(values.filter(({ at }) => at >= during.from).map(({ value }) => value))
    expect(after.size).toBe(1)
    expect(new Set(values.filter(({ at }) => at < during.from).map(({ value }) => value)).size).toBeGreaterThan(1)
  })

  it('drifting: further off every day', () => {
    const drift: Fault = { kind: 'probeDrift', subject: fast.id, ...during, size: 4 }
    const drifted = temperatures([drift], 26, fast.id).at(-1)
    const honest = temperatures([], 26, fast.id).at(-1)
    expect(drifted?.at).toBe(honest?.at)
    expect((drifted?.value ?? 0) - (honest?.value ?? 0)).toBeCloseTo(4, 0)
  })

  it('silent: nothing at all, while its gateway goes on', () => {
    const values = read([{ kind: 'probeSilent', subject: fast.id, ...during }], 5)
    expect(values.filter(({ device, at }) => device === fast.id && at >= during.from)).toEqual([])
    const sameGateway = values.filter(({ gateway, at }) => gateway === gatewayOf(fast) && at >= during.from)
    expect(sameGateway.length).toBeGreaterThan(10)
  })

  it('error value: 85.0 among good samples, as often as asked', () => {
    const fault: Fault = { kind: 'probeErrorValue', subject: fast.id, ...during, size: 0.3 }
    const values = temperatures([fault], 26, fast.id).filter(({ at }) => at >= during.from)
    const errors = values.filter(({ value }) => value === 85).length
    expect(errors / values.length).toBeGreaterThan(0.2)
    expect(errors / values.length).toBeLessThan(0.4)
    expect(values.filter(({ value }) => value > 30 && value !== 85)).toEqual([])
  })

  it('moved: onto the radiator warmer at once, to the window colder at once', () => {
    const step = (size: number) => {
      const values = temperatures([{ kind: 'probeMoved', subject: fast.id, ...during, size }], 4, fast.id)
      const before = values.filter(({ at }) => at < during.from).at(-1)?.value ?? 0
      return (values.find(({ at }) => at >= during.from)?.value ?? 0) - before
    }
    expect(step(0.25)).toBeGreaterThan(3)
    expect(step(-0.15)).toBeLessThan(-3)
  })
})

describe('gateway faults', () => {
  const gateway = gatewayOf(fast)
  const own = (faults: readonly Fault[], hours: number) =>
    simulate(faults)
      .advanceTo(afterHours(hours))
      .filter((delivery) => delivery.gateway === gateway)

  it('offline: mute meanwhile, then everything that was measured, in order, once', () => {
    const fault: Fault = { kind: 'gatewayOffline', subject: gateway, from: afterHours(1), to: afterHours(7) }
    const simulation = simulate([fault])
    const deliveries = simulation.advanceTo(afterHours(9)).filter((delivery) => delivery.gateway === gateway)
    expect(deliveries.filter(({ at }) => at >= fault.from && at < fault.to)).toEqual([])
    expect(simulation.cutOffGateways(afterHours(3))).toEqual(new Set([gateway]))
    expect(simulation.cutOffGateways(afterHours(8))).toEqual(new Set())
    const replay = deliveries.filter(({ at }) => at >= fault.to && at < fault.to + 10 * minuteMs)
    expect(replay.length).toBeGreaterThan(1)
    const key = ({ device, metric, at, value }: { device: string; metric: string; at: number; value: number }) =>
      `${device} ${metric} ${at} ${value}`
    const values = readDeliveries(deliveries)
    const undisturbed = readDeliveries(own([], 9))
    expect(new Set(values.map(key)).size).toBe(values.length)
    expect(values.map(key).sort()).toEqual(undisturbed.map(key).sort())
    const lateness = readDeliveries(replay).map(({ at, publishedAt }) => publishedAt - at)
    expect(Math.max(...lateness)).toBeGreaterThan(5 * hourMs)
  })

  it('duplicates: the same bytes again within the minute', () => {
    const fault: Fault = { kind: 'gatewayDuplicates', subject: gateway, from: labStart, to: afterHours(50), size: 0.4 }
    const deliveries = own([fault], 24)
    const again = deliveries.filter((delivery) => delivery.again)
    expect(again.length).toBeGreaterThan(0.25 * (deliveries.length - again.length))
    for (const repeat of again) {
      const first = deliveries.find((delivery) => !delivery.again && delivery.payload.equals(repeat.payload))
      expect(first?.topic).toBe(repeat.topic)
      expect(repeat.at - (first?.at ?? 0)).toBeGreaterThan(0)
      expect(repeat.at - (first?.at ?? 0)).toBeLessThan(minuteMs)
    }
    expect(own([], 24).some((delivery) => delivery.again)).toBe(false)
  })

  it('clock skew: readings from the future', () => {
    const fault: Fault = { kind: 'gatewayClockSkew', subject: gateway, from: afterHours(1), to: afterHours(3) }
    const values = readDeliveries(own([fault], 5))
    const ahead = values.filter(({ at, publishedAt }) => at - publishedAt > 5 * minuteMs)
    expect(ahead.length).toBeGreaterThan(20)
    expect(
      Math.max(...values.filter(({ publishedAt }) => publishedAt > afterHours(3.2)).map((v) => v.at - v.publishedAt)),
    ).toBeLessThanOrEqual(0)
  })
})

describe('plants in trouble', () => {
  it('show it within a minute or two, with the alarm bit and the flow', () => {
    const from = afterHours(1)
    const values = read([{ kind: 'pumpTrip', subject: 'H-0001-low', from, to: afterHours(3) }], 5).filter(
      ({ device }) => device === 'M-H-0001-low',
    )
    const first = (metric: string, wanted: number) =>
      values.find(({ metric: name, value, at }) => name === metric && value === wanted && at >= from)?.at ?? 0
    expect(first('alarm_circulation_pump_1_fault', 1) - from).toBeLessThan(2 * minuteMs)
    expect(first('pump_running', 0) - from).toBeLessThan(2 * minuteMs)
    expect(first('secondary_flow_m3h', 0) - from).toBeLessThan(4 * minuteMs)
    const bits = values.filter(({ metric, at }) => metric === 'alarm_circulation_pump_1_fault' && at >= afterHours(3))
    // The end is repeated for some minutes, so that nobody waits for the hourly refresh to believe it.
    expect(bits.filter(({ value }) => value === 0).length).toBeGreaterThan(8)
    expect(bits.filter(({ value, at }) => value === 1 && at > afterHours(3) + 2 * minuteMs)).toEqual([])
  })
})
