import type { AddressInfo } from 'node:net'
import pino from 'pino'
import { io, type Socket } from 'socket.io-client'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Signal } from '#domain/signal.ts'
import { changeAccount } from '#store/ledger/accounts.ts'
import { endSessionsOf } from '#store/ledger/sessions.ts'
import { appendSignals } from '#store/ledger/signals.ts'
import { type Live, openLive } from '../../api/live.ts'
import { serverEvents } from '../../api/live-events.ts'
import { makeMetrics } from '../../api/metrics.ts'
import { openStreamFeed, type StreamFeed } from '../../api/stream-feed.ts'
import { evening, makeTestApi, type TestApi } from '../support/api.ts'
import { type MemoryRollUps, memoryRollUps } from '../support/memory-roll-ups.ts'

interface Batch {
  streamId: string
  after: number
  through: number
  head: number
  signals: Signal[]
}

let api: TestApi
let feed: StreamFeed
let live: Live
let url: string
const sockets: Socket[] = []

async function serve(acknowledgeMs?: number, rollUps?: MemoryRollUps): Promise<void> {
  feed = await openStreamFeed(api.ledger.db, { pollMs: 20, onError: (error) => expect.fail(String(error)) })
  live = openLive(api.app.server, {
    ledger: api.ledger,
    clock: {
      now: () => evening,
      anchor: () => ({ cityMs: 0, wallMs: 0, speed: 1, simulated: true, catchingUp: false }),
    },
    log: pino({ level: 'silent' }),
    feed,
    metrics: makeMetrics(),
    wallClock: () => api.wall.now,
    options: { trustProxy: false, timeZone: 'Asia/Shanghai' },
    ...(acknowledgeMs !== undefined && { acknowledgeMs }),
    ...(rollUps && { rollUps, rollUpPollMs: 10 }),
  })
  await api.app.listen({ port: 0, host: '127.0.0.1' })
  url = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`
}

beforeEach(async () => {
  api = await makeTestApi()
  await api.account('city', 'regulator')
  await api.account('nangang', 'streetOffice', { kind: 'territory', id: 'nangang' })
  await api.account('daoli', 'streetOffice', { kind: 'territory', id: 'daoli' })
  await api.account('firm', 'firmDispatcher', { kind: 'firm', id: 'firm-1' })
  await api.account('viewer', 'viewer')
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close()
  await live?.close()
  await feed?.close()
  await api.close()
})

let made = 0
const makeSignal = (over: Partial<Signal> = {}): Omit<Signal, 'number'> => {
  made += 1
  return {
    at: evening,
    kind: 'flag.raised',
    key: `key/${made}`,
    subjectKind: 'dwelling',
    subject: 'D-1',
    history: false,
    territory: ['harbin', 'nangang'],
    firm: 'firm-1',
    ofDwelling: true,
    payload: {},
    ...over,
  }
}
const append = (...signals: Omit<Signal, 'number'>[]) =>
  api.ledger.write((transaction) => appendSignals(transaction, signals))

/** A client that keeps what it gets and waits for what it expects. */
async function connect(account: string, handshake: object = {}, acknowledges = true) {
  const { cookie } = await api.signIn(account)
  const socket = io(url, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    auth: handshake,
    extraHeaders: { cookie },
  })
  sockets.push(socket)
  const batches: Batch[] = []
  const events: [string, Record<string, unknown>][] = []
  const waiters = new Set<() => void>()
  socket.on('signals', (batch: Batch, acknowledge: () => void) => {
    batches.push(batch)
    if (acknowledges) acknowledge()
  })
  socket.onAny((name: keyof typeof serverEvents, body: Record<string, unknown>) => {
    serverEvents[name].parse(body)
    events.push([name, body])
    for (const waiter of waiters) waiter()
  })
  const numbers = () => batches.flatMap((batch) => batch.signals.map((signal) => signal.number))
  const until = async (done: () => boolean) => {
    while (!done()) {
      await new Promise<void>((resolve) => {
        waiters.add(resolve)
        socket.once('disconnect', () => resolve())
      })
    }
  }
  const event = async (name: string) => {
    await until(() => events.some(([known]) => known === name))
    return events.find(([known]) => known === name)?.[1]
  }
  return { socket, batches, numbers, until, event }
}

describe('coming in', () => {
  test.each([
    ['nobody', {}, 'unauthenticated'],
    ['a wrong token', { token: 'wct_wrong' }, 'unauthenticated'],
    ['a handshake of the wrong shape', { lastNumber: 'seven' }, 'validation'],
  ])('%s is refused with problem details', async (_who, auth, code) => {
    await serve()
    const socket = io(url, { transports: ['websocket'], reconnection: false, auth, forceNew: true })
    sockets.push(socket)
    const error = await new Promise<Error & { data?: unknown }>((resolve) => socket.on('connect_error', resolve))
    expect(error.data).toMatchObject({ code, type: `/problems/${code}` })
  })

  test('a bearer token opens a socket', async () => {
    await serve()
    const asCity = await api.as('city')
    const { secret } = (await asCity({ method: 'POST', url: '/api/v1/auth/tokens', payload: { name: 'x' } })).json()
    const socket = io(url, { transports: ['websocket'], reconnection: false, auth: { token: secret }, forceNew: true })
    sockets.push(socket)
    const hello = await new Promise<Record<string, unknown>>((resolve) => socket.on('hello', resolve))
    expect(hello).toMatchObject({ account: { id: 'city' }, time: { now: evening, simulated: true } })
  })

  test.each(['polling', 'websocket'])('a page of another origin is refused over %s', async (transport) => {
    await serve()
    const { cookie } = await api.signIn('city')
    const extraHeaders = { cookie, origin: 'https://elsewhere.example' }
    const socket = io(url, { transports: [transport], reconnection: false, extraHeaders, forceNew: true })
    sockets.push(socket)
    await expect(new Promise((resolve) => socket.on('connect_error', () => resolve('refused')))).resolves.toBe(
      'refused',
    )
  })
})

describe('the stream', () => {
  test('begins at the head when the client names no number, and is live', async () => {
    await append(makeSignal())
    await serve()
    const client = await connect('city')
    expect(await client.event('hello')).toMatchObject({ head: 1, after: 1 })
    await append(makeSignal(), makeSignal())
    await client.until(() => client.numbers().length >= 2)
    expect(client.numbers()).toEqual([2, 3])
    expect(client.batches[0]).toMatchObject({ after: 1, through: 3, head: 3 })
  })

  test('a client that comes again with its last number gets exactly what it missed, then what follows', async () => {
    await serve()
    const first = await connect('city')
    const hello = await first.event('hello')
    await append(makeSignal(), makeSignal(), makeSignal())
    await first.until(() => first.numbers().length === 3)
    first.socket.close()
    await append(...Array.from({ length: 450 }, () => makeSignal()))
    const lastNumber = first.batches.at(-1)?.through
    const second = await connect('city', { lastNumber, streamId: hello?.streamId })
    await second.until(() => second.numbers().length >= 450)
    await append(makeSignal())
    await second.until(() => second.numbers().length >= 451)
    expect(second.numbers()).toEqual(Array.from({ length: 451 }, (_, index) => 4 + index))
    for (const [index, batch] of second.batches.entries()) {
      expect(batch.after).toBe(index === 0 ? 3 : second.batches[index - 1]?.through)
    }
  })

  test('a client further behind than memory reaches is served from the ledger, without a gap', async () => {
    for (let chunk = 0; chunk < 11; chunk += 1) await append(...Array.from({ length: 500 }, () => makeSignal()))
    await serve()
    await append(...Array.from({ length: 10 }, () => makeSignal()))
    const client = await connect('city', { lastNumber: 0 })
    await client.until(() => client.numbers().length >= 5_510)
    expect(client.numbers()).toEqual(Array.from({ length: 5_510 }, (_, index) => 1 + index))
  })

  test('clients are told when the ledger was put back, and follow the stream that it is now', async () => {
    await serve()
    await append(makeSignal(), makeSignal())
    const client = await connect('city')
    await client.event('hello')
    await api.ledger.write(async (transaction) => {
      await transaction.deleteFrom('signal').where('number', '>', 1).execute()
      await transaction.updateTable('stream').set({ id: 'put-back', head: 1 }).execute()
    })
    expect(await client.event('resynchronise')).toEqual({ reason: 'otherStream', streamId: 'put-back', head: 1 })
    await append(makeSignal())
    // What came before it was put back may have been on its way still.
    const ofPresent = () => client.batches.find(({ streamId }) => streamId === 'put-back')
    await client.until(() => ofPresent() !== undefined)
    expect(ofPresent()).toMatchObject({ after: 1, through: 2, head: 2 })
  })

  test('each account gets what lies in its scope and nothing else', async () => {
    await append(
      makeSignal(),
      makeSignal({ territory: ['harbin', 'daoli'], firm: 'firm-2' }),
      makeSignal({ territory: ['harbin', 'daoli'], firm: 'firm-1' }),
      makeSignal({ kind: 'alert.opened', subjectKind: 'circuit', ofDwelling: false }),
    )
    await serve()
    const expected = { city: [1, 2, 3, 4], nangang: [1, 4], daoli: [2, 3], firm: [1, 3, 4], viewer: [4] }
    for (const [account, numbers] of Object.entries(expected)) {
      const client = await connect(account, { lastNumber: 0 })
      await client.until(() => client.numbers().length >= numbers.length)
      // A last one that everybody gets shows that nothing else came before it.
      const [last] = await append(makeSignal({ ofDwelling: false, territory: ['harbin', 'nangang', 'daoli'] }))
      await client.until(() => client.numbers().includes(last?.number ?? 0))
      expect(client.numbers().filter((number) => number <= 4)).toEqual(numbers)
      expect(client.batches.at(-1)?.through).toBe(last?.number)
    }
  })

  test.each([
    ['of another stream', { lastNumber: 1, streamId: 'another' }, 'otherStream'],
    ['older than what is kept', { lastNumber: 0 }, 'olderThanKept'],
    ['that was never given', { lastNumber: 99 }, 'newerThanHead'],
  ])('a client with a number %s is told to load everything anew', async (_what, handshake, reason) => {
    await append(makeSignal(), makeSignal(), makeSignal())
    await api.ledger.db.deleteFrom('signal').where('number', '<=', 2).execute()
    await serve()
    const client = await connect('city', handshake)
    expect(await client.event('resynchronise')).toMatchObject({ reason, head: 3 })
    await append(makeSignal())
    await client.until(() => client.numbers().length >= 1)
    expect(client.numbers()).toEqual([4])
  })

  test('a client that does not take its signals is ended, and holds one batch at most', async () => {
    await serve(50)
    const client = await connect('city', { lastNumber: 0 }, false)
    await append(...Array.from({ length: 900 }, () => makeSignal()))
    expect(await client.event('ended')).toEqual({ reason: 'slow' })
    expect(client.numbers()).toHaveLength(200)
  })
})

test('every client hears when another period of roll-ups is written', async () => {
  const store = memoryRollUps()
  const place = { level: 'city', id: 'harbin', name: 'Harbin' } as const
  const write = (at: number) => store.writeRollUps([{ place, at, few: false, figures: {} }])
  await write(evening - 1_200_000)
  await serve(undefined, store)
  const clients = await Promise.all([connect('nangang'), connect('viewer')])
  await Promise.all(clients.map(({ event }) => event('hello')))
  await write(evening - 600_000)
  const heard = await Promise.all(clients.map(({ event }) => event('rollUps')))
  expect(heard).toEqual([1, 2].map(() => ({ at: evening - 600_000, periodMs: 600_000 })))
})

describe('rights', () => {
  const changes: [string, string, () => Promise<unknown>][] = [
    ['a narrower scope', 'rightsChanged', () => change({ scope: { kind: 'territory', id: 'daoli' } })],
    ['another role', 'rightsChanged', () => change({ role: 'viewer' })],
    ['a disabled account', 'signedOut', () => change({ disabledAt: evening })],
    ['sessions that were ended', 'signedOut', () => api.ledger.write((tx) => endSessionsOf(tx, 'city'))],
  ]
  const change = (what: Parameters<typeof changeAccount>[2]) =>
    api.ledger.write((transaction) => changeAccount(transaction, 'city', what))

  test.each(changes)('%s ends the socket', async (_what, reason, make) => {
    await serve()
    const client = await connect('city')
    const other = await connect('nangang')
    await Promise.all([client.event('hello'), other.event('hello')])
    await make()
    expect(await client.event('ended')).toEqual({ reason })
    expect(other.socket.connected).toBe(true)
  })

  test('the end of the session ends the socket', async () => {
    await serve()
    const client = await connect('city')
    await client.event('hello')
    api.wall.now += 12 * 3_600_000
    expect(await client.event('ended')).toEqual({ reason: 'expired' })
  })
})
