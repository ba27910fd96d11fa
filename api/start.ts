import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { isLoopback } from '#domain/host.ts'
import { buildApp } from './app.ts'
import { type ApiDeps, type ApiOptions, apiDefaults } from './deps.ts'
import { startFactsMirror } from './facts-mirror.ts'
import { startGrafanaLive } from './grafana-live.ts'
import { openLive } from './live.ts'
import { makeMetrics } from './metrics.ts'
import { type Notifier, startNotifier } from './notify/notifier.ts'
import { publishedListReader } from './ranking/published.ts'
import { makeRanking } from './ranking/ranking.ts'
import { startSealing } from './ranking/sealing.ts'
import { metricsText } from './routes/metrics.ts'
import { openStreamFeed } from './stream-feed.ts'
import { toldSeldom } from './told-seldom.ts'

/** The stream is looked at this often even when nobody says that there is news. */
const pollMs = 1_000

export interface StartApiOptions extends Partial<ApiOptions> {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
}

export interface Api {
  /** `http://host:port`, without a slash at the end. */
  readonly address: string
  /** The ledger may have news: looks now rather than at the next poll. */
  wake(): void
  /** Ends sockets and requests, finishes what is being sent, and leaves the stores open. */
  close(): Promise<void>
}

/** Starts the whole api: HTTP, sockets, and the sending of alerts. */
export async function startApi(deps: ApiDeps, options: StartApiOptions): Promise<Api> {
  const { ledger, log } = deps
  const tellFailure = toldSeldom(log)
  const wallClock = deps.wallClock ?? Date.now
  const metrics = deps.metrics ?? makeMetrics()
  const openMetrics = options.openMetrics ?? isLoopback(options.host)
  const policy = options.policy ?? apiDefaults.policy
  const { telemetry } = deps
  const ranking = deps.ranking ?? makeRanking({ ledger, telemetry, policy, holder: `api/${randomUUID()}`, wallClock })
  const app = await buildApp({ ...deps, metrics, ranking }, { ...options, openMetrics })
  const feed = await openStreamFeed(ledger.db, {
    pollMs,
    onError: (error) => tellFailure(error, 'the stream could not be read'),
  })
  const live = openLive(app.server, { ...deps, feed, metrics, wallClock, options: { ...apiDefaults, ...options } })
  const notifier: Notifier = startNotifier({ ...deps, metrics, wallClock })
  feed.onNews(() => notifier.wake())
  const sealing = startSealing({
    rankingDays: ranking,
    clock: deps.clock,
    policy,
    onSealed: (days) => log.info({ days }, 'days were sealed for the ranking'),
    onError: (error) => tellFailure(error, 'days could not be sealed for the ranking'),
  })
  const mirror =
    deps.facts &&
    startFactsMirror({
      instance: `${hostname()}:${options.port}`,
      db: ledger.db,
      clock: deps.clock,
      policy,
      facts: deps.facts,
      readPublished: publishedListReader(ranking, wallClock),
      figuresText: () => metricsText({ ...deps, metrics }),
      onError: (error) => tellFailure(error, 'what dashboards show could not be written'),
    })
  const grafanaLive =
    options.grafanaLive &&
    startGrafanaLive({
      target: options.grafanaLive,
      feed,
      ...(deps.rollUps && { rollUps: deps.rollUps }),
      onError: (error) => tellFailure(error, 'Grafana Live could not be pushed to'),
    })
  const wake = () => {
    feed.wake().catch((error: unknown) => tellFailure(error, 'the stream could not be read'))
  }
  const listening = await ledger.listen(wake)
  await app.listen({ host: options.host, port: options.port })
  const { address, family, port } = app.server.address() as AddressInfo
  return {
    address: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    wake,
    async close() {
      await listening.close()
      await live.close()
      await sealing.close()
      await mirror?.close()
      await grafanaLive?.close()
      await Promise.all([app.close(), notifier.close()])
      await feed.close()
    },
  }
}
