import fc from 'fast-check'
import { generate, type Packet, parser } from 'mqtt-packet'
import { describe, expect, test, vi } from 'vitest'
import { workerOf } from '#domain/gateway-share.ts'
import { ackLine } from '../../ingest/outside/ack-line.ts'
import { frameSieve, type OversizedPublish } from '../../ingest/outside/frame-sieve.ts'
import { outsideIntake } from '../../ingest/outside/intake.ts'
import { keepAlive } from '../../ingest/outside/keep-alive.ts'
import { outsideLimits } from '../../ingest/outside/limits.ts'
import { reconnectDelay } from '../../ingest/outside/reconnect-delay.ts'
import { topicOwners } from '../../ingest/outside/topic-owners.ts'

describe('the share of a worker', () => {
  const gateways = Array.from({ length: 3_000 }, (_, index) => `GW-${String(index).padStart(4, '0')}`)

  test('is about the same for each, and only what a new worker takes moves', () => {
    for (const workers of [1, 2, 3, 7]) {
      const counts = Map.groupBy(gateways, (gateway) => workerOf(gateway, workers))
      expect(counts.size).toBe(workers)
      for (const some of counts.values()) expect(some.length).toBeGreaterThan((0.85 * gateways.length) / workers)
      const moved = gateways.filter((gateway) => workerOf(gateway, workers) !== workerOf(gateway, workers + 1))
      expect(moved.every((gateway) => workerOf(gateway, workers + 1) === workers + 1)).toBe(true)
    }
  })

  test('stays what it was in every release', () => {
    expect(gateways.slice(0, 12).map((gateway) => workerOf(gateway, 3))).toEqual([3, 1, 3, 1, 2, 3, 3, 1, 2, 1, 2, 1])
  })
})

describe('PUBACKs', () => {
  test('leave in the order of receipt, whatever becomes durable first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.infiniteStream(fc.nat()), (count, picks) => {
        const acked: number[] = []
        const line = ackLine((id) => acked.push(id))
        const waiting = Array.from({ length: count }, (_, id) => line.add(id))
        const ready = new Set<number>()
        for (const pick of picks) {
          if (waiting.length === 0) break
          const [place] = waiting.splice(pick % waiting.length, 1)
          if (!place) break
          ready.add(place.packetId)
          line.ready(place)
          let expected = 0
          while (ready.has(expected)) expected++
          expect(acked).toEqual(Array.from({ length: expected }, (_, id) => id))
        }
        expect(line.length).toBe(0)
      }),
    )
  })
})

describe('the sieve of frames', () => {
  const publish = (topic: string, bytes: number, qos: 0 | 1): Packet => {
    const payload = Buffer.alloc(bytes, 'x')
    return { cmd: 'publish', topic, payload, qos, dup: false, retain: false, ...(qos > 0 && { messageId: 7 }) }
  }

  test('lets through what is small, and takes out what is large, however the bytes are cut', () => {
    const packetArbitrary = fc.oneof(
      fc.record({
        topic: fc.constantFrom('a', 'heating/v1/G1/readings'),
        bytes: fc.nat(400),
        qos: fc.constantFrom(0, 1),
      }),
      fc.constant(undefined),
    )
    fc.assert(
      fc.property(
        fc.array(packetArbitrary, { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 90 })),
        (all, cuts) => {
          const packets = all.map(
            (one): Packet => (one ? publish(one.topic, one.bytes, one.qos as 0 | 1) : { cmd: 'pingresp' }),
          )
          const stream = Buffer.concat(packets.map((packet) => generate(packet)))
          const passed: Packet[] = []
          const oversized: OversizedPublish[] = []
          const parse = parser()
          parse.on('packet', (packet: Packet) => passed.push(packet))
          const sieve = frameSieve({
            packetBytesMax: 200,
            pass: (bytes) => void parse.parse(bytes),
            onOversized: (one) => oversized.push(one),
          })
          for (let at = 0, cut = 0; at < stream.length; cut++) {
            const end = at + (cuts[cut % cuts.length] ?? stream.length)
            expect(sieve.feed(stream.subarray(at, end))).toBe(true)
            at = end
          }
          const bodyBytes = (one: (typeof all)[number]) => (one ? 2 + one.topic.length + 2 * one.qos + one.bytes : 0)
          const small = all.filter((one) => bodyBytes(one) <= 200)
          expect(passed.map(({ cmd }) => cmd)).toEqual(small.map((one) => (one ? 'publish' : 'pingresp')))
          expect(oversized).toEqual(
            all.flatMap((one) =>
              one && bodyBytes(one) > 200
                ? [{ topic: one.topic, qos: one.qos, packetId: one.qos ? 7 : 0, bytes: bodyBytes(one) }]
                : [],
            ),
          )
        },
      ),
    )
  })

  test('gives up on what is no MQTT, and on what only a publish may be: large', () => {
    const sieve = () => frameSieve({ packetBytesMax: 100, pass() {}, onOversized() {} })
    expect(sieve().feed(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff]))).toBe(false)
    expect(sieve().feed(Buffer.from([0x90, 0xff, 0x01]))).toBe(false)
  })
})

test('reconnects wait longer each time, jittered, up to a bound, and begin anew after a good connection', () => {
  const limits = { reconnectMsMin: 500, reconnectMsMax: 30_000 }
  for (const random of [0, 0.5, 0.999]) {
    const delay = reconnectDelay(limits, () => random)
    const fulls = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]
    expect(fulls.map(() => delay.next())).toEqual(fulls.map((full) => full / 2 + (full / 2) * random))
    delay.reset()
    expect(delay.next()).toBe(250 + 250 * random)
  }
})

test('a connection without an answer to a ping is dead, one that we do not read from is not', () => {
  vi.useFakeTimers()
  try {
    const told: string[] = []
    let isPaused = false
    const alive = keepAlive({ ping: () => told.push('ping'), isPaused: () => isPaused, dead: () => told.push('dead') })
    alive.start(60)
    vi.advanceTimersByTime(30_000)
    alive.heard()
    vi.advanceTimersByTime(30_000)
    isPaused = true
    vi.advanceTimersByTime(90_000)
    expect(told).toEqual(['ping', 'ping', 'ping', 'ping', 'ping'])
    isPaused = false
    alive.heard()
    vi.advanceTimersByTime(60_000)
    expect(told.slice(5)).toEqual(['ping', 'dead'])
    alive.stop()
  } finally {
    vi.useRealTimers()
  }
})

describe('the owner of a topic', () => {
  const owners = (isOurs: (gateway: string) => boolean = () => true) =>
    topicOwners({
      gateways: ['G1', 'G2', 'G3'],
      foreign: [
        { gateway: 'G1', topic: 'zigbee2mqtt/#' },
        { gateway: 'G2', topic: 'zigbee2mqtt/hall/+' },
        { gateway: 'G3', topic: 'zigbee2mqtt/hall/+' },
        { gateway: 'G3', topic: 'zigbee2mqtt/+/desk' },
        { gateway: 'G2', topic: 'tele/two/SENSOR' },
      ],
      ownerOf: (gateway) => (isOurs(gateway) ? 'ours' : 'others'),
      isWanted: isOurs,
      topicsRememberedMax: 3,
    })

  test('is the gateway that it names, or the one with the most particular mapping', () => {
    const { ownerOf } = owners()
    const asked = {
      'heating/v1/G1/readings': { kind: 'ours', gateway: 'G1', topic: 'report' },
      'heating/v1/G2/status': { kind: 'ours', gateway: 'G2', topic: 'status' },
      'heating/v1/G1/errors': { kind: 'nobody' },
      'heating/v1/G4/readings': { kind: 'nobody' },
      'heating/v1/G1/readings/more': { kind: 'nobody' },
      zigbee2mqtt: { kind: 'ours', gateway: 'G1', topic: 'foreign' },
      'zigbee2mqtt/attic': { kind: 'ours', gateway: 'G1', topic: 'foreign' },
      'zigbee2mqtt/hall/desk': { kind: 'ours', gateway: 'G2', topic: 'foreign' },
      'zigbee2mqtt/attic/desk': { kind: 'ours', gateway: 'G3', topic: 'foreign' },
      'zigbee2mqtt/hall/desk/lamp': { kind: 'ours', gateway: 'G1', topic: 'foreign' },
      'tele/two/SENSOR': { kind: 'ours', gateway: 'G2', topic: 'foreign' },
      'tele/two/STATE': { kind: 'nobody' },
      '$SYS/two/SENSOR': { kind: 'nobody' },
    }
    // Twice: what is remembered says the same.
    for (const [topic, owner] of [...Object.entries(asked), ...Object.entries(asked)]) {
      expect(ownerOf(topic), topic).toEqual(owner)
    }
    expect(ownerOf('zigbee2mqtt/hall/desk')).toEqual({ kind: 'ours', gateway: 'G2', topic: 'foreign' })
    expect(owners((gateway) => gateway === 'G1').ownerOf('zigbee2mqtt/hall/desk')).toEqual({ kind: 'others' })
  })

  test('filters take in each topic once, and a topic mapped twice is told', () => {
    const all = owners()
    expect([...all.filters].filter((filter) => !filter.startsWith('heating/'))).toEqual([
      'zigbee2mqtt/#',
      'tele/two/SENSOR',
    ])
    expect(all.filters.size).toBe(11)
    expect(all.contested).toEqual(['zigbee2mqtt/hall/+'])
    expect([...owners((gateway) => gateway === 'G3').filters].slice(3)).toEqual([
      'zigbee2mqtt/hall/+',
      'zigbee2mqtt/+/desk',
    ])
  })
})

test('nothing more is read while too much waits for the disk', () => {
  const waiting: (() => void)[] = []
  const calls: string[] = []
  const intake = outsideIntake({
    sink: { accept: (_delivery, accepted) => waiting.push(accepted) },
    clock: { now: () => 0 },
    limits: { ...outsideLimits, unackedMax: 4, unackedBytesMax: 1_000 },
    ownerOf: () => ({ kind: 'ours', gateway: 'G1', topic: 'report' }),
    refuse() {},
  })
  const on = intake.on({
    send() {},
    acknowledge: (id) => calls.push(`ack ${id}`),
    pause: () => calls.push('pause'),
    resume: () => calls.push('resume'),
    unsentBytes: 0,
    end() {},
    destroy() {},
  })
  const take = (messageId: number, bytes: number) =>
    on.take({ cmd: 'publish', topic: 'x', payload: Buffer.alloc(bytes), qos: 1, dup: false, retain: false, messageId })
  for (const id of [1, 2, 3, 4]) take(id, 10)
  for (const accepted of waiting.splice(0)) accepted()
  take(5, 1_000)
  for (const accepted of waiting.splice(0)) accepted()
  expect(calls).toEqual(['pause', 'ack 1', 'ack 2', 'resume', 'ack 3', 'ack 4', 'pause', 'ack 5', 'resume'])
  expect(intake.counters.readingPauses).toBe(2)
})
