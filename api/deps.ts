import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import type { MetricName } from '#domain/metric.ts'
import type { PayloadMapping } from '#domain/payload-mapping.ts'
import { cityPolicies, type Policy } from '#domain/policy.ts'
import type { QualityName } from '#domain/quality.ts'
import type { Clock, ClockAnchor } from '#domain/time.ts'
import type { Ledger } from '#store/ledger/database.ts'
import type { FactStore } from '#store/telemetry/fact-store.ts'
import type { RollUpReader } from '#store/telemetry/roll-up-store.ts'
import type { TelemetryReader } from '#store/telemetry/telemetry-store.ts'
import type { GrafanaLiveTarget } from './grafana-live.ts'
import type { ApiMetrics } from './metrics.ts'
import type { Ranking } from './ranking/ranking.ts'
import type { PasswordCost } from './security/passwords.ts'

/** City time, and how it stands to the wall clock. */
interface ApiClock extends Clock {
  anchor(): ClockAnchor
}

/** Reads a payload by a mapping, as ingest would. */
type TryMapping = (
  mapping: PayloadMapping,
  tried: {
    readonly filter: string
    readonly topic: string
    readonly payload: string
    readonly receivedAt: number
    readonly retained: boolean
  },
) => {
  readonly readings: readonly {
    readonly address: string
    readonly metric: MetricName
    readonly at: number
    readonly value: number
    readonly quality: QualityName | undefined
  }[]
  readonly problems: readonly { readonly code: string; readonly path: string; readonly detail: string }[]
}

/** What a platform pushed, in the name of a gateway. */
export interface PushedDelivery {
  readonly gateway: string
  readonly topic: string
  readonly payload: Uint8Array
}

/** What the api needs of the world. */
export interface ApiDeps {
  readonly ledger: Ledger
  readonly telemetry: TelemetryReader
  /** Live roll-ups; without it there are none. */
  readonly rollUps?: RollUpReader
  readonly clock: ApiClock
  readonly log: Logger
  readonly tryMapping: TryMapping
  /** Publishes to the broker; resolves when the broker has it. Without it, alerts go to sockets and webhooks only. */
  readonly publish?: (topic: string, payload: string) => Promise<void>
  /**
   * Puts a delivery that came over HTTP into the edge's journal; resolves when it is durable, rejects when it may not
   * be. Without it, nothing can be pushed.
   */
  readonly deliver?: (delivery: PushedDelivery) => Promise<void>
  /** The edge's own figures by name; undefined where it does not answer. */
  readonly edgeFigures?: () => Promise<Readonly<Record<string, number>> | undefined>
  /** Why the service as a whole is not ready; empty when it is. */
  readonly notReady?: () => Promise<readonly string[]>
  /** Does what of the ranking takes long; without it, this thread does. */
  readonly ranking?: Ranking
  /** Where dashboards ask for lists, seasons and the service's own figures; absent where nobody asks. */
  readonly facts?: FactStore
  /** Counters that are shared with the sockets and the notifier of the same process. */
  readonly metrics?: ApiMetrics
  /** Wall clock in epoch milliseconds: sessions, rate limits, leases and retries go by it. */
  readonly wallClock?: () => number
}

export interface ApiOptions {
  readonly version: string
  /** Cookies only over TLS: set it where the service, or the proxy before it, speaks TLS. */
  readonly secureCookies: boolean
  /** Address and host from what the proxy next to us puts into X-Forwarded-*: only behind one that does. */
  readonly trustProxy: boolean
  /** `/metrics` without signing in: for a service that only its own machine can reach. */
  readonly openMetrics: boolean
  readonly requestsPerMinuteMax: number
  /** IANA name of the city's zone: local days begin by it. */
  readonly timeZone: string
  /** Where the MQTT broker is, for the status page. */
  readonly brokerAddresses: readonly string[]
  readonly passwordCost: PasswordCost
  /** Where the built web console is; without it there, its pages lead to the status page. */
  readonly consoleFolder: string
  /** The city's rules and season: what is ranked is judged by them. */
  readonly policy: Policy
  /** What Grafana's contact point shows for itself at `/hooks/grafana`; without it there is nothing there. */
  readonly grafanaHookToken?: string | undefined
  /** Where roll-ups and signals are pushed to; without it, nowhere. */
  readonly grafanaLive?: GrafanaLiveTarget | undefined
}

/**
 * Two requests a second from each of ten consoles behind one address, and room for scripts; a flood is cut off long
 * before it costs anybody else.
 */
const requestsPerMinuteDefault = 1_200

const harbin = cityPolicies.harbin as Policy

export const apiDefaults: ApiOptions = {
  version: '0.0.0',
  secureCookies: false,
  trustProxy: false,
  openMetrics: true,
  requestsPerMinuteMax: requestsPerMinuteDefault,
  timeZone: 'Asia/Shanghai',
  brokerAddresses: [],
  consoleFolder: fileURLToPath(new URL('../console/dist', import.meta.url)),
  policy: harbin,
  // OWASP's scrypt advice for 32 MiB: one and a half of what a login may cost on one core of a small machine.
  passwordCost: { N: 2 ** 15, r: 8, p: 3 },
}
