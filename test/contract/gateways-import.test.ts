import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listAudit } from '#store/ledger/audit.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { gatewaySheetText } from '#store/ledger/gateway-sheet.ts'
import { importGateways } from '#store/ledger/gateways-import.ts'
import { loadIdentities, revokeIdentity } from '#store/ledger/mqtt-identities.ts'
import { currentRow } from '#store/ledger/registry-lookups.ts'
import { newLedger } from '../support/new-ledger.ts'
import { smallCity } from './registry-city.ts'
import { registryHands } from './registry-hands.ts'

let ledger: Ledger
let folder: string
beforeEach(async () => {
  ledger = await newLedger()
  folder = await mkdtemp(join(tmpdir(), 'gateways-'))
  await taken(smallCity())
})
afterEach(async () => {
  await ledger.close()
  await rm(folder, { recursive: true })
})

const { taken } = registryHands(() => ledger)
const broker = { host: 'mqtt.example.org', port: 8883, tls: true }
async function load(text: string) {
  const path = join(folder, 'gateways.csv')
  await writeFile(path, text)
  return importGateways(ledger, path, { broker, actor: 'command-line', now: () => 5_000_000_000 })
}
async function problems(text: string) {
  const result = await load(text)
  return result.ok ? expect.unreachable() : result.problems.map((p) => `${p.line} ${p.column}: ${p.reason}`)
}

test('each gateway gets an identity and a sheet with all that an installer needs', async () => {
  const result = await load('id,territory,name,publish\nGW-1,,,\nGW-2,qingbin,泵房,tele/+/SENSOR zigbee2mqtt/#\n')
  const sheets = result.ok ? result.sheets : expect.unreachable()
  expect(sheets.map(({ gateway }) => gateway)).toEqual(['GW-1', 'GW-2'])
  expect(sheets[1]).toMatchObject({
    url: 'mqtts://mqtt.example.org:8883',
    clientId: 'GW-2',
    userName: 'GW-2',
    publish: { readings: 'heating/v1/GW-2/readings', granted: ['tele/+/SENSOR', 'zigbee2mqtt/#'] },
    subscribe: { errors: 'heating/v1/GW-2/errors' },
  })
  const text = gatewaySheetText(sheets[1] ?? expect.unreachable())
  for (const part of ['mqtt.example.org', '8883', sheets[1]?.secret, 'mosquitto_pub', 'heating/v1/GW-2/commands']) {
    expect(text).toContain(part)
  }
  expect(await currentRow(ledger.db, 'gateway', 'GW-2')).toEqual({ id: 'GW-2', territory: 'qingbin', name: '泵房' })
  expect(await loadIdentities(ledger.db)).toMatchObject([
    { id: 'GW-1', publish: [] },
    { id: 'GW-2', publish: ['tele/+/SENSOR', 'zigbee2mqtt/#'] },
  ])
  const [entry] = await listAudit(ledger.db, {}, 1)
  expect(entry).toMatchObject({ action: 'gateway.import', detail: { gateways: ['GW-1', 'GW-2'] } })
  expect(JSON.stringify(entry)).not.toContain(sheets[0]?.secret)
})

test('all or nothing: every bad row is told by its line, and no identity is made', async () => {
  expect(
    await problems(
      'id,territory,name\nGW-9,,\nGW-8,nowhere,x\nalerts,nangang,x\n"GW 7",nangang,x\nGW-6,nangang,\nGW-6,nangang,\n',
    ),
  ).toEqual([
    '4 id: this id is a topic of the service',
    expect.stringContaining('5 id: an id has 1 to 64'),
    '7 id: the file has another row with the same id',
    '2 territory: is empty, and the registry has no gateway "GW-9" yet',
  ])
  expect(await problems('id,territory\nGW-5,nangang\nGW-8,nowhere\n')).toEqual([
    '3 territory: no territory has the id "nowhere", neither in this import nor in the registry',
  ])
  expect(await problems('gateway\nGW-1\n')).toHaveLength(2)
  expect(await problems('id\n')).toEqual(['1 : names no gateway'])
  expect(await loadIdentities(ledger.db)).toEqual([])
  expect(await currentRow(ledger.db, 'gateway', 'GW-5')).toBeUndefined()
})

test('an identity in use is not made again, a revoked one is', async () => {
  await load('id\nGW-1\n')
  expect(await problems('id\nGW-1\n')).toEqual(['2 id: "GW-1" has an identity: rotate its secret instead'])
  await ledger.write((transaction) => revokeIdentity(transaction, 'GW-1', 6_000_000_000))
  expect(await load('id\nGW-1\n')).toMatchObject({ ok: true })
})

test('two thousand gateways are made at once', async () => {
  const rows = Array.from({ length: 2000 }, (_, index) => `GW-${index + 100},xueyuan`).join('\n')
  const result = await load(`id,territory\n${rows}\n`)
  expect(result.ok && result.sheets.length).toBe(2000)
  const one = Array.from({ length: 2001 }, (_, index) => `GX-${index},xueyuan`).join('\n')
  expect(await problems(`id,territory\n${one}\n`)).toEqual(['2002 : a file makes at most 2000 gateways: divide it'])
})
