import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DeliverySink } from '#domain/delivery.ts'
import { isLoopback } from '#domain/host.ts'
import type { MqttIdentity } from '#domain/identity.ts'
import { type Broker, startBroker } from '../broker/broker.ts'
import type { Ingest } from '../ingest/ingest.ts'
import { type GatewaysFeed, openGatewaysFeed } from '../ingest/outside/gateways-feed.ts'
import { keepMoving } from '../ingest/outside/moves.ts'
import { startOutsideBroker } from '../ingest/outside/outside-broker.ts'
import { startRecords } from '../ingest/records/records.ts'
import type { CityClock } from './clock.ts'
import type { edgeOptions } from './common-options.ts'
import type { DataFolder } from './data-folder.ts'
import type { makeLogger } from './log.ts'
import type { OptionValues } from './options.ts'
import type { OutsideSource } from './outside-options.ts'
import { apiClientId } from './service-accounts.ts'

/** Where deliveries come from, and the way back to gateways and to the api. */
export interface EdgeSource {
  /** Where it listens, by name. */
  readonly addresses: Readonly<Record<string, string>>
  /** Whose figures are told, by the name that they carry. */
  readonly parts: Readonly<Record<string, { counters(): object }>>
  publish(topic: string, payload: string | Buffer): void
  tellGateway(gateway: string, message: object): void
  /** Whether this is the secret of the api's own account. */
  isApi(secret: string): boolean
  /** Whether the gateway's deliveries belong here, and not to another worker. */
  takes(gateway: string): boolean
  /** Why not everything can come; empty where it can. */
  notReady(): string[]
  /** For how long, in milliseconds, nothing can come at all; 0 while it can. */
  awayMs(): number
  /** Takes no more, lets the acks of what was accepted leave, and ends. */
  close(): Promise<void>
}

interface SourceOptions {
  readonly folder: DataFolder
  readonly sink: DeliverySink
  readonly clock: CityClock
  readonly log: ReturnType<typeof makeLogger>
  /** What to do when a part of it cannot go on. */
  fail(what: string): (error: Error) => void
}

type ListenValues = Pick<
  OptionValues<typeof edgeOptions>,
  'mqttPort' | 'websocketPort' | 'mqttTlsPort' | 'websocketTlsPort' | 'tlsCertificate' | 'tlsKey' | 'allowPlaintext'
> & { readonly host: string }

/** Our own broker, with the identities that the ledger has. */
export async function startOwnBroker(values: ListenValues, options: SourceOptions): Promise<EdgeSource> {
  const { folder, sink, clock, log, fail } = options
  let broker: Broker | undefined
  let identitiesFirst: readonly MqttIdentity[] = []
  const apiSecrets = knownSecrets(clock)
  const records = await startRecords({
    ledger: folder.ledger,
    onIdentities(identities) {
      apiSecrets.set(identities)
      if (broker) broker.setIdentities(identities)
      else identitiesFirst = identities
    },
    onFailure: fail('the records worker'),
  })
  const started = await startBroker({
    ...{ sink, clock, log, listen: listenOn(values), allowPlaintext: values.allowPlaintext },
    onRefusal: records.refused,
    onPresence: records.presence,
  })
  broker = started
  started.setIdentities(identitiesFirst)
  return {
    addresses: brokerAddresses(started),
    parts: { broker: started, records },
    publish: started.publish,
    tellGateway: started.tellGateway,
    notReady: records.notReady,
    isApi: apiSecrets.has,
    takes: () => true,
    awayMs: () => 0,
    async close() {
      await started.close()
      await records.close()
    },
  }
}

/** An outside broker with what the ledger says of gateways and workers; both are there before the journal. */
export interface JoinedWorkers {
  readonly source: OutsideSource
  readonly feed: GatewaysFeed
  /** Others have parts of the city, too. */
  readonly sharesCity: boolean
}

export async function joinWorkers(
  source: OutsideSource,
  { folder, fail }: Pick<SourceOptions, 'folder' | 'fail'>,
): Promise<JoinedWorkers> {
  const { share } = source
  const feed = await openGatewaysFeed({
    ...{ ledger: folder.ledger, share, onFailure: fail('the reader of gateways and workers') },
  })
  return { source, feed, sharesCity: share.workers > 1 || feed.workers().some(({ worker }) => worker !== share.worker) }
}

/** A broker that is not ours: nothing listens, and the registry says what to subscribe to. */
export async function startOutsideSource(
  { source: { target, share }, feed }: JoinedWorkers,
  options: Omit<SourceOptions, 'sink'> & { readonly ingest: Ingest },
): Promise<EdgeSource> {
  const { folder, ingest, clock, log, fail } = options
  const apiSecrets = knownSecrets(clock)
  const records = await startRecords({
    ledger: folder.ledger,
    onIdentities: apiSecrets.set,
    onFailure: fail('the records worker'),
  })
  const broker = await startOutsideBroker({
    ...{ target, share, sink: ingest.sink, clock, log, holding: feed.own },
    directory: join(folder.path, 'outside'),
    onRefusal: records.refused,
  })
  broker.setTopics(feed.topics())
  let topicsSeen = feed.topics()
  feed.onChange(() => {
    if (feed.topics() !== topicsSeen) broker.setTopics(feed.topics())
    topicsSeen = feed.topics()
  })
  const moves = keepMoving({ share, feed, broker, ingest, log })
  return {
    addresses: {},
    parts: { outside_broker: broker, records },
    publish: broker.publish,
    tellGateway: broker.tellGateway,
    notReady: () => [...broker.notReady(), ...moves.notReady(), ...records.notReady()],
    isApi: apiSecrets.has,
    takes: moves.has,
    awayMs: broker.awayMs,
    async close() {
      const moving = moves.close()
      await broker.close()
      await moving
      await feed.close()
      await records.close()
    },
  }
}

/** The secrets of the api's account that are in force. */
function knownSecrets(clock: CityClock) {
  let secrets: MqttIdentity['secrets'] = []
  return {
    set(identities: readonly MqttIdentity[]): void {
      secrets = identities.find(({ id }) => id === apiClientId)?.secrets ?? []
    },
    has(secret: string): boolean {
      const sha256 = createHash('sha256').update(secret).digest('hex')
      return secrets.some((one) => one.sha256 === sha256 && (one.validUntil ?? Number.POSITIVE_INFINITY) > clock.now())
    },
  }
}

function listenOn(values: ListenValues): Parameters<typeof startBroker>[0]['listen'] {
  const { host, tlsCertificate, tlsKey } = values
  const plain = {
    tcp: { host, port: values.mqttPort },
    websocket: { host, port: values.websocketPort },
  }
  if (tlsCertificate === undefined || tlsKey === undefined) return plain
  const keys = { cert: readFileSync(tlsCertificate), key: readFileSync(tlsKey) }
  const tls = { host, port: values.mqttTlsPort, ...keys }
  const secureWebsocket = { host, port: values.websocketTlsPort, ...keys }
  const loopback = isLoopback(host)
  if (loopback || values.allowPlaintext) return { ...plain, tls, secureWebsocket }
  // The api of this machine comes in without TLS: the certificate names a host that need not lead back here.
  return { tcp: { host: '127.0.0.1', port: values.mqttPort }, tls, secureWebsocket }
}

function brokerAddresses(broker: Broker): Record<string, string> {
  const schemes = {
    tcp: ['mqtt', 'mqtt'],
    tls: ['mqttTls', 'mqtts'],
    websocket: ['websocket', 'ws'],
    secureWebsocket: ['secureWebsocket', 'wss'],
  } as const
  const addresses: Record<string, string> = {}
  for (const [kind, [name, scheme]] of Object.entries(schemes)) {
    const address = broker.addresses[kind as keyof typeof schemes]
    if (address)
      addresses[name] = `${scheme}://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`
  }
  return addresses
}
