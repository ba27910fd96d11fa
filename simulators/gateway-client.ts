import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type IClientOptions, type MqttClient } from 'mqtt'
import { gatewayTopic } from '#domain/topics.ts'

/** A simulated gateway's session with a broker. */
export interface GatewayClient {
  readonly id: string
  /** Publishes with QoS 1; resolves when the broker has acked. What is not acked is sent again after a reconnect. */
  publish(topic: string, payload: Buffer): Promise<void>
  /** Loses the connection as in a power cut, so that the broker publishes the last will; stays away. */
  cutOff(): void
  /** Comes back after a cut. */
  restore(): void
  /** Says goodbye and ends the session. */
  end(): Promise<void>
}

export interface GatewayClientOptions {
  /** `mqtt://…`, `mqtts://…`, `ws://…` or `wss://…`. */
  readonly brokerUrl: string
  readonly id: string
  readonly secret: string
  /** Number from 0 up to 1 by which this gateway's reconnects differ from the others'. */
  readonly fraction: () => number
  /** Certificate of the broker's authority, where it is not a public one. */
  readonly ca?: string
  /** Gives up the first connection; afterwards `end` ends the session. */
  readonly signal?: AbortSignal
  /** Told of errors that keep a gateway away; it goes on trying. */
  readonly onProblem?: (gateway: string, error: Error) => void
}

/** The first pause before connecting again, doubled with each attempt up to the second. Real time. */
const reconnectMsMin = 500
const reconnectMsMax = 30_000
/** A gateway that was turned away by a busy broker comes back later; so this long for one attempt. */
const connectTimeoutMs = 20_000
const keepaliveSeconds = 60
/** How long the end of a session may take, real time. */
const goodbyeMs = 3_000

const online = Buffer.from('{"state":"online"}')
const offline = Buffer.from('{"state":"offline"}')

/** Opens a gateway's session; resolves at the first connection, rejects when the broker refuses it for good. */
export async function connectGateway(options: GatewayClientOptions): Promise<GatewayClient> {
  const status = gatewayTopic(options.id, 'status')
  const client = connect(options.brokerUrl, clientOptions(options, status))
  let attempts = 0
  client.on('connect', () => {
    attempts = 0
    setPause(client, attempts, options.fraction)
    client.publish(status, online, { qos: 1, retain: true })
  })
  // After a broker's restart all gateways come back; without jitter they would do so in the same instant.
  client.on('close', () => setPause(client, ++attempts, options.fraction))
  client.on('error', (error) => options.onProblem?.(options.id, error))
  await firstConnection(client, options)
  return {
    id: options.id,
    publish: async (topic, payload) => {
      await client.publishAsync(topic, payload, { qos: 1 })
    },
    cutOff() {
      client.options.reconnectPeriod = 0
      client.stream.destroy()
    },
    restore() {
      setPause(client, 0, options.fraction)
      // Without its stores handed over, a reconnect would forget what was not acked.
      const { incomingStore, outgoingStore } = client
      if (!client.connected) client.reconnect({ incomingStore, outgoingStore })
    },
    end: async () => {
      const leaving = new AbortController()
      const goodbye = async () => {
        if (client.connected) await client.publishAsync(status, offline, { qos: 1, retain: true })
        await client.endAsync(!client.connected)
      }
      const left = goodbye().catch(() => client.endAsync(true))
      // A broker that answers no more cannot hold up the end.
      const patience = sleep(goodbyeMs, undefined, { signal: leaving.signal }).then(
        () => client.endAsync(true),
        () => {},
      )
      await Promise.race([left, patience])
      leaving.abort()
    },
  }
}

function clientOptions(options: GatewayClientOptions, status: string): IClientOptions {
  return {
    clientId: options.id,
    username: options.id,
    password: options.secret,
    clean: true,
    protocolVersion: 4,
    keepalive: keepaliveSeconds,
    connectTimeout: connectTimeoutMs,
    reconnectPeriod: pauseMs(0, options.fraction),
    // A busy broker refuses with code 3 for a while; a gateway that gave up then would stay mute for ever.
    reconnectOnConnackError: true,
    will: { topic: status, payload: offline, qos: 1, retain: true },
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  }
}

/** Refusals that waiting does not heal: wrong id or secret. MQTT 3.1.1, table 3.1. */
const refusedForGood: readonly unknown[] = [2, 4, 5]

/** A broker that does not know the gateway's secret will not know it later either; everything else may heal. */
function firstConnection(client: MqttClient, { id, signal }: GatewayClientOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      client.off('connect', onConnect)
      client.off('error', onError)
      signal?.removeEventListener('abort', onAbort)
      if (error === undefined) return resolve()
      client.end(true)
      reject(error)
    }
    const onConnect = () => settle()
    const onAbort = () => settle(new Error(`Gateway ${id} was not connected before it was given up`))
    const onError = (error: Error & { code?: unknown }) => {
      if (!refusedForGood.includes(error.code)) return
      settle(new GatewayRefused(`The broker refuses gateway ${id}: ${error.message}`, { cause: error }))
    }
    client.on('connect', onConnect)
    client.on('error', onError)
    if (signal?.aborted) onAbort()
    else signal?.addEventListener('abort', onAbort)
  })
}

/** The broker does not accept the gateway's id or secret. `code` is stable. */
class GatewayRefused extends Error {
  readonly code = 'gateway_refused'
}

function setPause(client: MqttClient, attempts: number, fraction: () => number): void {
  // A pause of zero means that the gateway was cut off and is to stay away.
  if (client.options.reconnectPeriod === 0 && attempts > 0) return
  client.options.reconnectPeriod = pauseMs(attempts, fraction)
}

function pauseMs(attempts: number, fraction: () => number): number {
  const pause = Math.min(reconnectMsMax, reconnectMsMin * 2 ** Math.min(attempts, 10))
  return Math.round(pause * (0.5 + fraction()))
}
