import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { IConnackPacket, IPublishPacket, Packet } from 'mqtt-packet'
import type { DeliverySink } from '#domain/delivery.ts'
import { belongsTo, holds, type WorkerHolding, type WorkerShare } from '#domain/gateway-share.ts'
import type { Refusal } from '#domain/identity.ts'
import type { Clock } from '#domain/time.ts'
import { gatewayTopic, wakeTopic } from '#domain/topics.ts'
import type { GatewayTopics } from '#store/ledger/gateway-topics.ts'
import type { Connection, OutsideTarget } from './connection.ts'
import { type Intake, outsideIntake } from './intake.ts'
import { openKeptFilters } from './kept-filters.ts'
import { type OutsideLimits, outsideLimits } from './limits.ts'
import { refusals } from './refusals.ts'
import { keepSession, type Session, type SessionLog } from './session.ts'
import { makeSubscriptions } from './subscriptions.ts'
import { type TopicOwners, topicOwners } from './topic-owners.ts'

export interface OutsideBrokerOptions {
  readonly target: OutsideTarget
  /** Where deliveries go. Its callback releases the PUBACK. */
  readonly sink: DeliverySink
  /** City time, for what is recorded. Everything of the connection runs on real time. */
  readonly clock: Clock
  /** Folder in which the session's subscriptions are remembered. */
  readonly directory: string
  /** Which gateways are to be ours. */
  readonly share: WorkerShare
  /** Which we have to begin with; our whole share where it is absent. */
  readonly holding?: WorkerHolding
  readonly limits?: Partial<OutsideLimits>
  /** Called for publishes that are acked and not journaled. */
  onRefusal(refusal: Refusal): void
  readonly log: SessionLog
  /** Draws the jitter of reconnects, from 0 to below 1. */
  readonly random?: () => number
}

/** A broker that is not ours, as the source of deliveries and the way to gateways and the api. */
export interface OutsideBroker {
  /** Which gateways and topics the registry has now. */
  setTopics(topics: GatewayTopics): void
  /** Which gateways we have now. `leaving`: nothing new is taken of those that are not to be ours. */
  setHolding(holding: WorkerHolding, leaving: boolean): void
  /** Resolves when everything has come that the broker had for us before the last change of what we take. */
  drained(): Promise<void>
  /** True while everything that is wanted is subscribed to. */
  isSubscribed(): boolean
  /** Publishes at QoS 0 in the service's own name; lost while there is no connection. */
  publish(topic: string, payload: string | Buffer): void
  /** Tells a gateway on its errors topic what is wrong with what it sends. */
  tellGateway(gateway: string, message: object): void
  /** For how long, in real milliseconds, nothing can come; 0 while connected. */
  awayMs(): number
  /** Why not everything comes, for the readiness probe; empty where it does. */
  notReady(): string[]
  counters(): Record<string, number>
  /** Takes no more, lets the acks of what was accepted leave, and ends. */
  close(): Promise<void>
}

/** Begins to connect; the broker need not be there yet. */
export async function startOutsideBroker(options: OutsideBrokerOptions): Promise<OutsideBroker> {
  const { target, clock, log, share } = options
  const limits: OutsideLimits = { ...outsideLimits, ...options.limits }
  const counters = { sessionsLost: 0, reportsSent: 0, reportsDropped: 0, publishesDenied: 0 }
  const reportsUnacked = new Set<number>()
  let packetId = 0
  let isClosing = false
  let topics: GatewayTopics | undefined
  let holding = options.holding ?? { worker: share.worker, workers: share.workers, handedOver: 0, subscribed: 0 }
  let isLeaving = false
  let owners: TopicOwners | undefined
  let markerCame: ((text: string) => void) | undefined
  /** Nobody else's: whatever comes back on it was sent by us, and has everything behind it that came before. */
  const markerTopic = `${wakeTopic}/${target.clientId}`
  let intake: Intake | undefined

  const kept = await openKeptFilters(options.directory, `${target.url} ${target.clientId}`)
  const deliveries = outsideIntake({
    ...{ sink: options.sink, clock, limits },
    ownerOf: (topic) => owners?.ownerOf(topic) ?? { kind: 'nobody' },
    refuse: refusals({
      ...{ clock, broker: target.url, clientId: target.clientId, topicLengthMax: limits.topicLengthMax },
      ...{ record: options.onRefusal, tellGateway },
    }),
  })
  const subscriptions = makeSubscriptions({ kept, limits, nextPacketId, log })

  /** Identifiers of what we send; those of what we get are the broker's. */
  function nextPacketId(): number {
    do packetId = (packetId % 65_535) + 1
    while (reportsUnacked.has(packetId))
    return packetId
  }

  function onConnected(connection: Connection, connack: IConnackPacket): void {
    if (!connack.sessionPresent && kept.filters.size > 0) {
      counters.sessionsLost++
      log.error(
        { broker: target.url, clientId: target.clientId },
        'the outside broker has no session of ours any more: what it acked while we were away is lost on its side',
      )
    }
    warnOfPromises(connack, log)
    intake = deliveries.on(connection)
    subscriptions.connected(connection)
  }

  function onPacket(packet: Packet): void {
    if (packet.cmd === 'publish') {
      if (isClosing) return
      if (packet.topic !== markerTopic) intake?.take(packet)
      else {
        intake?.pass(packet)
        markerCame?.(packet.payload.toString())
      }
    } else if (packet.cmd === 'puback') {
      reportsUnacked.delete(packet.messageId ?? 0)
      if ((packet.reasonCode ?? 0) >= 0x80) counters.publishesDenied++
    } else if (packet.cmd === 'suback' || packet.cmd === 'unsuback') subscriptions.answered(packet)
  }

  let session: Session | undefined

  function send(packet: Omit<IPublishPacket, 'cmd' | 'dup' | 'retain'>): boolean {
    const connection = session?.connection()
    if (!connection || connection.unsentBytes > limits.unsentBytesMax) return false
    connection.send({ cmd: 'publish', dup: false, retain: false, ...packet })
    return true
  }

  function tellGateway(gateway: string, message: object): void {
    const id = reportsUnacked.size < limits.publishesUnackedMax ? nextPacketId() : 0
    const report = { topic: gatewayTopic(gateway, 'errors'), payload: JSON.stringify(message), messageId: id }
    if (id > 0 && send({ ...report, qos: 1 })) {
      reportsUnacked.add(id)
      counters.reportsSent++
    } else counters.reportsDropped++
  }

  function isSubscribed(): boolean {
    const { subscribed, subscriptionsWanted } = subscriptions.counters()
    return session?.state().connected === true && subscribed === subscriptionsWanted
  }

  function ownerOf(gateway: string): 'ours' | 'arriving' | 'others' {
    if (holds(holding, gateway)) return 'ours'
    return belongsTo(gateway, share) ? 'arriving' : 'others'
  }

  function chooseOwners(): void {
    if (!topics) return
    owners = topicOwners({
      ...{ ...topics, ownerOf, topicsRememberedMax: limits.topicsRememberedMax },
      isWanted: (gateway) => belongsTo(gateway, share) || (!isLeaving && holds(holding, gateway)),
    })
    const isMoving = holding.workers !== share.workers
    subscriptions.want(isMoving ? new Set([...owners.filters, markerTopic]) : owners.filters)
    // A session may hold messages already: before the first topics nobody could say whose they are.
    if (!session && !isClosing) begin()
  }

  function begin(): void {
    session = keepSession({
      ...{ target, limits, log, onConnected, onPacket },
      random: options.random ?? Math.random,
      onOversized: (publish) => intake?.tooLarge(publish),
      onDisconnected() {
        intake = undefined
        reportsUnacked.clear()
        subscriptions.disconnected()
      },
    })
  }

  return {
    setTopics(next) {
      topics = next
      chooseOwners()
    },
    setHolding(next, leaving) {
      holding = next
      isLeaving = leaving
      chooseOwners()
      intake?.ownersChanged()
    },
    async drained() {
      for (let came = false; !came && !isClosing; ) {
        await subscriptions.settled()
        if (!isSubscribed() || kept.filters.size > subscriptions.counters().subscribed) {
          await pause(limits.markerAgainMs / 10)
          continue
        }
        // One that a process before us has sent may still be in the session, and means nothing.
        const marker = randomUUID()
        const back = new Promise<boolean>((resolve) => {
          markerCame = (text) => text === marker && resolve(true)
        })
        const id = nextPacketId()
        if (send({ topic: markerTopic, payload: marker, messageId: id, qos: 1 })) reportsUnacked.add(id)
        came = await Promise.race([back, pause(limits.markerAgainMs, false, { ref: false })])
        if (!came) log.warn({ topic: markerTopic }, 'what was published there did not come back: is it allowed?')
      }
    },
    isSubscribed,
    publish: (topic, payload) => void send({ topic, payload, qos: 0 }),
    tellGateway,
    awayMs() {
      const { connected, since } = session?.state() ?? { connected: false, since: Date.now() }
      return connected ? 0 : Date.now() - since
    },
    notReady() {
      const { connected, since, reason } = session?.state() ?? {
        connected: false,
        since: Date.now(),
        reason: 'not yet asked',
      }
      const away = `the outside broker ${target.url} is not connected since ${new Date(since).toISOString()}: ${reason}`
      const contested = owners?.contested ?? []
      return [
        ...(connected ? [] : [away]),
        ...subscriptions.problems(),
        ...(contested[0] === undefined
          ? []
          : [`${contested.length} foreign topics are mapped for more than one gateway, as ${contested[0]}`]),
      ]
    },
    counters: () => ({
      ...(session?.counters() ?? { connected: 0 }),
      ...subscriptions.counters(),
      ...deliveries.counters,
      ...counters,
    }),
    async close() {
      if (isClosing) return
      isClosing = true
      await Promise.race([deliveries.idle(), pause(limits.closeMs, undefined, { ref: false })])
      subscriptions.close()
      await session?.close()
    },
  }
}

/** What the broker says of itself that weakens the promise. */
function warnOfPromises({ properties = {} }: IConnackPacket, log: SessionLog): void {
  const { maximumQoS, sessionExpiryInterval } = properties
  if (maximumQoS === 0) log.error({}, 'the outside broker has QoS 0 only: nothing that is lost on the way comes again')
  if (sessionExpiryInterval !== undefined && sessionExpiryInterval < 0xffff_ffff) {
    log.warn({ sessionExpirySeconds: sessionExpiryInterval }, 'the outside broker forgets our session after this time')
  }
}
