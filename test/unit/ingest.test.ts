import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { cityPolicies, type Policy } from '#domain/policy.ts'
import { hourMs, minuteMs } from '#domain/time.ts'
import { openLedger } from '#store/ledger/database.ts'
import { listOutages } from '#store/ledger/outages.ts'
import { signalsAfter } from '#store/ledger/signals.ts'
import { type Ingest, startIngest } from '../../ingest/ingest.ts'
import type { GatewayErrors } from '../../ingest/pipeline/gateway-errors.ts'
import { importSmallRegistry } from '../support/small-registry.ts'

const start = Date.parse('2026-01-15T20:00:00+08:00')
const { harbin } = cityPolicies

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'warmcity-ingest-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

async function newFolder(): Promise<string> {
  const folder = await emptyFolder()
  const ledger = await openLedger(join(folder, 'ledger.db'))
  await importSmallRegistry(ledger)
  await ledger.close()
  return folder
}

interface Edge {
  readonly ingest: Ingest
  readonly errors: GatewayErrors[]
  readonly heads: number[]
  /** What was said with each warning. */
  readonly warnings: object[]
  setClock(at: number): void
  /** Time goes on, and the process does not. */
  suspendUntil(at: number): void
  publish(payload: object | string, at: number): Promise<void>
}

async function startEdge(folder: string, from: number): Promise<Edge> {
  let now = from
  let packetId = 0
  const errors: GatewayErrors[] = []
  const heads: number[] = []
  const warnings: object[] = []
  const ingest = await startIngest({
    ledger: join(folder, 'ledger.db'),
    telemetry: { directory: join(folder, 'telemetry') },
    watchDirectory: join(folder, 'watch'),
    policy: harbin as Policy,
    journal: { directory: join(folder, 'journal') },
    clock: { now: () => now, anchor: () => ({ catchingUp: false, speed: 1 }) },
    onGatewayErrors: (_gateway, message) => errors.push(message),
    onSignals: (head) => heads.push(head),
    onFailure: (error) => expect.unreachable(error.message),
    log: {
      info: () => {},
      warn: (fields) => void warnings.push(fields),
      error: (fields, message) => expect.unreachable(message + JSON.stringify(fields)),
    },
  })
  function setClock(at: number): void {
    now = at
    ingest.clockMoved()
  }
  return {
    ingest,
    errors,
    heads,
    warnings,
    setClock,
    suspendUntil(at) {
      now = at
    },
    publish: (payload, at) =>
      new Promise((resolve, reject) => {
        if (at !== now) setClock(at)
        const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
        const delivery = {
          gateway: 'GW-nangang',
          topic: 'heating/v1/GW-nangang/readings',
          payload: Buffer.from(text),
          qos: 1 as const,
          dup: false,
          retain: false,
          packetId: ++packetId,
          receivedAt: at,
        }
        ingest.sink.accept(delivery, (error) => (error ? reject(error) : resolve()))
      }),
  }
}

test('a home that stays cold is flagged, once, whatever restarts lie between', async () => {
  const folder = await newFolder()
  let at = start
  const cold = (edge: Edge) => {
    at += 10 * minuteMs
    return edge.publish({ device: 'P-nangang-1', at, values: { indoor_temperature_c: 17 } }, at)
  }
  const first = await startEdge(folder, at)
  for (let sample = 0; sample < 8; sample++) await cold(first)
  await first.ingest.settled()
  expect(first.heads).toEqual([])
  await first.ingest.stop()

  const second = await startEdge(folder, at)
  for (let sample = 0; sample < 8; sample++) await cold(second)
  await second.ingest.settled()
  expect(second.heads.length).toBeGreaterThan(0)
  expect(second.ingest.counters()).toMatchObject({
    quarantine_deliveries: 16,
    quarantine_taken: 16,
    telemetry_stored: 16,
    telemetry_lagBytes: 0,
    watch_readings: 16,
  })
  expect(second.ingest.notReady()).toEqual([])
  await second.ingest.stop()

  const third = await startEdge(folder, at)
  await third.ingest.settled()
  await third.ingest.stop()
  const ledger = await openLedger(join(folder, 'ledger.db'))
  const { signals } = await signalsAfter(ledger.db, 0, { scope: { kind: 'city' }, dwellings: true }, 100)
  await ledger.close()
  const raised = signals.filter(({ kind }) => kind === 'flag.raised')
  expect(raised.map(({ key }) => key)).toEqual([`dwelling/D-nangang-1/belowTarget/${start + 10 * minuteMs}/raised`])
})

test('a gateway is told on its errors topic what was wrong', async () => {
  const folder = await newFolder()
  const edge = await startEdge(folder, start)
  await edge.publish('{"device":"P-nangang-1","at":1768435200,"values":{"indoor_temperature_c":20}}', start)
  await edge.ingest.settled()
  expect(edge.errors).toMatchObject([
    {
      problemCount: 1,
      problems: [{ code: 'time_too_old', path: '$.at', detail: expect.stringContaining('epoch seconds?') }],
    },
  ])
  await edge.ingest.stop()
})

test('a machine that was suspended was not there to hear: nobody was silent', async () => {
  const folder = await newFolder()
  const edge = await startEdge(folder, start)
  const warm = (at: number) => edge.publish({ device: 'P-nangang-1', at, values: { indoor_temperature_c: 21 } }, at)
  await warm(start)
  const resumedAt = start + 5 * hourMs
  edge.suspendUntil(resumedAt)
  await warm(resumedAt)
  await edge.ingest.settled()
  await edge.ingest.stop()

  const ledger = await openLedger(join(folder, 'ledger.db'))
  onTestFinished(() => ledger.close())
  expect(await listOutages(ledger.db, start, resumedAt, 10)).toEqual([
    { kind: 'down', beganAt: start, endedAt: resumedAt },
  ])
  const { signals } = await signalsAfter(ledger.db, 0, { scope: { kind: 'city' }, dwellings: true }, 100)
  expect(signals.map(({ kind }) => kind)).toEqual(['outage.recorded'])
})

test('stores and a journal that do not belong together are refused', async () => {
  const folder = await newFolder()
  const first = await startEdge(folder, start)
  await first.publish({ device: 'P-nangang-1', values: { indoor_temperature_c: 20 } }, start)
  await first.ingest.stop()
  await cp(join(folder, 'journal'), join(folder, 'copy'), { recursive: true })
  const second = await startEdge(folder, start)
  await second.publish({ device: 'P-nangang-1', values: { indoor_temperature_c: 21 } }, start + 1)
  await second.ingest.stop()

  await rm(join(folder, 'journal'), { recursive: true })
  await cp(join(folder, 'copy'), join(folder, 'journal'), { recursive: true })
  await expect(startEdge(folder, start)).rejects.toMatchObject({ code: 'journal_not_of_readers' })

  await rm(join(folder, 'journal'), { recursive: true })
  const anew = await startEdge(folder, start)
  await anew.publish({ device: 'P-nangang-1', values: { indoor_temperature_c: 22 } }, start + 2)
  await anew.ingest.settled()
  expect(anew.ingest.counters()).toMatchObject({ telemetry_stored: 3, quarantine_deliveries: 3 })
  await anew.ingest.stop()
})

test('where the journal is lost, all readers go on together from where the furthest had come', async () => {
  const folder = await newFolder()
  const publish = (edge: Edge, minutes: number) => {
    const at = start + minutes * minuteMs
    return edge.publish({ device: 'P-nangang-1', at, values: { indoor_temperature_c: 17 } }, at)
  }
  const first = await startEdge(folder, start)
  for (const minutes of [10, 20, 30]) await publish(first, minutes)
  await first.ingest.settled()
  // As a crash leaves it: what the watch has written of its state is older than what the ledger has of it.
  const crashed = await emptyFolder()
  await cp(folder, crashed, { recursive: true })
  await first.ingest.stop()
  for (const lost of ['journal', 'telemetry']) await rm(join(crashed, lost), { recursive: true })

  const second = await startEdge(crashed, start + 40 * minuteMs)
  for (const minutes of [40, 50]) await publish(second, minutes)
  await second.ingest.settled()
  expect(second.warnings).toMatchObject([{ reader: 'telemetry', from: 0 }, { reader: 'watch' }])
  expect(second.ingest.notReady()).toEqual([])
  expect(second.ingest.counters()).toMatchObject({ telemetry_stored: 2, quarantine_deliveries: 5, watch_readings: 5 })
  const killed = await emptyFolder()
  await cp(crashed, killed, { recursive: true })
  await second.ingest.stop()

  // What is in the new journal is enough, also after the next crash.
  const third = await startEdge(killed, start + 60 * minuteMs)
  await publish(third, 60)
  await third.ingest.settled()
  expect(third.ingest.counters()).toMatchObject({ telemetry_stored: 3, quarantine_deliveries: 6, watch_readings: 6 })
  await third.ingest.stop()
})
