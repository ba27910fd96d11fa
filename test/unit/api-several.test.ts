import pino from 'pino'
import { io, type Socket } from 'socket.io-client'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Signal } from '#domain/signal.ts'
import { createAccount } from '#store/ledger/accounts.ts'
import { type Ledger, openLedger } from '#store/ledger/database.ts'
import { appendSignals } from '#store/ledger/signals.ts'
import { makePasswords } from '../../api/security/passwords.ts'
import { type Api, startApi } from '../../api/start.ts'
import { emptyTelemetry, evening, password, standingClock } from '../support/api.ts'
import { ledgerEngine, newLedgerPlace } from '../support/new-ledger.ts'

const passwordCost = { N: 2 ** 10, r: 8, p: 1 }

interface Running {
  readonly name: string
  readonly api: Api
  readonly ledger: Ledger
}

// SQLite waits for a lock without giving the thread back, so that there one process can hold only one ledger.
describe.runIf(ledgerEngine === 'PostgreSQL')('two apis and an edge on one ledger', () => {
  let place: Awaited<ReturnType<typeof newLedgerPlace>>
  let edge: Ledger
  let running: Running[]
  /** Who published which signal. */
  let published: [string, number][]
  const sockets: Socket[] = []

  beforeEach(async () => {
    place = await newLedgerPlace()
    edge = await openLedger(place.target)
    const hash = await makePasswords(passwordCost).hash(password)
    const account = { id: 'li', name: 'li', role: 'regulator', scope: { kind: 'city' } } as const
    await edge.write((transaction) => createAccount(transaction, { ...account, createdAt: evening, password: hash }))
    published = []
    running = [await start('one'), await start('other')]
  })
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.close()
    for (const one of running) await stop(one)
    await edge.close()
    await place.remove()
  })

  async function start(name: string): Promise<Running> {
    const ledger = await openLedger(place.target)
    const api = await startApi(
      {
        ledger,
        telemetry: emptyTelemetry,
        clock: standingClock,
        log: pino({ level: 'silent' }),
        tryMapping: () => ({ readings: [], problems: [] }),
        publish: async (_topic, payload) => {
          published.push([name, JSON.parse(payload).signal.number])
        },
      },
      { host: '127.0.0.1', port: 0, passwordCost },
    )
    return { name, api, ledger }
  }

  async function stop({ api, ledger }: Running): Promise<void> {
    await api.close()
    await ledger.close()
  }

  /** Numbers of the signals that a socket of this api has got. */
  async function follow({ api }: Running): Promise<number[]> {
    const response = await fetch(`${api.address}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ account: 'li', password }),
    })
    const cookie = response.headers.get('set-cookie')?.split(';', 1)[0] ?? ''
    const socket = io(api.address, { transports: ['websocket'], extraHeaders: { cookie } })
    sockets.push(socket)
    const numbers: number[] = []
    socket.on('signals', (batch: { signals: Signal[] }, acknowledge: () => void) => {
      numbers.push(...batch.signals.map(({ number }) => number))
      acknowledge()
    })
    await new Promise((resolve) => socket.once('hello', resolve))
    return numbers
  }

  let made = 0
  const alert = () => {
    made += 1
    return edge.write((transaction) =>
      appendSignals(transaction, [
        {
          at: evening,
          kind: 'alert.opened',
          key: `alert/${made}`,
          subjectKind: 'circuit',
          subject: 'C-1',
          history: false,
          territory: ['harbin', 'nangang'],
          ofDwelling: false,
          payload: {},
        },
      ]),
    )
  }

  test('every alert comes to the sockets of both, and is published by one, and by the other when that has ended', async () => {
    const followed = await Promise.all(running.map(follow))
    await alert()
    await alert()
    await expect
      .poll(() => followed)
      .toEqual([
        [1, 2],
        [1, 2],
      ])
    await expect.poll(() => published.map(([, number]) => number)).toEqual([1, 2])
    const [[worker] = ['']] = published
    expect(published).toEqual([
      [worker, 1],
      [worker, 2],
    ])
    const ended = running.findIndex(({ name }) => name === worker)
    for (const one of running.splice(ended, 1)) await stop(one)
    await alert()
    const [left] = running
    await expect
      .poll(() => published, { timeout: 10_000 })
      .toEqual([
        [worker, 1],
        [worker, 2],
        [left?.name, 3],
      ])
  })
})
