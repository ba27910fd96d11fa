import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { dayMs, minuteMs } from '#domain/time.ts'
import { type City, makeCity } from '../simulators/city.ts'
import { type Runner, startRunner } from '../simulators/runner.ts'
import { coldWaveInFiveMinutes, demoFaults, rareFaults } from '../simulators/scenarios.ts'
import { type Simulation, simulateCity } from '../simulators/simulate.ts'
import { serve, tellSupervisor } from './child.ts'
import { type CityClock, inheritedAnchor, makeCityClock } from './clock.ts'
import { defineCommand, exitCode } from './command.ts'
import { dataOption, logLevelOption } from './common-options.ts'
import { dataFolder } from './data-folder.ts'
import { demoOpeningMs, readDemo } from './demo.ts'
import { makeLogger } from './log.ts'
import type { OptionValues } from './options.ts'
import { simulationOptions } from './simulation-options.ts'

/**
 * A step of history: as long as a gateway gathers samples, and well within what counts as on time, so that history
 * is in order and nobody's backlog.
 */
const historyStepMs = 10 * minuteMs
/** Rare faults are drawn for this long ahead; a simulation that runs longer goes on in good health. */
const rareFaultsMs = 60 * dayMs

const options = {
  data: dataOption,
  broker: {
    env: 'WARMCITY_MQTT_URL',
    default: 'mqtt://127.0.0.1:1883',
    schema: z.url({ protocol: /^(mqtts?|wss?)$/, error: 'give a URL like mqtt://host:1883, mqtts://… or ws://…' }),
    placeholder: 'URL',
    help: 'broker to publish to',
  },
  secrets: {
    env: 'WARMCITY_GATEWAY_SECRETS',
    schema: z.string().min(1),
    placeholder: 'FILE',
    help: 'JSON object of gateway secrets by gateway id; without it those of the demo in the data folder',
  },
  until: {
    env: 'WARMCITY_HISTORY_UNTIL',
    schema: z.coerce.number().int(),
    placeholder: 'MS',
    help: 'city time in epoch milliseconds up to which history is published first',
  },
  truth: {
    env: 'WARMCITY_GROUND_TRUTH',
    schema: z.string().min(1),
    placeholder: 'FILE',
    help: 'write what really went wrong to this JSON file',
  },
  ...simulationOptions,
  logLevel: logLevelOption,
}

export const simulate = defineCommand({
  name: 'simulate',
  summary: 'A simulated city that publishes to any broker as its gateways would',
  options,
  async run(values) {
    const clock = makeCityClock(inheritedAnchor(process.env))
    const log = makeLogger('simulator', values.logLevel, clock)
    const secrets = readSecrets(values)
    if (secrets === undefined) {
      console.error('warmcity simulate: no gateway secrets: give --secrets FILE, or --data with a demo city in it')
      return exitCode.usage
    }
    const city = makeCity(values)
    const from = clock.now()
    const opensAt = clock.anchor().simulated ? demoOpeningMs : from
    const simulation = simulateCity(city, { from, faults: faultsOf(city, opensAt, from, values) })
    if (values.truth) writeFileSync(values.truth, `${JSON.stringify(simulation.truth(), null, 2)}\n`)
    const runner = await startRunner({
      city,
      simulation,
      brokerUrl: values.broker,
      secretOf: (gateway) => secrets[gateway] ?? '',
      onProblem: (gateway, { message }) => log.warn({ gateway, reason: message }, 'a simulated gateway is kept away'),
    })
    tellSupervisor({ type: 'ready', addresses: {} })
    const stopping = new AbortController()
    const running = publish(runner, simulation, clock, values.until, stopping.signal)
    return serve(clock, async () => {
      stopping.abort()
      await running
      await runner.stop()
    })
  },
})

async function publish(
  runner: Runner,
  simulation: Simulation,
  clock: CityClock,
  until: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  const from = clock.now()
  if (until !== undefined && from < until) {
    await runner.catchUp({
      from,
      to: until,
      stepMs: historyStepMs,
      signal,
      setTime: (at) => setCityTime(clock, at),
      onProgress: ({ at, deliveries, samples }) =>
        tellSupervisor({ type: 'progress', cityMs: at, deliveries, samples }),
    })
  }
  if (signal.aborted) return
  const live = new Promise<void>((resolve) => clock.onMoved(() => resolve()))
  tellSupervisor({ type: 'caughtUp' })
  if (process.connected && clock.anchor().catchingUp) await Promise.race([live, aborted(signal)])
  simulation.gather(0)
  await runner.live(clock, signal)
}

/** Asks the supervisor to move the city's clock; resolves when this process, the last to hear of it, has been told. */
function setCityTime(clock: CityClock, cityMs: number): Promise<void> {
  const moved = new Promise<void>((resolve) => {
    const forget = clock.onMoved((anchor) => {
      if (anchor.cityMs < cityMs) return
      forget()
      resolve()
    })
  })
  tellSupervisor({ type: 'setTime', cityMs })
  return moved
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))

function readSecrets(values: OptionValues<typeof options>): Readonly<Record<string, string>> | undefined {
  if (values.secrets === undefined) return readDemo(dataFolder(values.data))?.gateways
  if (!existsSync(values.secrets)) return undefined
  return z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(values.secrets, 'utf8')))
}

/** `opensAt`: when people begin to watch; some faults are over by then, some last, some are to come. */
function faultsOf(city: City, opensAt: number, now: number, values: OptionValues<typeof options>) {
  const faults = [...demoFaults(city, opensAt), ...rareFaults(city, opensAt, opensAt + rareFaultsMs)]
  const liveFrom = Math.max(now, values.until ?? now)
  return values.scenario === 'cold-wave' ? [...faults, ...coldWaveInFiveMinutes(city, liveFrom).faults] : faults
}
