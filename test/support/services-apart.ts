import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
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
  return {
    output: () => output,
    ended,
    async until(wanted) {
      while (!(await wanted())) {
        if (isOver) throw new Error(`"${args.join(' ')}" ended:\n${output}`)
        await new Promise((resolve) => setTimeout(resolve, askAgainMs))
      }
    },
    stop(signal = 'SIGTERM') {
      child.kill(signal)
      return ended
    },
  }
}

/** Ports that were free a moment ago: services that run apart have to know each other's beforehand. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
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
  const [mqttPort = 0, edgeHttpPort = 0, httpPort = 0] = await freePorts(3)
  const secrets = { WARMCITY_MQTT_SECRET_FILE: join(data, 'api'), WARMCITY_ADMIN_PASSWORD_FILE: join(data, 'admin') }
  writeFileSync(secrets.WARMCITY_MQTT_SECRET_FILE, 'a secret that was made for the API\n')
  writeFileSync(secrets.WARMCITY_ADMIN_PASSWORD_FILE, `${adminPassword}\n`)
  const settings = { WARMCITY_DATA: data, WARMCITY_HOST: '127.0.0.1', ...secrets }
  const start = (args: readonly string[], more: Readonly<Record<string, string | number>> = {}) =>
    startCommand(installation, args, {
      ...settings,
      ...Object.fromEntries(Object.entries(more).map(([name, value]) => [name, String(value)])),
    })

  const mqtt = { WARMCITY_MQTT_URL: `mqtt://127.0.0.1:${mqttPort}` }
  const edgeUrl = `http://127.0.0.1:${edgeHttpPort}`
  try {
    for (const args of [['prepare'], ['prepare', '--demo', '--dwellings', '40'], ['prepare']]) {
      const prepared = start(args)
      if ((await prepared.ended) !== 0) throw new Error(`${args.join(' ')} failed:\n${prepared.output()}`)
    }
    const ports = { WARMCITY_MQTT_PORT: mqttPort, WARMCITY_WEBSOCKET_PORT: 0, WARMCITY_EDGE_HTTP_PORT: edgeHttpPort }
    const edge = start(['edge'], ports)
    running.push(edge)
    await edge.until(() => isWell(edgeUrl))
    const api = start(['api'], { ...mqtt, WARMCITY_HTTP_PORT: httpPort, WARMCITY_EDGE_URL: edgeUrl })
    running.push(api)
    const base = `http://127.0.0.1:${httpPort}`
    await api.until(() => isWell(base))
    const admin = await signIn(base, 'admin', adminPassword)
    const startedMs = performance.now()
    const simulate = start(['simulate', '--dwellings', '40'], mqtt)
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

/** Whether the service answers that it lives. */
export const isWell = (base: string) =>
  fetch(`${base}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  )
