import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Refusal } from '#domain/identity.ts'
import { commissioningList } from '#store/ledger/commissioning.ts'
import { importGateways } from '#store/ledger/gateways-import.ts'
import { loadIdentities } from '#store/ledger/mqtt-identities.ts'
import { recordPresence } from '#store/ledger/presence.ts'
import { listQuarantine } from '#store/ledger/quarantine.ts'
import { requestReplay } from '#store/ledger/quarantine-replay.ts'
import { listRefusals, recordRefusals } from '#store/ledger/refusals.ts'
import { brokerHarness } from '../support/broker-harness.ts'
import { makeWorld, receivedAt, startPipeline } from '../support/pipeline-harness.ts'
import { importSmallRegistry, registryBeginning } from '../support/small-registry.ts'

const count = 300
const ids = Array.from({ length: count }, (_, index) => `Z-${String(index + 1).padStart(3, '0')}`)
const wrongSecret = ids.slice(0, 3)
const wrongTopic = ids.slice(3, 6)
const wrongField = ids.slice(6, 8)
const wrongAddress = ids.slice(8, 10)
const good = ids.slice(10)
const probeOf = (gateway: string) => `P-${gateway}`
const clock = { now: () => receivedAt }

test('of 300 gateways from a CSV file the ten that are set up wrong are told apart, and mended mappings give readings', async () => {
  const world = await makeWorld()
  onTestFinished(() => world.remove())
  const { ledger } = world
  await importSmallRegistry(ledger)

  const file = join(world.directory, 'gateways.csv')
  const rows = ids.map((id) => `${id},nangang-estate,zigbee2mqtt/${id}/#`)
  await writeFile(file, ['id,territory,publish', ...rows].join('\n'))
  const broker = { host: '127.0.0.1', port: 1883, tls: false }
  const made = await importGateways(ledger, file, { broker, actor: 'test', now: clock.now })
  if (!made.ok) throw new Error(JSON.stringify(made.problems))
  const secretOf = new Map(made.sheets.map(({ gateway, secret }) => [gateway, secret]))

  const field = { field: 'temperature', metric: 'indoor_temperature_c' }
  await importSmallRegistry(ledger, {
    payload_mapping: [
      { id: 'zigbee', format: 'zigbee2mqtt' },
      { id: 'wrong', format: 'zigbee2mqtt' },
    ],
    payload_field: [
      { mapping: 'zigbee', ...field },
      { mapping: 'wrong', ...field, field: 'temp' },
    ],
    device: ids.map((id) => ({ id: probeOf(id), kind: 'probe' })),
    device_period: ids.map((gateway) => ({
      device: probeOf(gateway),
      gateway,
      place_kind: 'district',
      place: 'nangang',
      valid_from: registryBeginning,
      sampling_interval_s: 600,
      reporting_interval_s: 600,
    })),
    foreign_topic: ids.map((gateway) => ({
      gateway,
      topic: `zigbee2mqtt/${gateway}/#`,
      mapping: wrongField.includes(gateway) ? 'wrong' : 'zigbee',
    })),
    foreign_device: ids.map((gateway) => ({
      gateway,
      address: wrongAddress.includes(gateway) ? 'bedroom' : 'living room',
      device: probeOf(gateway),
      valid_from: registryBeginning,
    })),
  })

  const run = await startPipeline(world)
  const refusals: Refusal[] = []
  const service = await brokerHarness(
    { sink: run.journal, clock, onRefusal: (refusal) => refusals.push(refusal) },
    await loadIdentities(ledger.db),
  )
  await Promise.all(
    ids.map(async (id) => {
      const password = wrongSecret.includes(id) ? 'mistyped' : secretOf.get(id)
      const client = await service.client(id, { password }).catch(() => undefined)
      const topic = wrongTopic.includes(id)
        ? `zigbee2mqtt/${id.toLowerCase()}/living room`
        : `zigbee2mqtt/${id}/living room`
      const state = { temperature: 20.5, last_seen: new Date(receivedAt - 1_000).toISOString() }
      await client?.publishAsync(topic, JSON.stringify(state), { qos: 1 })
    }),
  )
  await run.settle()
  await service.close()
  await ledger.write(async (transaction) => {
    await recordRefusals(transaction, refusals)
    await recordPresence(transaction, service.presences)
  })

  const stateOf = async () =>
    new Map(
      (await commissioningList(ledger.db, { limit: 1_000 }))
        .filter(({ gateway }) => ids.includes(gateway))
        .map((entry) => [entry.gateway, entry]),
    )
  const before = await stateOf()
  const inState = (state: string) =>
    [...before.values()].filter((entry) => entry.state === state).map((entry) => entry.gateway)
  expect(before.size).toBe(count)
  expect(inState('firstReading')).toEqual(good)
  expect(inState('neverSeen')).toEqual(wrongSecret)
  expect(inState('connected')).toEqual(wrongTopic)
  expect(inState('quarantined')).toEqual([...wrongField, ...wrongAddress])

  const reasons = (some: readonly { clientId: string; reason: string }[]) =>
    some.map(({ clientId, reason }) => `${clientId} ${reason}`).toSorted()
  expect(reasons(await listRefusals(ledger.db, { limit: 100 }))).toEqual([
    ...wrongSecret.map((id) => `${id} wrong_secret`),
    ...wrongTopic.map((id) => `${id} topic_not_own`),
  ])
  const waiting = await listQuarantine(ledger.db, {}, { limit: 100 })
  expect(waiting.map(({ gateway, problems }) => `${gateway} ${problems[0]?.code}`).toSorted()).toEqual([
    ...wrongField.map((id) => `${id} field_not_mapped`),
    ...wrongAddress.map((id) => `${id} device_not_mapped`),
  ])

  await importSmallRegistry(ledger, {
    foreign_topic: wrongField.map((gateway) => ({ gateway, topic: `zigbee2mqtt/${gateway}/#`, mapping: 'zigbee' })),
    foreign_device: wrongAddress.map((gateway) => ({
      gateway,
      address: 'living room',
      device: probeOf(gateway),
      valid_from: registryBeginning,
    })),
  })
  await expect.poll(() => run.messagesOf('registryVersion').length).toBeGreaterThan(0)
  const request = { actor: 'test', now: receivedAt + 60_000 }
  await ledger.write((transaction) =>
    requestReplay(
      transaction,
      waiting.map(({ id }) => id),
      request,
    ),
  )
  await expect.poll(() => run.counters().quarantine_sentAgain).toBe(waiting.length)
  await run.settle()
  const after = await stateOf()
  for (const id of [...wrongField, ...wrongAddress]) expect(after.get(id)?.state).toBe('firstReading')
  expect(run.counters()).toMatchObject({ telemetry_stored: good.length + waiting.length, telemetry_repeats: 0 })
  await run.stop()
}, 60_000)

test('a publish with QoS 0 is stored and counted apart', async () => {
  const service = await brokerHarness()
  const client = await service.client('G1')
  await client.publishAsync('heating/v1/G1/readings', '{}', { qos: 0 })
  await client.publishAsync('heating/v1/G1/readings', '{}', { qos: 1 })
  expect(service.sink.deliveries.map(({ qos }) => qos)).toEqual([0, 1])
  expect(service.broker.counters()).toMatchObject({ deliveriesReceived: 2, deliveriesWithoutPromise: 1 })
})
