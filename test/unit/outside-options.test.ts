import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { influxOptions } from '../../commands/influx-options.ts'
import { folderOptions } from '../../commands/ledger-options.ts'
import { parseOptions } from '../../commands/options.ts'
import { outsideOptions, outsideSource } from '../../commands/outside-options.ts'

function source(args: readonly string[], env: Record<string, string> = {}) {
  const parsed = parseOptions({ ...folderOptions, ...influxOptions, ...outsideOptions }, args, env)
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'))
  return outsideSource(parsed.values)
}

test('without a URL our own broker serves; with one, the environment says who we are there', async () => {
  expect(source([])).toBeUndefined()
  expect(source(['--outside-broker='], { MQTT_URL: 'mqtt://127.0.0.1' })).toBeUndefined()
  const directory = await mkdtemp(join(tmpdir(), 'outside-options-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const file = async (name: string, text: string) => {
    await writeFile(join(directory, name), text)
    return join(directory, name)
  }
  const found = source([], {
    MQTT_URL: 'mqtts://broker.example.cn',
    MQTT_USER: 'ingest',
    MQTT_PASSWORD_FILE: await file('password', 'secret\n'),
    MQTT_CA_FILE: await file('ca.pem', 'CA'),
  })
  expect(found).toEqual({
    target: {
      url: 'mqtts://broker.example.cn',
      clientId: 'warmcity-ingest-1',
      user: 'ingest',
      password: 'secret',
      tls: { ca: 'CA', certificate: undefined, key: undefined },
    },
    share: { worker: 1, workers: 1 },
  })
})

test('credentials in the URL, half a certificate, and workers that cannot work together are refused', () => {
  const url = '--outside-broker=mqtt://127.0.0.1:1883'
  const shared = ['--ledger-url=postgres://127.0.0.1/warmcity', '--influx-url=http://127.0.0.1:8086']
  expect(() => source(['--outside-broker=mqtt://me:secret@127.0.0.1'])).toThrow(
    'credentials do not belong into the URL',
  )
  expect(() => source(['--outside-broker=http://127.0.0.1'])).toThrow('give a URL like mqtt://')
  expect(() => source([url, '--outside-certificate=c.pem'])).toThrow('come together')
  expect(() => source(['--workers=2'])).toThrow('Several workers need an outside broker')
  expect(() => source([url, '--workers=2', shared[0] ?? ''])).toThrow('Several workers need a ledger and a store')
  expect(source([url, '--worker=3', '--workers=2', ...shared])?.share).toEqual({ worker: 3, workers: 2 })
})
