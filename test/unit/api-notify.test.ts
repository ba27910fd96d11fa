import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Signal } from '#domain/signal.ts'
import { changeAccount } from '#store/ledger/accounts.ts'
import { acquireLease } from '#store/ledger/leases.ts'
import { appendSignals } from '#store/ledger/signals.ts'
import { createWebhook } from '#store/ledger/webhooks.ts'
import { type Notifier, startNotifier } from '../../api/notify/notifier.ts'
import { retryDefault, retryDelayMs } from '../../api/notify/retry.ts'
import { evening, makeTestApi, standingClock, type TestApi } from '../support/api.ts'

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly path: string
}

/** A receiver of webhooks that answers as told and keeps what it got. */
async function makeReceiver() {
  const received: Received[] = []
  const answers: number[] = []
  const waiters = new Set<() => void>()
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    received.push({
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
      path: request.url ?? '',
    })
    response.statusCode = answers.shift() ?? 204
    if (response.statusCode === 302) response.setHeader('location', '/elsewhere')
    response.end()
    for (const waiter of waiters) waiter()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    received,
    answers,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/alerts`,
    numbers: () => received.map(({ body }) => JSON.parse(body).signal?.number as number),
    async until(count: number) {
      while (received.length < count) await new Promise<void>((resolve) => waiters.add(resolve))
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

let api: TestApi
let receiver: Awaited<ReturnType<typeof makeReceiver>>
const notifiers: Notifier[] = []
let published: [string, string][] = []
let brokerIsAway = false

beforeEach(async () => {
  api = await makeTestApi()
  receiver = await makeReceiver()
  published = []
  brokerIsAway = false
  await api.account('city', 'regulator')
  await api.account('nangang', 'regulator', { kind: 'territory', id: 'nangang' })
  await api.account('firm', 'firmDispatcher', { kind: 'firm', id: 'firm-2' })
})
afterEach(async () => {
  await Promise.all(notifiers.splice(0).map((notifier) => notifier.close()))
  await receiver.close()
  await api.close()
})

const outcomes: string[] = []
function start(over: Partial<Parameters<typeof startNotifier>[0]> = {}): Notifier {
  const notifier = startNotifier({
    ledger: api.ledger,
    clock: standingClock,
    log: pino({ level: 'silent' }),
    metrics: { notified: (channel, outcome) => outcomes.push(`${channel} ${outcome}`) },
    wallClock: () => Date.now(),
    retry: { attemptsMax: 3, firstDelayMs: 1, factor: 1, delayMsMax: 1 },
    publish: async (topic, payload) => {
      if (brokerIsAway) throw new Error('the broker is away')
      published.push([topic, payload])
    },
    ...over,
  })
  notifiers.push(notifier)
  return notifier
}

let made = 0
const makeAlert = (over: Partial<Signal> = {}): Omit<Signal, 'number'> => {
  made += 1
  return {
    at: evening,
    kind: 'alert.opened',
    key: `alert/${made}`,
    subjectKind: 'circuit',
    subject: 'C-1',
    history: false,
    territory: ['harbin', 'nangang'],
    firm: 'firm-1',
    ofDwelling: false,
    payload: { count: 12 },
    ...over,
  }
}
const append = (...signals: Omit<Signal, 'number'>[]) =>
  api.ledger.write((transaction) => appendSignals(transaction, signals))
const addWebhook = (owner: string, id = `hook-of-${owner}`, url = receiver.url) =>
  api.ledger.write((transaction) =>
    createWebhook(transaction, { id, owner, name: id, url, createdAt: evening, secret: 'wch_secret' }),
  )

/** Waits until nothing is pending any more. */
async function settled() {
  for (;;) {
    const { head } = await api.ledger.db.selectFrom('stream').select('head').executeTakeFirstOrThrow()
    // The position first: what was planned up to it can be found by the next statement.
    const position = await api.ledger.db.selectFrom('notification_position').selectAll().executeTakeFirst()
    const pending = await api.ledger.db
      .selectFrom('notification')
      .select('id')
      .where('state', '=', 'pending')
      .executeTakeFirst()
    if (!pending && position?.number === head) return
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Starts with a first attempt for every receiver; what failed waits until it is told to be due. */
async function planned(alert: Omit<Signal, 'number'>) {
  let wallMs = Date.now()
  const hourMs = 3_600_000
  const attempted = api.ledger.db.selectFrom('notification').select('id').where('attempts', '=', 0)
  await append(alert)
  const notifier = start({
    wallClock: () => wallMs,
    retry: { attemptsMax: 3, firstDelayMs: hourMs, factor: 1, delayMsMax: hourMs },
  })
  await receiver.until(3)
  while (await attempted.executeTakeFirst()) await new Promise((resolve) => setImmediate(resolve))
  return {
    dueNow() {
      wallMs += 2 * hourMs
      notifier.wake()
    },
  }
}

describe('webhooks', () => {
  test('an alert arrives signed over timestamp and body', async () => {
    await addWebhook('city')
    await append(makeAlert())
    start()
    await receiver.until(1)
    const [{ headers, body, path } = { headers: {}, body: '', path: '' }] = receiver.received
    expect(path).toBe('/alerts')
    const timestamp = Number(headers['warmcity-timestamp'])
    expect(Math.abs(timestamp - Date.now() / 1_000)).toBeLessThan(30)
    const expected = createHmac('sha256', 'wch_secret').update(`${timestamp}.${body}`).digest('hex')
    expect(headers['warmcity-signature']).toBe(`v1=${expected}`)
    expect(JSON.parse(body)).toMatchObject({
      simulated: true,
      signal: { number: 1, subject: 'C-1', payload: { count: 12 } },
    })
  })

  test('only alerts are sent, and history is not', async () => {
    await addWebhook('city')
    await append(
      makeAlert({ kind: 'flag.raised' }),
      makeAlert({ history: true }),
      makeAlert({ kind: 'outage.recorded' }),
      makeAlert({ kind: 'alert.closed' }),
    )
    start()
    await settled()
    expect(receiver.numbers()).toEqual([4])
    expect(published.map(([topic]) => topic)).toEqual(['heating/v1/alerts/nangang'])
  })

  test('each receiver gets what its owner may see', async () => {
    for (const owner of ['city', 'nangang', 'firm']) await addWebhook(owner)
    await append(
      makeAlert(),
      makeAlert({ territory: ['harbin', 'daoli'], firm: 'firm-2' }),
      makeAlert({ territory: ['harbin', 'daoli'], firm: 'firm-1' }),
    )
    start()
    await settled()
    const sent = await api.ledger.db.selectFrom('notification').select(['target', 'signal']).execute()
    const byTarget = Object.groupBy(sent, (row) => row.target)
    const numbers = (target: string) => byTarget[target]?.map((row) => row.signal).sort()
    expect(numbers('hook-of-city')).toEqual([1, 2, 3])
    expect(numbers('hook-of-nangang')).toEqual([1])
    expect(numbers('hook-of-firm')).toEqual([2])
  })

  test('an owner who was disabled gets nothing more', async () => {
    await addWebhook('city')
    await addWebhook('nangang')
    await api.ledger.write((transaction) => changeAccount(transaction, 'city', { disabledAt: evening }))
    await append(makeAlert())
    start()
    await settled()
    expect(receiver.received).toHaveLength(1)
  })

  test('an owner whose rights are gone gets nothing of what waits, and others do', async () => {
    await addWebhook('nangang')
    await addWebhook('firm')
    await addWebhook('city')
    receiver.answers.push(503, 503, 503)
    const { dueNow } = await planned(makeAlert({ firm: 'firm-2' }))
    await api.ledger.write(async (transaction) => {
      await changeAccount(transaction, 'nangang', { scope: { kind: 'territory', id: 'daowai' } })
      await changeAccount(transaction, 'firm', { disabledAt: evening })
    })
    dueNow()
    await settled()
    const states = await api.ledger.db
      .selectFrom('notification')
      .select(['target', 'state'])
      .orderBy('target')
      .execute()
    expect(states.filter(({ target }) => target.startsWith('hook'))).toEqual([
      { target: 'hook-of-city', state: 'delivered' },
      { target: 'hook-of-firm', state: 'cancelled' },
      { target: 'hook-of-nangang', state: 'cancelled' },
    ])
    expect(receiver.received).toHaveLength(4)
  })

  test('a failed attempt is tried again, every attempt is kept', async () => {
    await addWebhook('city')
    receiver.answers.push(500, 302)
    await append(makeAlert())
    const notifier = start()
    await receiver.until(1)
    notifier.wake()
    await settled()
    expect(receiver.numbers()).toEqual([1, 1, 1])
    expect(new Set(receiver.received.map(({ headers }) => headers['warmcity-delivery']))).toHaveLength(1)
    expect(receiver.received.every(({ path }) => path === '/alerts')).toBe(true)
    const attempts = await api.ledger.db
      .selectFrom('notification_attempt')
      .select(['attempt', 'outcome', 'status'])
      .where('notification', '=', 'hook-of-city.1')
      .orderBy('attempt')
      .execute()
    expect(attempts).toEqual([
      { attempt: 1, outcome: 'refused', status: 500 },
      { attempt: 2, outcome: 'refused', status: 302 },
      { attempt: 3, outcome: 'delivered', status: 204 },
    ])
  })

  test('after the last attempt it is dead, and others go on', async () => {
    const other = await makeReceiver()
    await addWebhook('city')
    await addWebhook('nangang', 'hook-elsewhere', other.url)
    receiver.answers.push(500, 500, 500)
    await append(makeAlert())
    start()
    await settled()
    const states = await api.ledger.db
      .selectFrom('notification')
      .select(['target', 'state', 'attempts'])
      .where('channel', '=', 'webhook')
      .orderBy('target')
      .execute()
    expect(states).toEqual([
      { target: 'hook-elsewhere', state: 'delivered', attempts: 1 },
      { target: 'hook-of-city', state: 'dead', attempts: 3 },
    ])
    await other.close()
  })

  test('a receiver that is not there is unreachable, with the reason', async () => {
    await addWebhook('city', 'hook', 'http://127.0.0.1:9/')
    await append(makeAlert())
    start({ retry: { attemptsMax: 1, firstDelayMs: 1, factor: 1, delayMsMax: 1 } })
    await settled()
    const [attempt] = await api.ledger.db
      .selectFrom('notification_attempt')
      .selectAll()
      .where('notification', '=', 'hook.1')
      .execute()
    expect(attempt).toMatchObject({ outcome: 'unreachable', status: null })
    expect(attempt?.detail).not.toBe('')
  })
})

describe('once', () => {
  test('a restart neither loses nor repeats', async () => {
    await addWebhook('city')
    await append(makeAlert(), makeAlert())
    const first = start()
    await settled()
    await first.close()
    await append(makeAlert(), makeAlert())
    start()
    await receiver.until(4)
    await settled()
    expect(receiver.numbers()).toEqual([1, 2, 3, 4])
    expect(published.map(([, body]) => JSON.parse(body).signal.number)).toEqual([1, 2, 3, 4])
  })

  test('two processes send it once', async () => {
    await addWebhook('city')
    start()
    start()
    await append(...Array.from({ length: 20 }, () => makeAlert()))
    await settled()
    expect(receiver.numbers()).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
    expect(published).toHaveLength(20)
  })

  test('who lost the lease writes nothing more', async () => {
    await addWebhook('city')
    const lease = await api.ledger.write((transaction) => acquireLease(transaction, 'alerts', 'me', 0, 1_000))
    const later = await api.ledger.write((transaction) => acquireLease(transaction, 'alerts', 'you', 2_000, 1_000))
    expect(later?.token).toBe((lease?.token ?? 0) + 1)
    const { planNotifications } = await import('../../api/notify/plan.ts')
    await append(makeAlert())
    const facts = { simulated: true, wallMs: 2_000, overMqtt: true }
    if (!lease || !later) throw new Error('a lease was not given')
    await expect(planNotifications(api.ledger, lease, facts)).rejects.toMatchObject({ code: 'lease_lost' })
    expect(await api.ledger.db.selectFrom('notification').selectAll().execute()).toEqual([])
    expect(await planNotifications(api.ledger, later, facts)).toBe(true)
  })
})

describe('over MQTT', () => {
  test('while the broker is away alerts wait, in order, and webhooks go on', async () => {
    let wallMs = Date.now()
    await addWebhook('city')
    brokerIsAway = true
    await append(makeAlert(), makeAlert())
    const notifier = start({ wallClock: () => wallMs })
    await receiver.until(2)
    expect(published).toEqual([])
    brokerIsAway = false
    wallMs += 3_000
    notifier.wake()
    await settled()
    expect(published.map(([, body]) => JSON.parse(body).signal.number)).toEqual([1, 2])
  })
})

describe('the pauses between attempts', () => {
  test('grow, stay bounded, and end', () => {
    const delays = Array.from({ length: 10 }, (_, index) => retryDelayMs(retryDefault, index + 1, 0.5))
    expect(delays.at(-1)).toBeUndefined()
    const given = delays.filter((delay) => delay !== undefined)
    expect(given).toEqual([5_000, 20_000, 80_000, 320_000, 1_280_000, 3_600_000, 3_600_000, 3_600_000, 3_600_000])
  })

  test('are spread, so that not everything comes back at once', () => {
    expect(retryDelayMs(retryDefault, 1, 0)).toBe(3_750)
    expect(retryDelayMs(retryDefault, 1, 1)).toBe(6_250)
  })
})

describe('the webhooks of an account', () => {
  test('are made with a secret shown once, tested, listed with their deliveries, and deleted', async () => {
    start()
    const asFirm = await api.as('firm')
    const made = await asFirm({
      method: 'POST',
      url: '/api/v1/webhooks',
      payload: { name: 'desk', url: receiver.url },
    })
    expect(made.statusCode).toBe(201)
    const { id, secret } = made.json()
    const list = await asFirm({ url: '/api/v1/webhooks' })
    expect(list.json().items).toMatchObject([{ id, owner: 'firm' }])
    expect(list.body).not.toContain(secret)
    const sent = await asFirm({ method: 'POST', url: `/api/v1/webhooks/${id}/test` })
    expect(sent.statusCode).toBe(202)
    await receiver.until(1)
    const [{ headers, body } = { headers: {} as IncomingHttpHeaders, body: '' }] = receiver.received
    const expected = createHmac('sha256', secret).update(`${headers['warmcity-timestamp']}.${body}`).digest('hex')
    expect(headers['warmcity-signature']).toBe(`v1=${expected}`)
    expect(JSON.parse(body)).toMatchObject({ test: true, simulated: true })
    await settledDelivery(asFirm, String(sent.headers.location))
    const deliveries = (await asFirm({ url: `/api/v1/webhooks/${id}/deliveries` })).json()
    expect(deliveries.items).toMatchObject([{ state: 'delivered', attempts: [{ attempt: 1, status: 204 }] }])
    expect((await asFirm({ method: 'DELETE', url: `/api/v1/webhooks/${id}` })).statusCode).toBe(204)
    expect((await asFirm({ url: '/api/v1/webhooks' })).json().items).toEqual([])
  })

  async function settledDelivery(as: Awaited<ReturnType<TestApi['as']>>, url: string) {
    while ((await as({ url })).json().state === 'pending') await new Promise((resolve) => setImmediate(resolve))
  }

  test('are nobody else’s', async () => {
    const asFirm = await api.as('firm')
    const payload = { name: 'desk', url: receiver.url }
    const { id } = (await asFirm({ method: 'POST', url: '/api/v1/webhooks', payload })).json()
    const asNangang = await api.as('nangang')
    expect((await asNangang({ url: '/api/v1/webhooks' })).json().items).toEqual([])
    expect((await asNangang({ method: 'DELETE', url: `/api/v1/webhooks/${id}` })).statusCode).toBe(404)
    expect((await asNangang({ url: `/api/v1/webhooks/${id}/deliveries` })).statusCode).toBe(404)
    const asCity = await api.as('city')
    expect((await asCity({ url: '/api/v1/webhooks' })).json().items).toMatchObject([{ id }])
  })

  test.each(['ftp://example.org/', 'javascript:alert(1)', 'http://user:word@example.org/', 'no address'])(
    'cannot point to %s',
    async (url) => {
      const asFirm = await api.as('firm')
      const response = await asFirm({ method: 'POST', url: '/api/v1/webhooks', payload: { name: 'x', url } })
      expect(response.json()).toMatchObject({ code: 'validation', errors: [{ where: 'body/url' }] })
    },
  )
})
