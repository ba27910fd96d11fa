import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import pino from 'pino'
import type { Role, Scope } from '#domain/account.ts'
import { createAccount } from '#store/ledger/accounts.ts'
import type { Ledger } from '#store/ledger/database.ts'
import type { TelemetryReader } from '#store/telemetry/telemetry-store.ts'
import { buildApp } from '../../api/app.ts'
import type { ApiDeps, ApiOptions } from '../../api/deps.ts'
import { makePasswords } from '../../api/security/passwords.ts'
import { tryMapping } from '../../ingest/codecs/try-mapping.ts'
import { newLedger } from './new-ledger.ts'

/** A Thursday evening in January, when it is cold. */
export const evening = Date.parse('2026-01-15T19:00:00+08:00')

/** A simulated clock that stands at that evening. */
export const standingClock = {
  now: () => evening,
  anchor: () => ({ cityMs: evening, wallMs: 0, speed: 1, simulated: true, catchingUp: false }),
}

/** Fast on purpose: tests log in hundreds of times. */
const passwordCost = { N: 2 ** 10, r: 8, p: 1 }
/** Whether the console was built beside the sources must make no difference. */
const noConsole = '/no-such-console'
export const password = 'warm enough for a test'

export interface TestApi {
  readonly app: FastifyInstance
  readonly ledger: Ledger
  readonly clock: { now: number }
  readonly wall: { now: number }
  account(id: string, role: Role, scope?: Scope): Promise<void>
  /** Signs in and returns the headers that a page of ours sends. */
  signIn(id: string): Promise<{ cookie: string; 'x-csrf-token': string }>
  /** Injects as somebody: cookie and CSRF token are added. */
  as(id: string): Promise<(request: InjectOptions) => Promise<LightMyRequestResponse>>
  close(): Promise<void>
}

export const emptyTelemetry: TelemetryReader = {
  readings: async () => [],
  latest: async () => [],
  usage: async () => ({ bytes: 0, readings: 0 }),
  close: async () => {},
}

export async function makeTestApi(deps: Partial<ApiDeps> = {}, options: Partial<ApiOptions> = {}): Promise<TestApi> {
  const ledger = deps.ledger ?? (await newLedger())
  const clock = { now: evening }
  const wall = { now: Date.now() }
  const app = await buildApp(
    {
      ledger,
      telemetry: emptyTelemetry,
      clock: {
        now: () => clock.now,
        anchor: () => ({ cityMs: clock.now, wallMs: wall.now, speed: 60, simulated: true, catchingUp: false }),
      },
      log: pino({ level: 'silent' }),
      tryMapping,
      wallClock: () => wall.now,
      ...deps,
    },
    { version: 'test', passwordCost, requestsPerMinuteMax: 100_000, consoleFolder: noConsole, ...options },
  )
  const passwordHash = await makePasswords(passwordCost).hash(password)

  async function signIn(id: string) {
    const response = await app.inject({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { account: id, password },
    })
    if (response.statusCode !== 200) throw new Error(`login of ${id}: ${response.body}`)
    const cookie = response.cookies[0]
    return { cookie: `${cookie?.name}=${cookie?.value}`, 'x-csrf-token': response.json().csrfToken as string }
  }

  return {
    app,
    ledger,
    clock,
    wall,
    signIn,
    async account(id, role, scope = { kind: 'city' }) {
      await ledger.write((transaction) =>
        createAccount(transaction, { id, name: id, role, scope, createdAt: clock.now, password: passwordHash }),
      )
    },
    async as(id) {
      const headers = await signIn(id)
      return (request) => app.inject({ ...request, headers: { ...headers, ...request.headers } })
    },
    async close() {
      await app.close()
      await ledger.close()
    },
  }
}
