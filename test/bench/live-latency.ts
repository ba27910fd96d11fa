import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { io } from 'socket.io-client'
import { wallClockAnchor } from '#domain/time.ts'
import { createAccount } from '#store/ledger/accounts.ts'
import { openLedger } from '#store/ledger/database.ts'
import { createApiToken } from '#store/ledger/sessions.ts'
import type { ServerToClientEvents } from '../../api/live-events.ts'
import { dataFolder } from '../../commands/data-folder.ts'
import { prepareService } from '../../commands/service-accounts.ts'
import { startService } from '../../commands/supervisor.ts'
import { type GatewayClient, type Message, openGatewayClient } from '../proof/gateway-client.ts'
import { type LatencySummary, latencyHistogram } from './load-generator-latency.ts'
import type { LoadGateway } from './load-generator-process.ts'

export interface LiveLatency {
  /** Homes that became cold, and those of them whose flag arrived. */
  readonly homes: number
  readonly arrived: number
  readonly latency: LatencySummary
}

interface LiveOptions {
  readonly data: string
  readonly mqttPort: number
  readonly gateway: LoadGateway
  readonly probes: readonly string[]
  /** Homes that become cold, one after the other. */
  readonly homes: number
}

const accountId = 'bench'
const coldC = 9.5
const betweenHomesMs = 40
const arrivalMsMax = 5_000

interface ColdHome extends Message {
  readonly device: string
}

/**
 * Time from the PUBLISH of the reading that makes a home cold until its flag is with a client of the api: two samples
 * below 12 °C raise it at once.
 */
export async function measureLive(options: LiveOptions): Promise<LiveLatency> {
  const { data, mqttPort, gateway } = options
  const { token, apiSecret } = await makeAccess(data)
  const api = startService('api', ['--data', data, '--http-port', '0', '--log-level', 'warn'], wallClockAnchor, {
    ...process.env,
    WARMCITY_MQTT_URL: `mqtt://127.0.0.1:${mqttPort}`,
    WARMCITY_MQTT_SECRET: apiSecret,
  })
  const { http = '' } = await api.ready
  const latency = latencyHistogram()
  const sentAt = new Map<string, number>()
  const socket = io(http, { auth: { token }, transports: ['websocket'] })
  const signals: ServerToClientEvents['signals'] = (batch, acknowledge) => {
    const now = performance.now()
    for (const { kind, payload } of batch.signals) {
      const device = String(payload.device)
      const from = kind === 'flag.raised' ? sentAt.get(device) : undefined
      if (from === undefined) continue
      latency.add(now - from)
      sentAt.delete(device)
    }
    acknowledge()
  }
  socket.on('signals', signals)
  const queue: ColdHome[] = []
  let client: GatewayClient | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('hello', () => resolve())
      socket.once('connect_error', reject)
    })
    client = openGatewayClient<ColdHome>({
      ...{ port: mqttPort, id: gateway.id, secret: gateway.secret ?? '', window: 16 },
      next() {
        const message = queue.shift()
        if (message) sentAt.set(message.device, performance.now())
        return message
      },
      onAcked: () => {},
    })
    // Homes that were cold in an earlier run on the same data have their flags already.
    const first = Math.floor(Math.random() * Math.max(1, options.probes.length - options.homes))
    const probes = options.probes.slice(first, first + options.homes)
    for (const device of probes) {
      const at = Date.now()
      const readings = [at - 1, at].map((time) => ({ device, at: time, values: { indoor_temperature_c: coldC } }))
      queue.push({ topic: gateway.topic, payload: JSON.stringify(readings), device })
      client.wake()
      await pause(betweenHomesMs)
    }
    const deadline = performance.now() + arrivalMsMax
    while (sentAt.size > 0 && performance.now() < deadline) await pause(50)
    return { homes: probes.length, arrived: latency.summary().count, latency: latency.summary() }
  } finally {
    client?.close()
    socket.close()
    await api.stop()
  }
}

async function makeAccess(data: string): Promise<{ token: string; apiSecret: string }> {
  const folder = dataFolder(data)
  const now = Date.now()
  const { apiSecret } = await prepareService(folder, now, false)
  const token = randomBytes(32).toString('base64url')
  const sha256 = createHash('sha256').update(token).digest('hex')
  const ledger = await openLedger(folder.ledger)
  try {
    await ledger.write(async (transaction) => {
      const account = { id: accountId, name: 'Bench', role: 'admin', scope: { kind: 'city' }, createdAt: now } as const
      // Nobody signs in with it: the token is its only way in.
      await createAccount(transaction, { ...account, password: '' })
      await createApiToken(transaction, {
        id: `${accountId}-${now}`,
        account: accountId,
        name: 'bench',
        sha256,
        createdAt: now,
      })
    })
  } finally {
    await ledger.close()
  }
  return { token, apiSecret }
}
