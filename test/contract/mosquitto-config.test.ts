import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { hasMosquitto } from '../support/mosquitto-server.ts'

const deploy = join(import.meta.dirname, '../../deploy/mosquitto')
const password = 'a secret of the broker'

/** A Mosquitto with the settings that the compose file gives it; only its folder and port are others. */
async function startAsDeployed(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'warmcity-mosquitto-'))
  const port = await freePort()
  const passwords = join(folder, 'passwords')
  writeFileSync(passwords, '', { mode: 0o600 })
  for (const user of ['warmcity-ingest', 'warmcity-api', 'GW-1', 'GW-2']) {
    expect(spawnSync('mosquitto_passwd', ['-b', passwords, user, password]).status).toBe(0)
  }
  copyFileSync(join(deploy, 'acl'), join(folder, 'acl'))
  const settings = readFileSync(join(deploy, 'mosquitto.conf'), 'utf8')
    .replace('/run/secrets/mosquitto_passwords', passwords)
    .replaceAll(/\/mosquitto\/(config|data)\//g, `${folder}/`)
    .replace('listener 1883', `listener ${port} 127.0.0.1`)
  // Run as root, it would give its rights up for a user who cannot write into the folder.
  const path = join(folder, 'mosquitto.conf')
  writeFileSync(path, process.getuid?.() === 0 ? `${settings}\nuser root\n` : settings)
  const broker = spawn('mosquitto', ['-c', path], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(broker, 'exit')
  onTestFinished(async () => {
    broker.kill()
    await ended
    rmSync(folder, { recursive: true })
  })
  let said = ''
  for (const stream of [broker.stdout, broker.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
  }
  while (!(await isListening(port))) {
    if (broker.exitCode !== null) throw new Error(`mosquitto ended:\n${said}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return `mqtt://127.0.0.1:${port}`
}

const isListening = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

describe.skipIf(!hasMosquitto('the settings of Mosquitto in containers'))('Mosquitto as deployed', () => {
  test('takes its settings, and lets each gateway speak for itself alone', async () => {
    const url = await startAsDeployed()
    const join = async (username: string) => {
      const client = await connectAsync(url, { username, password, clientId: username, reconnectPeriod: 0 })
      onTestFinished(() => client.endAsync(true))
      return client
    }
    await expect(connectAsync(url, { reconnectPeriod: 0 })).rejects.toThrow()
    const ingest = await join('warmcity-ingest')
    const heard: string[] = []
    const last = new Promise<void>((resolve) => {
      ingest.on('message', (topic, payload) => {
        heard.push(`${topic} ${payload}`)
        if (payload.toString() === 'last') resolve()
      })
    })
    await ingest.subscribeAsync('heating/v1/+/readings', { qos: 1 })
    const gateway = await join('GW-1')
    await gateway.publishAsync('heating/v1/GW-1/readings', 'mine', { qos: 1 })
    // Mosquitto may close the connection of whoever tries this.
    const other = await join('GW-2')
    await other.publishAsync('heating/v1/GW-1/readings', 'not mine')
    await other.endAsync().catch(() => {})
    await gateway.publishAsync('heating/v1/GW-1/readings', 'last', { qos: 1 })
    await last
    expect(heard).toEqual(['heating/v1/GW-1/readings mine', 'heating/v1/GW-1/readings last'])
  })
})
