import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from './free-port.ts'
import { hasProgram } from './required-programs.ts'
import { testCertificate, testKey } from './test-certificate.ts'

const program = 'mosquitto'

/** A throw-away Mosquitto in a temporary folder; it can be stopped and started again where it was. */
export interface MosquittoServer {
  readonly port: number
  readonly url: string
  readonly pid: number
  /** Its settings from the next start on. */
  configure(settings: MosquittoSettings): void
  start(): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Stops it and removes its folder. */
  remove(): Promise<void>
}

export interface MosquittoSettings {
  /** User names and passwords; without them everybody may come in. */
  readonly users?: Readonly<Record<string, string>>
  /** Lines of an access list. */
  readonly acl?: readonly string[]
  readonly tls?: boolean
  readonly more?: readonly string[]
}

export const hasMosquitto = (suite: string): boolean => hasProgram(program, suite)

/** Starts Mosquitto as a city would run it: sessions are kept over a restart, and queues have no bound. */
export async function startMosquitto(settings: MosquittoSettings = {}): Promise<MosquittoServer> {
  const directory = await mkdtemp(join(tmpdir(), 'mosquitto-'))
  const port = await freePort()
  let using = settings
  let child: ChildProcess | undefined

  async function start(): Promise<void> {
    const path = join(directory, 'mosquitto.conf')
    await writeFile(path, await configuration(directory, port, using))
    const begun = spawn(program, ['-c', path], { stdio: ['ignore', 'ignore', 'pipe'] })
    child = begun
    let text = ''
    begun.stderr.on('data', (chunk: Buffer) => {
      if (text.length < 100_000) text += chunk
    })
    await Promise.race([
      untilListening(port),
      once(begun, 'exit').then(([code]) => {
        throw new Error(`mosquitto ended with ${code} before it served:\n${text}`)
      }),
    ])
  }

  async function stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const running = child
    child = undefined
    if (running === undefined || running.exitCode !== null) return
    const ended = once(running, 'exit')
    running.kill(signal)
    await ended
  }

  await start()
  return {
    port,
    url: `${settings.tls ? 'mqtts' : 'mqtt'}://127.0.0.1:${port}`,
    get pid() {
      return child?.pid ?? 0
    },
    configure(next) {
      using = next
    },
    start,
    stop,
    async remove() {
      await stop('SIGKILL')
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function configuration(directory: string, port: number, settings: MosquittoSettings): Promise<string> {
  const { users, acl, tls, more = [] } = settings
  const file = (name: string) => join(directory, name)
  const lines = [
    `listener ${port} 127.0.0.1`,
    'persistence true',
    `persistence_location ${directory}/`,
    'max_queued_messages 0',
    `allow_anonymous ${users === undefined}`,
    ...more,
  ]
  // Run as root, it would give its rights up for a user who cannot write into the folder.
  if (process.getuid?.() === 0) lines.push('user root')
  if (users) {
    await writeFile(file('passwords'), '', { mode: 0o600 })
    for (const [user, password] of Object.entries(users)) {
      spawnSync('mosquitto_passwd', ['-b', file('passwords'), user, password])
    }
    lines.push(`password_file ${file('passwords')}`)
  }
  if (acl) {
    await writeFile(file('acl'), `${acl.join('\n')}\n`, { mode: 0o600 })
    lines.push(`acl_file ${file('acl')}`)
  }
  if (tls) {
    await writeFile(file('server.crt'), testCertificate)
    await writeFile(file('server.key'), testKey, { mode: 0o600 })
    lines.push(`certfile ${file('server.crt')}`, `keyfile ${file('server.key')}`)
  }
  return `${lines.join('\n')}\n`
}

const pollMs = 20
const pollsMax = 500

async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; attempt < pollsMax; attempt++) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.destroy()
    if (isOpen) return
    await pause(pollMs)
  }
  throw new Error('mosquitto does not listen')
}
