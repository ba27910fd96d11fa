import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { Aedes, type Client } from 'aedes'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { hourMs, minuteMs } from '#domain/time.ts'
import { makeCity } from '../../simulators/city.ts'
import { type Runner, type RunnerOptions, startRunner } from '../../simulators/runner.ts'
import { simulateCity } from '../../simulators/simulate.ts'

const from = Date.parse('2026-01-14T18:00:00+08:00')
const city = makeCity({ seed: 1, dwellings: 120 })

/** Ends a test that would wait for ever; no test waits for this long. */
const patience = { timeout: 20_000, interval: 10 }

interface Published {
  readonly client: string
  readonly topic: string
  readonly payload: Buffer
  readonly qos: number
}

describe('runner', () => {
  let broker: Aedes
  let server: Server
  let runner: Runner | undefined
  let published: Published[]
  let connects: string[]
  const secretOf = (gateway: string) => `secret of ${gateway}`

  beforeEach(async () => {
    published = []
    connects = []
    broker = await Aedes.createBroker()
    broker.authenticate = (client, user, password, done) =>
      done(null, user === client.id && password?.toString() === secretOf(client.id))
    broker.on('client', (client: Client) => connects.push(client.id))
    broker.authorizePublish = (client, { topic, payload, qos }, done) => {
      published.push({ client: client?.id ?? '', topic, payload: Buffer.from(payload), qos })
      done(null)
    }
    server = createServer(broker.handle)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })

  afterEach(async () => {
    await runner?.stop()
    runner = undefined
    await new Promise<void>((resolve) => broker.close(() => resolve()))
    await new Promise((resolve) => server.close(resolve))
  })

  const start = async (options: Partial<RunnerOptions> = {}) => {
    const started = await startRunner({
      city,
      simulation: simulateCity(city, { from }),
      brokerUrl: options.brokerUrl ?? `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
      secretOf,
      ...options,
    })
    runner = started
    return started
  }
  const readings = () => published.filter(({ topic }) => !topic.endsWith('/status'))

  it('catches up step by step: every delivery once, acked before the clock moves on', async () => {
    const running = await start()
    const steps: { at: number; acked: number; seen: number }[] = []
    const progress: number[] = []
    await running.catchUp({
      from,
      to: from + 6 * hourMs,
      stepMs: 10 * minuteMs,
      setTime: async (at) => {
        steps.push({ at, acked: running.counters().deliveries, seen: readings().length })
      },
      onProgress: ({ at }) => progress.push(at),
    })
    expect(steps).toHaveLength(36)
    expect(progress).toEqual(steps.map(({ at }) => at))
    for (const { acked, seen } of steps) expect(acked).toBe(seen)
    expect(running.counters()).toMatchObject({ unacked: 0, failed: 0, deliveries: readings().length })
    expect(readings().every(({ qos }) => qos === 1)).toBe(true)

    const expected = simulateCity(city, { from })
    expected.gather(10 * minuteMs)
    const deliveries = expected.advanceTo(from + 6 * hourMs)
    expected.gather(0)
    deliveries.push(...expected.advanceTo(from + 6 * hourMs))
    const text = (topic: string, payload: Buffer) => `${topic} ${payload.toString()}`
    expect(
      readings()
        .map(({ topic, payload }) => text(topic, payload))
        .sort(),
    ).toEqual(deliveries.map(({ topic, payload }) => text(topic, payload)).sort())
  })

  it('has each gateway be a client of its own that says it is there, and says goodbye', async () => {
    const running = await start()
    expect([...connects].sort()).toEqual(city.gateways.map(({ id }) => id).sort())
    await running.stop()
    runner = undefined
    for (const { id } of city.gateways) {
      const own = published
        .filter(({ topic }) => topic === `heating/v1/${id}/status`)
        .map(({ payload }) => `${payload}`)
      expect(own).toEqual(['{"state":"online"}', '{"state":"offline"}'])
    }
  })

  it('leaves nothing behind when history ends: samples that gateways had gathered are sent', async () => {
    const running = await start()
    const to = from + 25 * minuteMs
    await running.catchUp({ from, to, stepMs: 10 * minuteMs, setTime: async () => {} })
    const last = new Map<string, number>()
    for (const { client, payload } of readings()) {
      for (const [, at] of `${payload}`.matchAll(/"device":"M-[^"]+","at":(\d+)/g)) {
        last.set(client, Math.max(last.get(client) ?? 0, Number(at)))
      }
    }
    expect(last.size).toBeGreaterThan(1)
    for (const at of last.values()) expect(to - at).toBeLessThanOrEqual(minuteMs)
  })

  it('lives at the pace of a clock that is handed to it, and stops when told', async () => {
    const running = await start()
    let now = from
    const stopping = new AbortController()
    const living = running.live({ now: () => now }, stopping.signal)
    now = from + 10 * minuteMs
    await vi.waitFor(() => expect(readings().length).toBeGreaterThan(15), patience)
    const expected = simulateCity(city, { from }).advanceTo(now)
    await vi.waitFor(() => expect(running.counters().deliveries).toBe(expected.length), patience)
    stopping.abort()
    await living
  })

  it('a gateway that is cut off loses its session with its will, and comes back when the fault ends', async () => {
    const gateway = city.gateways.at(-1)?.id ?? ''
    const wills: string[] = []
    await broker.subscribe(
      `heating/v1/${gateway}/status`,
      (packet, done) => {
        wills.push(packet.payload.toString())
        done()
      },
      () => {},
    )
    const cut = {
      kind: 'gatewayOffline',
      subject: gateway,
      from: from + 10 * minuteMs,
      to: from + 40 * minuteMs,
    } as const
    const running = await start({ simulation: simulateCity(city, { from, faults: [cut] }) })
    let now = from + 5 * minuteMs
    const stopping = new AbortController()
    const living = running.live({ now: () => now }, stopping.signal)
    await vi.waitFor(() => expect(wills).toEqual(['{"state":"online"}']), patience)
    now = from + 20 * minuteMs
    await vi.waitFor(() => expect(wills).toEqual(['{"state":"online"}', '{"state":"offline"}']), patience)
    expect(connects.filter((id) => id === gateway)).toHaveLength(1)
    now = from + 45 * minuteMs
    await vi.waitFor(() => expect(wills.at(-1)).toBe('{"state":"online"}'), patience)
    stopping.abort()
    await living
  })

  it('sends what was not acked again after the broker came back', async () => {
    const running = await start()
    let dropped = 0
    const accept = broker.authorizePublish
    broker.authorizePublish = (client, packet, done) => {
      // The broker takes the first readings of each session, dies, and has acked nothing.
      if (packet.topic.endsWith('/readings') && dropped < 3) {
        dropped++
        client?.conn.destroy()
        return
      }
      accept(client, packet, done)
    }
    await running.catchUp({ from, to: from + hourMs, stepMs: 10 * minuteMs, setTime: async () => {} })
    expect(dropped).toBe(3)
    expect(running.counters()).toMatchObject({ unacked: 0, failed: 0 })
    const texts = new Set(readings().map(({ topic, payload }) => `${topic} ${payload}`))
    expect(texts.size).toBe(running.counters().deliveries)
  })

  it('says which gateway a broker refuses, instead of trying for ever', async () => {
    await expect(start({ secretOf: () => 'wrong' })).rejects.toMatchObject({ code: 'gateway_refused' })
  })

  it('waits for a broker that is not there yet, until told to give up', async () => {
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const problems: string[] = []
    const starting = start({ brokerUrl: `mqtt://127.0.0.1:${port}`, onProblem: (gateway) => problems.push(gateway) })
    await vi.waitFor(() => expect(new Set(problems).size).toBe(city.gateways.length), patience)
    server = createServer(broker.handle)
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    await starting
    expect(new Set(connects).size).toBe(city.gateways.length)

    const never = new AbortController()
    const hopeless = start({ brokerUrl: 'mqtt://127.0.0.1:1', signal: never.signal })
    never.abort()
    await expect(hopeless).rejects.toThrow(/given up/)
  })

  it('runs a thousand gateways', async () => {
    const many = makeCity({ seed: 2, dwellings: 19_800 })
    expect(many.gateways.length).toBeGreaterThan(1_000)
    const running = await start({ city: many, simulation: simulateCity(many, { from, warmUpMs: 0 }) })
    await running.catchUp({ from, to: from + 10 * minuteMs, stepMs: 10 * minuteMs, setTime: async () => {} })
    expect(new Set(connects).size).toBe(many.gateways.length)
    expect(running.counters()).toMatchObject({ unacked: 0, failed: 0 })
    expect(running.counters().deliveries).toBeGreaterThan(200)
  })
})
