import type { ClockAnchor } from '#domain/time.ts'
import type { FromChild } from './child.ts'
import { cityDateText } from './city-time.ts'
import type { CityClock } from './clock.ts'
import type { DataFolder } from './data-folder.ts'
import { influxArguments } from './influx-options.ts'
import { ledgerArguments } from './ledger-options.ts'
import { type HistoryProgress, showHistoryProgress } from './progress.ts'
import type { PreparedService } from './service-accounts.ts'
import type { StartValues } from './start.ts'
import { type Service, startService } from './supervisor.ts'
import type { Texts } from './texts.ts'

/** A service that keeps failing is started again ever more slowly. */
const restartFirstMs = 500
const restartMaxMs = 30_000
/** After a life this long the next failure is a new one. */
const healthyMs = 60_000

const simulator = 'simulate'

interface HouseholdOptions {
  readonly values: StartValues
  readonly folder: DataFolder
  readonly clock: CityClock
  readonly texts: Texts
  readonly service: PreparedService
}

/** The services of one machine, kept running together. */
export interface Household {
  /** Resolves with all addresses; rejects when a service cannot be started. */
  readonly ready: Promise<Readonly<Record<string, string>>>
  /**
   * Starts the simulator as soon as there is a broker; resolves when the history up to `until` is in and the clock
   * runs. Progress is shown from when all services are ready. Rejects with `ready`.
   */
  simulate(options: { until: number }): Promise<void>
  /** Stops in the order in which data flows: simulator, edge, api. */
  stop(): Promise<void>
}

export function startHousehold(options: HouseholdOptions): Household {
  const { values, folder, clock, texts, service } = options
  const running = new Map<string, Service>()
  let stopping = false
  let progress: HistoryProgress | undefined

  const keep = (name: string, args: () => string[], env: NodeJS.ProcessEnv, listen?: (message: FromChild) => void) => {
    let restartMs = restartFirstMs
    const begin = (): Service => {
      const begunMs = performance.now()
      const started = startService(name, args(), clock.anchor(), { ...process.env, ...env })
      running.set(name, started)
      if (listen) started.onMessage(listen)
      started.exited.then(({ code, signal }) => {
        if (stopping) return
        console.error(texts.serviceEnded(name, String(signal ?? code)))
        if (performance.now() - begunMs > healthyMs) restartMs = restartFirstMs
        setTimeout(() => stopping || begin(), restartMs)
        restartMs = Math.min(restartMs * 2, restartMaxMs)
      })
      return started
    }
    return begin()
  }

  const moveClock = async (anchor: ClockAnchor) => {
    clock.setAnchor(anchor)
    const { [simulator]: city, ...services } = Object.fromEntries(running)
    await Promise.all(Object.values(services).map((child) => child.setClock(anchor)))
    // Last, because it publishes as soon as it knows: nothing may come from a time that the edge has not reached.
    await city?.setClock(anchor)
  }

  const common = ['--data', folder.path, '--log-level', values.logLevel]
  const serving = [...common, ...ledgerArguments(values)]
  // A service that is started again must come back where the others know it, also when any free port was asked for.
  let known: Readonly<Record<string, string>> = {}
  const edge = keep('edge', () => [...serving, ...edgeArguments(values, known)], {})
  const edgeReady = edge.ready
  const api = edgeReady.then((addresses) =>
    keep('api', () => [...serving, ...apiArguments(values, known)], {
      WARMCITY_MQTT_URL: addresses.mqtt,
      WARMCITY_MQTT_SECRET: service.apiSecret,
      WARMCITY_EDGE_URL: addresses.edgeHttp,
    }),
  )
  const ready = Promise.all([edgeReady, api.then((child) => child.ready)]).then((all) => {
    known = Object.assign({}, ...all)
    return known
  })

  return {
    ready,
    async simulate({ until }) {
      const { mqtt } = await edgeReady
      const from = clock.now()
      let isBannerShown = false
      const shown = ready.then(() => {
        isBannerShown = true
      })
      const caughtUp = Promise.withResolvers<void>()
      const args = [...common, '--broker', mqtt ?? '', '--until', String(until), ...simulationArguments(values)]
      keep(
        simulator,
        () => args,
        {},
        (message) => {
          if (message.type === 'setTime')
            void moveClock({ ...clock.anchor(), cityMs: message.cityMs, wallMs: Date.now() })
          if (message.type === 'progress' && isBannerShown && from < until) {
            progress ??= showHistoryProgress(texts, from, until, cityDateText)
            progress.update(message.cityMs, message.samples)
          }
          if (message.type !== 'caughtUp') return
          progress?.done()
          progress = undefined
          void moveClock(liveAnchor(clock, values.speed)).then(() => caughtUp.resolve())
        },
      )
      await Promise.all([caughtUp.promise, shown])
    },
    async stop() {
      stopping = true
      // A bar that goes on being drawn would write over what follows, and keep the process alive.
      progress?.done()
      console.error(texts.stopping)
      for (const name of [simulator, 'edge', 'api']) await running.get(name)?.stop()
    },
  }
}

const liveAnchor = (clock: CityClock, speed: number): ClockAnchor => ({
  cityMs: clock.now(),
  wallMs: Date.now(),
  speed,
  simulated: true,
  catchingUp: false,
})

/** The port that a service had, or the one that was asked for. */
const port = (address: string | undefined, asked: number) => (address ? new URL(address).port : String(asked))

function edgeArguments(values: StartValues, known: Readonly<Record<string, string>>): string[] {
  const args = [
    ...['--host', values.host],
    // A broker of the same machine that the environment names for others is not asked for: here ours serves.
    '--outside-broker=',
    ...['--mqtt-port', port(known.mqtt, values.mqttPort)],
    ...['--websocket-port', port(known.websocket, values.websocketPort)],
    ...['--edge-http-host', values.edgeHttpHost],
    ...['--edge-http-port', port(known.edgeHttp, values.edgeHttpPort)],
    ...['--mqtt-tls-port', port(known.mqttTls, values.mqttTlsPort)],
    ...['--websocket-tls-port', port(known.secureWebsocket, values.websocketTlsPort)],
    ...['--city', values.city],
    ...['--retention-days', String(values.retentionDays)],
    ...['--journal-megabytes-max', String(values.journalMegabytesMax)],
    ...influxArguments(values),
  ]
  if (values.policy) args.push('--policy', values.policy)
  if (values.tlsCertificate) args.push('--tls-certificate', values.tlsCertificate)
  if (values.tlsKey) args.push('--tls-key', values.tlsKey)
  if (values.allowPlaintext) args.push('--allow-plaintext')
  return args
}

function apiArguments(values: StartValues, known: Readonly<Record<string, string>>): string[] {
  const args = ['--host', values.host, '--http-port', port(known.http, values.httpPort), '--city', values.city]
  if (values.policy) args.push('--policy', values.policy)
  return [...args, ...influxArguments(values)]
}

function simulationArguments(values: StartValues): string[] {
  return ['--seed', String(values.seed), '--dwellings', String(values.dwellings), '--scenario', values.scenario]
}
