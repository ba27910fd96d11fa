import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasProgram } from './required-programs.ts'

/** Debian's package is called influxdb. */
const program = 'influxd'

/** A throw-away InfluxDB 1 in a temporary folder; it can be stopped and started again where it was. */
export interface Influxd {
  readonly url: string
  readonly pid: number
  start(): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Stops it and removes its folder. */
  remove(): Promise<void>
}

/** True where a suite can have an InfluxDB: the one that INFLUX_URL names, or one of its own. */
export function hasInflux(suite: string): boolean {
  return process.env.INFLUX_URL !== undefined || hasProgram(program, suite)
}

/** Settings of the [data] section, as a test needs them. */
export type InfluxdSettings = Readonly<Record<string, string | number>>

/** Starts Debian's influxd; resolves when it serves. The port is free at first and stays the same afterwards. */
export async function startInfluxd(settings: InfluxdSettings = {}): Promise<Influxd> {
  const directory = await mkdtemp(join(tmpdir(), 'influxd-'))
  let child: ChildProcess | undefined
  let address = '127.0.0.1:0'

  async function start(): Promise<void> {
    const path = join(directory, 'influxdb.conf')
    await writeFile(path, configuration(directory, address, settings))
    const begun = spawn(program, ['run', '-config', path], { stdio: ['ignore', 'ignore', 'pipe'] })
    child = begun
    address = await new Promise((resolve, reject) => {
      let text = ''
      begun.stderr.on('data', (chunk: Buffer) => {
        if (text.length > 100_000) return
        text += chunk
        const listening = /Listening on HTTP.* addr=(\S+)/.exec(text)?.[1]
        if (listening !== undefined) resolve(listening)
      })
      begun.once('error', reject)
      begun.once('exit', (code) => reject(new Error(`influxd ended with ${code} before it served:\n${text}`)))
    })
  }

  async function stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const running = child
    child = undefined
    if (running === undefined || running.exitCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill(signal)
    await ended
  }

  await start()
  return {
    get url() {
      return `http://${address}`
    },
    get pid() {
      return child?.pid ?? 0
    },
    start,
    stop,
    async remove() {
      await stop('SIGKILL')
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function configuration(directory: string, address: string, settings: InfluxdSettings): string {
  const data = {
    'index-version': 'tsi1',
    dir: join(directory, 'data'),
    'wal-dir': join(directory, 'wal'),
    'query-log-enabled': false,
    ...settings,
  }
  return [
    'reporting-disabled = true',
    'bind-address = "127.0.0.1:0"',
    `[meta]\ndir = "${join(directory, 'meta')}"`,
    `[data]\n${Object.entries(data)
      .map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
      .join('\n')}`,
    `[http]\nbind-address = "${address}"\nlog-enabled = false`,
    '[monitor]\nstore-enabled = false',
    '[logging]\nlevel = "info"\nformat = "logfmt"',
  ].join('\n')
}
