import type { ClockAnchor } from '#domain/time.ts'
import type { FromChild } from './child.ts'
import { cityDateText } from './city-time.ts'
import type { CityClock } from './clock.ts'
import type { DataFolder } from './data-folder.ts'
import { showHistoryProgress } from './progress.ts'
import type { PreparedService } from './service-accounts.ts'
import type { StartValues } from './start.ts'
import { type Service, startService } from './supervisor.ts'
import type { Texts } from './texts.ts'

/** A service that keeps failing is started again ever more slowly. */
const restartFirstMs = 500
const restartMaxMs = 30_000

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
  readonly ready: Promise<Readonly<Record<string, string>>>
  /** Rejects when a service cannot be started at all. */
  readonly failed: Promise<never>
  /** Starts the simulator; resolves when the history up to `until` is in and the clock runs. */
  simulate(options: { until: number }): Promise<void>
  /** Stops in the order in which data flows: simulator, edge, api. */
  stop(): Promise<void>
}

export function startHousehold(options: HouseholdOptions): Household {
  const { values, folder, clock, texts, service } = options
  const running = new Map<string, Service>()
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  let stopping = false

  const keep = (
    name: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
    listen?: (message: FromChild) => void,
  ) => {
    let restartMs = restartFirstMs
    const begin = (): Service => {
      const started = startService(name, args, clock.anchor(), { ...process.env, ...env })
      running.set(name, started)
      if (listen) started.onMessage(listen)
      started.exited.then(({ code, signal }) => {
        if (stopping) return
        console.error(texts.serviceEnded(name, String(signal ?? code)))
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
  const edge = keep('edge', [...common, ...edgeArguments(values)], {})
  const edgeReady = edge.ready
  const api = edgeReady.then((addresses) =>
    keep('api', [...common, '--host', values.host, '--http-port', String(values.httpPort)], {
      WARMCITY_MQTT_URL: addresses.mqtt,
      WARMCITY_MQTT_SECRET: service.apiSecret,
    }),
  )
  const ready = Promise.all([edgeReady, api.then((child) => child.ready)]).then((all) => Object.assign({}, ...all))

  return {
    ready,
    failed: failed.promise,
    async simulate({ until }) {
      const { mqtt } = await edgeReady
      const from = clock.now()
      const progress = from < until ? showHistoryProgress(texts, from, until, cityDateText) : undefined
      const caughtUp = Promise.withResolvers<void>()
      const args = [...common, '--broker', mqtt ?? '', '--until', String(until), ...simulationArguments(values)]
      keep(simulator, args, {}, (message) => {
        if (message.type === 'setTime')
          void moveClock({ ...clock.anchor(), cityMs: message.cityMs, wallMs: Date.now() })
        if (message.type === 'progress') progress?.update(message.cityMs, message.readings)
        if (message.type !== 'caughtUp') return
        progress?.done()
        void moveClock(liveAnchor(clock, values.speed)).then(() => caughtUp.resolve())
      })
      await caughtUp.promise
    },
    async stop() {
      stopping = true
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

function edgeArguments(values: StartValues): string[] {
  const args = [
    ...['--host', values.host],
    ...['--mqtt-port', String(values.mqttPort)],
    ...['--websocket-port', String(values.websocketPort)],
    ...['--edge-http-port', String(values.edgeHttpPort)],
    ...['--mqtt-tls-port', String(values.mqttTlsPort)],
    ...['--city', values.city],
    ...['--retention-days', String(values.retentionDays)],
    ...['--journal-megabytes-max', String(values.journalMegabytesMax)],
  ]
  if (values.policy) args.push('--policy', values.policy)
  if (values.tlsCertificate) args.push('--tls-certificate', values.tlsCertificate)
  if (values.tlsKey) args.push('--tls-key', values.tlsKey)
  if (values.allowPlaintext) args.push('--allow-plaintext')
  return args
}

function simulationArguments(values: StartValues): string[] {
  return ['--seed', String(values.seed), '--dwellings', String(values.dwellings), '--scenario', values.scenario]
}
