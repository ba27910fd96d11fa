import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { createAccount } from '#store/ledger/accounts.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { createWebhook } from '#store/ledger/webhooks.ts'
import { webhookHeaders } from '../../api/notify/signature.ts'
import type { CityClock } from '../../commands/clock.ts'
import { type Service, startService } from '../../commands/supervisor.ts'
import type { EdgeOptions } from './edge-under-proof.ts'

/** What came to somebody who asked to be told of every alert. */
export interface Told {
  /** Signals of alerts that the ledger holds and that are not of the past. */
  readonly alerts: number
  /** Of these, how many never came. */
  readonly missing: number
  /** Came more than once as different messages: nobody could know that they are the same. */
  readonly doubled: number
  /** Came again under the same id, because our receipt was lost. */
  readonly repeated: number
}

export interface ToldPeople {
  /** The api that does the telling. */
  readonly api: Service
  /** Waits until everything is told, and compares. */
  result(withinMs: number): Promise<Told>
  close(): Promise<void>
}

interface ToldPeopleOptions {
  readonly data: string
  readonly clock: CityClock
  readonly ledger: Ledger
  readonly edge: Pick<EdgeOptions, 'influxUrl' | 'ledgerUrl'>
}

const account = 'proof'
const lookMs = 100

/** Starts an api of its own process and a receiver to which it sends every alert of the city. */
export async function startTelling({ data, clock, ledger, edge }: ToldPeopleOptions): Promise<ToldPeople> {
  /** Ids under which each signal came, with how often. */
  const came = new Map<number, Map<string, number>>()
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const { signal } = JSON.parse(body)
      const ids = came.get(signal.number) ?? new Map<string, number>()
      const id = String(request.headers[webhookHeaders.delivery])
      came.set(signal.number, ids.set(id, (ids.get(id) ?? 0) + 1))
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  await ledger.write(async (transaction) => {
    const at = clock.now()
    const scope = { kind: 'city' } as const
    await createAccount(transaction, {
      id: account,
      name: account,
      role: 'regulator',
      scope,
      createdAt: at,
      password: '',
    })
    await createWebhook(transaction, {
      id: account,
      owner: account,
      name: account,
      url,
      createdAt: at,
      secret: 'proof',
    })
  })
  const env = {
    ...process.env,
    ...(edge.ledgerUrl !== undefined && { WARMCITY_LEDGER_URL: edge.ledgerUrl }),
    ...(edge.influxUrl !== undefined && { INFLUX_URL: edge.influxUrl }),
  }
  const api = startService('api', ['--data', data, '--http-port', '0', '--log-level', 'silent'], clock.anchor(), env)
  await api.ready

  async function isEverythingTold(): Promise<boolean> {
    const { head } = await ledger.db.selectFrom('stream').select('head').executeTakeFirstOrThrow()
    const position = await ledger.db.selectFrom('notification_position').selectAll().executeTakeFirst()
    if ((position?.number ?? 0) < head) return false
    const pending = await ledger.db
      .selectFrom('notification')
      .select('id')
      .where('state', '=', 'pending')
      .executeTakeFirst()
    return pending === undefined
  }

  return {
    api,
    async result(withinMs) {
      const deadline = performance.now() + withinMs
      while (!(await isEverythingTold()) && performance.now() < deadline) await pause(lookMs)
      const alerts = await ledger.db
        .selectFrom('signal')
        .select('number')
        .where('kind', 'like', 'alert.%')
        .where('history', '=', 0)
        .execute()
      const ids = alerts.map(({ number }) => came.get(number) ?? new Map<string, number>())
      return {
        alerts: alerts.length,
        missing: ids.filter(({ size }) => size === 0).length,
        doubled: ids.filter(({ size }) => size > 1).length,
        repeated: ids.flatMap((of) => [...of.values()]).filter((times) => times > 1).length,
      }
    },
    async close() {
      await api.stop()
      server.close()
      server.closeAllConnections()
    },
  }
}
