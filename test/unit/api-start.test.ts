import pino from 'pino'
import { io } from 'socket.io-client'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Signal } from '#domain/signal.ts'
import { createAccount } from '#store/ledger/accounts.ts'
import { type Ledger, openLedger } from '#store/ledger/database.ts'
import { appendSignals } from '#store/ledger/signals.ts'
import { makePasswords } from '../../api/security/passwords.ts'
import { type Api, startApi } from '../../api/start.ts'
import { emptyTelemetry, evening, password, standingClock } from '../support/api.ts'

const passwordCost = { N: 2 ** 10, r: 8, p: 1 }

let ledger: Ledger
let api: Api
let published: [string, string][]
const waiters = new Set<() => void>()

beforeEach(async () => {
  ledger = await openLedger(':memory:')
  const hash = await makePasswords(passwordCost).hash(password)
  const scope = { kind: 'city' } as const
  await ledger.write((transaction) =>
    createAccount(transaction, { id: 'li', name: 'li', role: 'regulator', scope, createdAt: evening, password: hash }),
  )
  published = []
  api = await startApi(
    {
      ledger,
      telemetry: emptyTelemetry,
      clock: standingClock,
      log: pino({ level: 'silent' }),
      tryMapping: () => ({ readings: [], problems: [] }),
      publish: async (topic, payload) => {
        published.push([topic, payload])
        for (const waiter of waiters) waiter()
      },
    },
    { host: '127.0.0.1', port: 0, passwordCost },
  )
})
afterEach(async () => {
  await api.close()
  await ledger.close()
})

const alert: Omit<Signal, 'number'> = {
  at: evening,
  kind: 'alert.opened',
  key: 'alert/1',
  subjectKind: 'circuit',
  subject: 'C-1',
  history: false,
  territory: ['harbin', 'nangang'],
  firm: 'firm-1',
  ofDwelling: false,
  payload: {},
}

async function login(): Promise<string> {
  const response = await fetch(`${api.address}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ account: 'li', password }),
  })
  return response.headers.get('set-cookie')?.split(';', 1)[0] ?? ''
}

describe('the whole api', () => {
  test('one alert reaches a socket and the broker', async () => {
    const socket = io(api.address, { transports: ['websocket'], extraHeaders: { cookie: await login() } })
    try {
      await new Promise((resolve) => socket.once('hello', resolve))
      const received = new Promise<Signal>((resolve) =>
        socket.once('signals', (batch: { signals: Signal[] }, acknowledge: () => void) => {
          acknowledge()
          resolve(batch.signals[0] as Signal)
        }),
      )
      await ledger.write((transaction) => appendSignals(transaction, [alert]))
      api.wake()
      expect(await received).toMatchObject({ number: 1, ...alert })
      while (published.length === 0) await new Promise<void>((resolve) => waiters.add(resolve))
      expect(published[0]?.[0]).toBe('heating/v1/alerts/nangang')
    } finally {
      socket.close()
    }
  })

  test('serves what it describes, and on loopback its metrics', async () => {
    for (const path of ['/', '/reference', '/healthz', '/readyz', '/metrics', '/api/v1/time']) {
      expect([path, (await fetch(api.address + path)).status]).toEqual([path, 200])
    }
  })

  test('ends while a client is connected, and tells it', async () => {
    const socket = io(api.address, {
      transports: ['websocket'],
      reconnection: false,
      extraHeaders: { cookie: await login() },
    })
    await new Promise((resolve) => socket.once('hello', resolve))
    const ended = new Promise((resolve) => socket.once('ended', resolve))
    const disconnected = new Promise((resolve) => socket.once('disconnect', resolve))
    await api.close()
    expect(await ended).toEqual({ reason: 'closing' })
    await disconnected
  })
})
