import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { liveStream } from '#domain/live-channel.ts'
import type { Signal } from '#domain/signal.ts'
import { type Ledger, openLedger } from '#store/ledger/database.ts'
import { appendSignals } from '#store/ledger/signals.ts'
import type { StoredRollUp } from '#store/telemetry/roll-up-store.ts'
import { startGrafanaLive } from '../../api/grafana-live.ts'
import { openStreamFeed, type StreamFeed } from '../../api/stream-feed.ts'
import { type GrafanaLiveStandIn, startGrafanaLiveStandIn } from '../support/grafana-live-stand-in.ts'

const token = 'glsa_a-token-of-grafana'
const at = Date.parse('2026-01-15T19:00:00+08:00')

let grafana: GrafanaLiveStandIn
let ledger: Ledger
let feed: StreamFeed
let live: { close(): Promise<void> } | undefined
let errors: unknown[]

beforeEach(async () => {
  grafana = await startGrafanaLiveStandIn(token)
  ledger = await openLedger(':memory:')
  feed = await openStreamFeed(ledger.db, { pollMs: 60_000, onError: () => {} })
  errors = []
})

afterEach(async () => {
  await live?.close()
  await feed.close()
  await ledger.close()
  await grafana.close()
})

const signal = (key: string, changes: Partial<Signal> = {}): Omit<Signal, 'number'> => ({
  at,
  kind: 'alert.opened',
  key,
  subjectKind: 'circuit',
  subject: 'C-1',
  history: false,
  territory: ['harbin'],
  ofDwelling: false,
  payload: {},
  ...changes,
})

async function tell(...signals: Omit<Signal, 'number'>[]): Promise<void> {
  await ledger.write((transaction) => appendSignals(transaction, signals))
  await feed.wake()
}

const begin = (rollUps?: { at: number | undefined; found: StoredRollUp[] }, given = token) => {
  live = startGrafanaLive({
    target: { url: grafana.url, token: given },
    feed,
    ...(rollUps && { rollUps: { newestRollUpAt: async () => rollUps.at, rollUpsAt: async () => rollUps.found } }),
    onError: (error) => errors.push(error),
  })
}

const rollUp = (changes: Partial<StoredRollUp> = {}): StoredRollUp => ({
  level: 'building',
  id: 'B-1',
  at,
  few: false,
  figures: { dwellings_measured: 40, dwellings_below_target: 3, indoor_p50_c: 21.25, pump_running: 1 },
  ...changes,
})

describe('a push to Grafana Live', () => {
  test('has each new signal as a line, and none from before', async () => {
    await tell(signal('before'))
    begin()
    await tell(signal('one'), signal('two', { kind: 'alert.closed', firm: 'F 1', subject: 'quote " and 中' }))
    await grafana.has(liveStream, 2)
    expect(grafana.lines(liveStream)).toEqual([
      `signal,kind=alert.opened number=2i,subject_kind="circuit",subject="C-1" ${at}000000`,
      `signal,kind=alert.closed,firm=F\\ 1 number=3i,subject_kind="circuit",subject="quote \\" and 中" ${at}000000`,
    ])
  })

  test('has nothing of single homes, and no history', async () => {
    begin()
    await tell(signal('home', { ofDwelling: true }), signal('old', { history: true }), signal('shown'))
    await grafana.has(liveStream, 1)
    expect(grafana.lines(liveStream)).toHaveLength(1)
    expect(grafana.lines(liveStream)[0]).toContain('number=3i')
  })

  test('has the roll-ups of a period, a measurement for each level, and none of few homes', async () => {
    begin({ at, found: [rollUp(), rollUp({ level: 'city', id: 'harbin' }), rollUp({ id: 'B-2', few: true })] })
    await grafana.has(liveStream, 2)
    const figures = 'dwellings_measured=40,dwellings_below_target=3,indoor_p50_c=21.25'
    expect(grafana.lines(liveStream)).toEqual([
      `roll_up_building,id=B-1 ${figures} ${at}000000`,
      `roll_up_city,id=harbin ${figures} ${at}000000`,
    ])
  })

  test('has each period once', async () => {
    const rollUps = { at, found: [rollUp()] }
    begin(rollUps)
    await grafana.has(liveStream, 1)
    await tell(signal('one'))
    await grafana.has(liveStream, 2)
    rollUps.at = at + 600_000
    await tell(signal('two'))
    await grafana.has(liveStream, 4)
    expect(grafana.lines(liveStream).filter((line) => line.startsWith('roll_up_'))).toHaveLength(2)
  })

  test('of thousands of buildings goes in parts', async () => {
    begin({ at, found: Array.from({ length: 2_500 }, (_, index) => rollUp({ id: `B-${index}` })) })
    await grafana.has(liveStream, 2_500)
    expect(new Set(grafana.lines(liveStream)).size).toBe(2_500)
  })

  test('that fails is told of and not sent again; the next one goes', async () => {
    begin()
    grafana.answerWith(500)
    await tell(signal('lost'))
    await expect.poll(() => errors.length).toBeGreaterThan(0)
    expect(String(errors[0])).toContain('500')
    grafana.answerWith(200)
    await tell(signal('next'))
    await grafana.has(liveStream, 1)
    expect(grafana.lines(liveStream)[0]).toContain('number=2i')
  })

  test('with a token that Grafana does not know is told of', async () => {
    begin(undefined, 'another')
    await tell(signal('one'))
    await expect.poll(() => errors.length).toBeGreaterThan(0)
    expect(grafana.refused()).toBe(1)
    expect(String(errors[0])).toContain('401')
  })
})
