import type { Duplex } from 'node:stream'
import type { Client, ConnectPacket, PublishPacket } from 'aedes'
import type { MqttIdentity } from '#domain/identity.ts'
import type { PublishVerdict } from './access.ts'
import type { Allowance } from './allowance.ts'
import type { FrameGuard } from './frame-guard.ts'

/** A byte stream that somebody opened, whoever it may be. */
export interface Connection {
  readonly stream: Duplex
  readonly address: string
  readonly client: Client
  readonly guard: FrameGuard
  /** Id named in the CONNECT, or empty before it. */
  claimedId: string
  will: Will | undefined
  session: Session | undefined
}

/** aedes hands over this very object when the will is due. */
type Will = NonNullable<ConnectPacket['will']>

/** A connection that proved who it is. */
export interface Session {
  readonly id: string
  readonly connection: Connection
  /** Replaced when the grants change. */
  identity: MqttIdentity
  /** SHA-256 of the secret it came with: the session ends with it. */
  readonly secret: string
  /** Granted filters with their QoS. */
  readonly filters: Map<string, 0 | 1 | 2>
  readonly allowance: Allowance
  /** Publishes over the rate, waiting for their turn. */
  readonly delayed: DelayedPublish[]
  delayTimer: NodeJS.Timeout | undefined
  /** The topic published to last and what came of asking: a gateway publishes to the same one all its life. */
  topic: string
  verdict: PublishVerdict | undefined
  /** Why it is being ended; from then on nothing is taken from it. */
  endCause: string | undefined
  /** Set while it is to end later. */
  endTimer: NodeJS.Timeout | undefined
  /** Registered, and told as online. */
  online: boolean
}

interface DelayedPublish {
  readonly packet: PublishPacket
  readonly callback: (error?: Error | null) => void
  readonly dueMs: number
}
