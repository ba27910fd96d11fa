import { fileURLToPath } from 'node:url'
import type { CityClock } from '../../commands/clock.ts'
import { type Service, startService } from '../../commands/supervisor.ts'
import { losingPlatterEnv, mutantEnv } from './hooks-environment.ts'
import type { Platter } from './losing-files.ts'

export interface EdgeOptions {
  readonly data: string
  readonly clock: CityClock
  /** 0 for a free one. */
  readonly mqttPort: number
  /** Where the disk keeps what was synced; the machine's own file system when absent. */
  readonly platter?: Platter
  readonly mutant?: string
  /** InfluxDB that keeps the readings, in place of the folder. */
  readonly influxUrl?: string
  /** PostgreSQL database that is the ledger, in place of a file of the folder. */
  readonly ledgerUrl?: string
}

const hooks = fileURLToPath(new URL('./hooks.ts', import.meta.url))

/** Starts the production edge in a process of its own, with the proof's hooks loaded before it. */
export function startEdgeUnderProof(options: EdgeOptions): Service {
  const { data, clock, mqttPort, platter, mutant, influxUrl, ledgerUrl } = options
  const args = ['--data', data, '--log-level', 'silent', '--mqtt-port', String(mqttPort)]
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${hooks}` }
  if (platter) env[losingPlatterEnv] = platter.directory
  if (mutant) env[mutantEnv] = mutant
  if (influxUrl !== undefined) env.INFLUX_URL = influxUrl
  if (ledgerUrl !== undefined) env.WARMCITY_LEDGER_URL = ledgerUrl
  return startService('edge', [...args, '--websocket-port', '0', '--edge-http-port', '0'], clock.anchor(), env)
}

/** Why an edge did not start, by its stable code; undefined while nothing was said. */
export function refusalOf(service: Service): () => string | undefined {
  let code: string | undefined
  service.onMessage((message) => {
    if (message.type === 'failed') code = message.code ?? message.message
  })
  return () => code
}

/** Ends a service as a power cut or the kernel would: without a word. */
export async function kill(service: Service): Promise<void> {
  try {
    process.kill(service.pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
  await service.exited
}

export async function mqttPortOf(service: Service): Promise<number> {
  const { mqtt } = await service.ready
  if (mqtt === undefined) throw new Error('The edge listens to no MQTT')
  return Number(new URL(mqtt).port)
}
