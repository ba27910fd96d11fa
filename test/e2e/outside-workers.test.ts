import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MqttClient } from 'mqtt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { workerOf } from '#domain/gateway-share.ts'
import { cityPolicies, type Policy } from '#domain/policy.ts'
import { minuteMs } from '#domain/time.ts'
import { type Ledger, openLedger } from '#store/ledger/database.ts'
import { ingestWorkers } from '#store/ledger/ingest-workers.ts'
import { importRegistry } from '#store/ledger/registry-import.ts'
import { openSqliteTelemetryReader } from '#store/telemetry/sqlite/reader.ts'
import { makeCityClock } from '../../commands/clock.ts'
import { dataFolder } from '../../commands/data-folder.ts'
import { type EdgeSource, joinWorkers, startOutsideSource } from '../../commands/edge-source.ts'
import { makeLogger } from '../../commands/log.ts'
import { type Ingest, startIngest } from '../../ingest/ingest.ts'
import { dwellingId, gatewayId, probeId, type SmallCity, writeSmallCity } from '../bench/small-city.ts'
import { hasMosquitto, type MosquittoServer, startMosquitto } from '../support/mosquitto-server.ts'
import { ledgerEngine, newLedgerPlace } from '../support/new-ledger.ts'
import { publisher, until } from '../support/outside-harness.ts'

const suite = 'workers behind Mosquitto whose number changes'
const city: SmallCity = { dwellings: 36, gateways: 18, samplingIntervalSeconds: 1_200, reportingIntervalSeconds: 1_200 }
const gateways = Array.from({ length: city.gateways }, (_, index) => gatewayId(index))
const homes = Array.from({ length: city.dwellings }, (_, home) => home)
/** Homes of a gateway are of one third, and each third has gateways that move. */
const thirdOf = (home: number) => (home >> 1) % 3
const stepMs = 20 * minuteMs
const beginsAt = Date.parse('2026-01-15T08:00:00+08:00')

interface RunningWorker {
  readonly ingest: Ingest
  readonly source: EdgeSource
  stop(): Promise<void>
}

describe.runIf(hasMosquitto(suite))(suite, { timeout: 120_000 }, () => {
  let work: string
  let mosquitto: MosquittoServer
  let place: Awaited<ReturnType<typeof newLedgerPlace>>
  let ledger: Ledger
  let client: MqttClient
  let workers: RunningWorker[]
  let sent: { readonly device: string; readonly at: number }[]
  const clock = makeCityClock()
  const moveTo = (at: number) =>
    clock.setAnchor({ cityMs: at, wallMs: Date.now(), speed: 1, simulated: false, catchingUp: false })
  const folderOf = (worker: number) => ({ ...dataFolder(join(work, `worker-${worker}`)), ledger: place.target })

  beforeEach(async () => {
    work = await mkdtemp(join(tmpdir(), 'outside-workers-'))
    moveTo(beginsAt)
    place = await newLedgerPlace()
    ledger = await openLedger(place.target)
    await writeSmallCity(city, join(work, 'city'))
    const imported = await importRegistry(ledger, { path: join(work, 'city') }, { actor: 'test', now: () => beginsAt })
    if (!imported.ok) throw new Error(JSON.stringify(imported.problems))
    mosquitto = await startMosquitto()
    client = await publisher(mosquitto.url)
    workers = []
    sent = []
  })

  afterEach(async () => {
    for (const worker of workers) await worker.stop()
    await ledger.close()
    await place.remove()
    await mosquitto.remove()
    await rm(work, { recursive: true, force: true })
  })

  async function startWorker(worker: number, count: number): Promise<RunningWorker> {
    const folder = folderOf(worker)
    const log = makeLogger('edge', 'silent', clock)
    const fail = (what: string) => (error: Error) => {
      throw new Error(`${what} failed`, { cause: error })
    }
    const target = { url: mosquitto.url, clientId: `workers-${worker}` }
    const joined = await joinWorkers({ target, share: { worker, workers: count } }, { folder, fail })
    const ingest = await startIngest({
      ...{ ledger: place.target, policy: cityPolicies.harbin as Policy, clock, log, onFailure: fail('ingest') },
      telemetry: { directory: folder.telemetry, retentionDays: 30 },
      watchDirectory: folder.watch,
      journal: { directory: folder.journal },
      holding: joined.feed.own,
      sharesCity: joined.sharesCity,
      onGatewayErrors() {},
      onCommand() {},
      onSignals() {},
    })
    const stopMoving = clock.onMoved(() => ingest.clockMoved())
    const source = await startOutsideSource(joined, { folder, clock, log, fail, ingest })
    const running = {
      ...{ ingest, source },
      async stop() {
        workers = workers.filter((one) => one !== running)
        stopMoving()
        await source.close()
        await ingest.stop()
      },
    }
    workers.push(running)
    return running
  }

  const figure = ({ source }: RunningWorker, name: string) =>
    (source.parts.outside_broker?.counters() as Record<string, number> | undefined)?.[name] ?? 0
  const reasons = () => workers.map(({ source, ingest }) => [...source.notReady(), ...ingest.notReady()])
  const ready = () =>
    until(
      () => reasons().flat().length === 0,
      () => JSON.stringify(reasons()),
    )

  /** A third is cold from the first step on and recovers, a third falls cold later, a third stays warm. */
  function temperature(home: number, step: number): number {
    if (thirdOf(home) === 0) return Math.min(22, 18 + Math.max(0, step - 8))
    return thirdOf(home) === 1 ? Math.max(18, 22 - Math.max(0, step - 1)) : 22
  }

  /** Every home reports what it measured at a step. */
  async function report(step: number): Promise<void> {
    const at = beginsAt + step * stepMs
    moveTo(at + 1_000)
    await Promise.all(
      homes.map((home) => {
        const device = probeId(home)
        sent.push({ device, at })
        const payload = JSON.stringify({ device, at, values: { indoor_temperature_c: temperature(home, step) } })
        return client.publishAsync(`heating/v1/${gatewayId(home % city.gateways)}/readings`, payload, { qos: 1 })
      }),
    )
  }

  async function reportAndTake(from: number, to: number): Promise<void> {
    for (let step = from; step <= to; step++) {
      const before = workers.reduce((sum, worker) => sum + figure(worker, 'deliveriesAccepted'), 0)
      const taken = () => workers.reduce((sum, worker) => sum + figure(worker, 'deliveriesAccepted'), 0) - before
      await report(step)
      await until(
        () => taken() >= city.dwellings,
        () => `${taken()} of step ${step} were taken: ${JSON.stringify(reasons())}`,
      )
    }
    await Promise.all(workers.map(({ ingest }) => ingest.settled()))
  }

  const flags = () => ledger.db.selectFrom('flag').select(['rule', 'subject', 'since', 'cleared_at']).execute()
  const homesOf = (third: number) => homes.filter((home) => thirdOf(home) === third).map(dwellingId)

  /** Every reading is in the store of a worker; where two took it, it is the same reading. */
  async function expectStored(count: number): Promise<void> {
    const found = new Set<string>()
    for (let worker = 1; worker <= count; worker++) {
      const reader = openSqliteTelemetryReader({ directory: folderOf(worker).telemetry })
      for (const device of new Set(sent.map((one) => one.device))) {
        const samples = await reader.readings(device, 'indoor_temperature_c', 0, Number.MAX_SAFE_INTEGER, 1_000)
        for (const { at } of samples) found.add(`${device} ${at}`)
      }
      await reader.close()
    }
    expect(found).toEqual(new Set(sent.map(({ device, at }) => `${device} ${at}`)))
  }

  /** What a single worker would have found: each flag once, with the beginning that lies before the change. */
  async function expectFlags(): Promise<void> {
    const all = await flags()
    const subjects = (some: readonly string[]) => all.filter(({ subject }) => some.includes(subject))
    expect(all.filter(({ rule }) => rule !== 'belowTarget')).toEqual([])
    const recovered = subjects(homesOf(0))
    expect(recovered.map(({ subject }) => subject).toSorted()).toEqual(homesOf(0))
    expect(recovered.every(({ since, cleared_at }) => since === beginsAt && cleared_at !== null)).toBe(true)
    const cold = subjects(homesOf(1))
    expect(cold.map(({ subject }) => subject).toSorted()).toEqual(homesOf(1))
    expect(new Set(cold.map(({ since }) => since)).size).toBe(1)
    expect(cold.every(({ cleared_at }) => cleared_at === null)).toBe(true)
    expect(all).toHaveLength(cold.length + recovered.length)
    const alerts = await ledger.db.selectFrom('alert').select(['place', 'open_flags']).execute()
    expect(alerts).toEqual([{ place: 'C-0', open_flags: cold.length }])
  }

  const settledHoldings = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      worker: index + 1,
      workers: count,
      handedOver: 0,
      subscribed: count,
    }))
  const leavers = (from: number, to: number) =>
    gateways.filter((gateway) => workerOf(gateway, from) !== workerOf(gateway, to))
  /** Of each third of the city some have to move, so that every kind of state does. */
  const expectAllKinds = (moved: readonly string[]) =>
    expect(new Set(moved.map((gateway) => thirdOf(gateways.indexOf(gateway)))).size).toBe(3)

  test('from 2 to 3: no reading is lost, no flag doubled or wrongly cleared, and one alert stays one', async () => {
    for (const worker of [1, 2]) await startWorker(worker, 2)
    await ready()
    await reportAndTake(0, 8)
    expect((await flags()).length).toBe(homesOf(0).length)
    for (const worker of [...workers]) await worker.stop()
    // Nobody is there: the broker keeps it in the sessions of the two.
    await report(9)

    for (const worker of [1, 2, 3]) await startWorker(worker, 3)
    await report(10)
    await ready()
    await reportAndTake(11, 18)
    expect(await ingestWorkers(ledger.db)).toEqual(settledHoldings(3))
    expectAllKinds(leavers(2, 3))
    expect(await ledger.db.selectFrom('watch_hand_over').selectAll().execute()).toEqual([])
    await expectFlags()
    for (const worker of [...workers]) await worker.stop()
    await expectStored(3)
  })

  // Which ledger it is makes no difference here: once is enough.
  test.runIf(ledgerEngine === 'SQLite')(
    'from 3 to 2, while the broker restarts and a worker is stopped in the middle',
    async () => {
      for (const worker of [1, 2, 3]) await startWorker(worker, 3)
      await ready()
      await reportAndTake(0, 8)
      for (const worker of [...workers]) await worker.stop()

      // The third has to give its gateways away; until it is there the others wait with what comes for them.
      const first = await startWorker(1, 2)
      await startWorker(2, 2)
      await report(9)
      await until(
        () => first.source.notReady().join().includes('until worker 3'),
        () => JSON.stringify(reasons()),
      )
      await mosquitto.stop()
      await first.stop()
      await mosquitto.start()
      client = await publisher(mosquitto.url)
      await report(10)
      await startWorker(1, 2)
      const third = await startWorker(3, 2)
      await ready()
      await third.stop()
      await reportAndTake(11, 18)
      expect(await ingestWorkers(ledger.db)).toEqual(settledHoldings(2))
      expectAllKinds(leavers(3, 2))
      await expectFlags()
      for (const worker of [...workers]) await worker.stop()
      await expectStored(3)
    },
  )
})
