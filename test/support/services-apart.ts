import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { signIn } from './http-client.ts'

/** How the commands of an installed Warmcity are run. */
export interface Installation {
  /** Node and what comes before the name of a command. */
  readonly command: readonly string[]
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
  /** As whom; without it as whoever runs this. */
  readonly user?: number
}

export interface RunningCommand {
  output(): string
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>
  /** Asks until `wanted` holds; throws when the command ends before. */
  until(wanted: () => Promise<boolean>): Promise<void>
  /** What stands in the line of the log that says this; throws when the command ends before. */
  said(message: string): Promise<Readonly<Record<string, string>>>
  /** SIGTERM, as a container engine sends it, or another signal; resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

const askAgainMs = 100

/** Starts a command by itself, without a supervisor. */
export function startCommand(
  { command, folder, environment, user }: Installation,
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): RunningCommand {
  const [program = '', ...before] = command
  const child = spawn(program, [...before, ...args], {
    cwd: folder,
    env: { ...environment, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(user !== undefined && { uid: user, gid: user }),
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  let isOver = false
  const ended = once(child, 'close').then(([code]) => {
    isOver = true
    return code as number | null
  })
  async function until(wanted: () => Promise<boolean>): Promise<void> {
    while (!(await wanted())) {
      if (isOver) throw new Error(`"${args.join(' ')}" ended:\n${output}`)
      await new Promise((resolve) => setTimeout(resolve, askAgainMs))
    }
  }
  return {
    output: () => output,
    ended,
    until,
    async said(message) {
      const line = () => output.split('\n').find((one) => one.endsWith(`"msg":${JSON.stringify(message)}}`))
      await until(async () => line() !== undefined)
      return JSON.parse(line() ?? '')
    },
    stop(signal = 'SIGTERM') {
      child.kill(signal)
      return ended
    },
  }
}

const adminPassword = 'the first password of all'

/** What the services of one city did, each started by itself as the compose file does. */
export interface ApartReport {
  /** From the start of the simulator to a reading that the API gives. */
  readonly firstReadingMs: number
  /** Exit codes after SIGTERM, by command. */
  readonly ended: Readonly<Record<'simulate' | 'api' | 'edge', number | null>>
}

/**
 * Prepares a demo city in `data`, runs edge, API and simulator beside each other with their secrets in files, waits
 * for a reading at the API, and ends them. Whoever may lose patience gives the list of what runs.
 */
export async function runServicesApart(
  installation: Installation,
  data: string,
  running: RunningCommand[] = [],
): Promise<ApartReport> {
  const secrets = { WARMCITY_MQTT_SECRET_FILE: join(data, 'api'), WARMCITY_ADMIN_PASSWORD_FILE: join(data, 'admin') }
  writeFileSync(secrets.WARMCITY_MQTT_SECRET_FILE, 'a secret that was made for the API\n')
  writeFileSync(secrets.WARMCITY_ADMIN_PASSWORD_FILE, `${adminPassword}\n`)
  const settings = { WARMCITY_DATA: data, WARMCITY_HOST: '127.0.0.1', ...secrets }
  const start = (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    startCommand(installation, args, { ...settings, ...more })

  try {
    for (const args of [['prepare'], ['prepare', '--demo', '--dwellings', '400'], ['prepare']]) {
      const prepared = start(args)
      if ((await prepared.ended) !== 0) throw new Error(`${args.join(' ')} failed:\n${prepared.output()}`)
    }
    const edge = start(['edge', '--mqtt-port', '0', '--websocket-port', '0', '--edge-http-port', '0'])
    running.push(edge)
    const { mqtt = '', edgeHttp = '' } = await edge.said('the edge serves')
    const broker = { WARMCITY_MQTT_URL: mqtt }
    const api = start(['api', '--http-port', '0'], { ...broker, WARMCITY_EDGE_URL: edgeHttp })
    running.push(api)
    const { http = '' } = await api.said('the api serves')
    const admin = await signIn(http, 'admin', adminPassword)
    const startedMs = performance.now()
    const simulate = start(['simulate', '--dwellings', '400'], broker)
    running.push(simulate)
    await simulate.until(async () => {
      const { items } = await admin.get<{ items: readonly { state: string }[] }>('/gateways')
      return items.some(({ state }) => state === 'firstReading')
    })
    const firstReadingMs = performance.now() - startedMs
    const ended = { simulate: await simulate.stop(), api: await api.stop(), edge: await edge.stop() }
    return { firstReadingMs, ended }
  } catch (error) {
    throw new Error(`The services did not run apart:\n${running.map((one) => one.output()).join('\n')}`, {
      cause: error,
    })
  } finally {
    for (const one of running) await one.stop()
  }
}
