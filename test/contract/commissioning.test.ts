import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Presence, Refusal } from '#domain/identity.ts'
import { commissioningList, recordFirstReadings, unassignedDevices } from '#store/ledger/commissioning.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { createIdentity } from '#store/ledger/mqtt-identities.ts'
import { presenceChanges, readPresence, recordPresence } from '#store/ledger/presence.ts'
import { quarantineDeliveries } from '#store/ledger/quarantine.ts'
import { listRefusals, recordRefusals, refusalTotal } from '#store/ledger/refusals.ts'
import { newLedger } from '../support/new-ledger.ts'
import { seasonStart, smallCity } from './registry-city.ts'
import { registryHands } from './registry-hands.ts'

let ledger: Ledger
beforeEach(async () => {
  ledger = await newLedger()
})
afterEach(() => ledger.close())
const { taken } = registryHands(() => ledger)

const refusal = (at: number, more: Partial<Refusal> = {}): Refusal => ({
  at,
  clientId: 'GW-1',
  address: '10.0.0.7',
  action: 'connect',
  reason: 'wrong_secret',
  ...more,
})
const presence = (id: string, state: Presence['state'], at: number): Presence => ({
  at,
  id,
  state,
  address: '10.0.0.7',
  cause: state === 'online' ? 'connect' : 'connection_lost',
})
const refused = (some: Refusal[]) => ledger.write((transaction) => recordRefusals(transaction, some))
const changed = (some: Presence[]) => ledger.write((transaction) => recordPresence(transaction, some))

test('refusals: the newest of each client are kept, all are counted', async () => {
  for (let round = 0; round < 4; round += 1) {
    await refused(Array.from({ length: 20 }, (_, index) => refusal(1000 + round * 20 + index)))
  }
  await refused([refusal(5000, { clientId: 'stranger', action: 'publish', topic: 'a/b', reason: 'topic_not_own' })])
  expect(await refusalTotal(ledger.db, 'GW-1')).toBe(80)
  expect(await refusalTotal(ledger.db, 'nobody')).toBe(0)
  const kept = await listRefusals(ledger.db, { clientId: 'GW-1', limit: 500 })
  expect(kept).toHaveLength(50)
  expect([kept[0]?.at, kept.at(-1)?.at]).toEqual([1079, 1030])

  const all = []
  let before: { at: number; clientId: string; number: number } | undefined
  for (;;) {
    const page = await listRefusals(ledger.db, { before, limit: 7 })
    all.push(...page)
    before = page.at(-1)
    if (page.length < 7) break
  }
  expect(all[0]).toMatchObject({ clientId: 'stranger', topic: 'a/b', reason: 'topic_not_own', action: 'publish' })
  expect(all).toHaveLength(51)
})

test('refusals: strangers with made-up ids do not fill the ledger, and those who are quiet go first', async () => {
  await refused([refusal(1, { clientId: 'quiet' }), refusal(2, { clientId: 'x'.repeat(5000) })])
  for (let start = 0; start < 10_050; start += 1_005) {
    await refused(
      Array.from({ length: 1_005 }, (_, index) => refusal(10 + start + index, { clientId: `c${start + index}` })),
    )
  }
  const { clients } = await ledger.db
    .selectFrom('refusal_client')
    .select((expression) => expression.fn.countAll<number>().as('clients'))
    .executeTakeFirstOrThrow()
  expect(clients).toBe(10_000)
  expect(await listRefusals(ledger.db, { clientId: 'quiet', limit: 1 })).toEqual([])
  expect(await refusalTotal(ledger.db, 'c10049')).toBe(1)
})

test('presence: a whole city at once, each with its own history', async () => {
  const city = Array.from({ length: 1_200 }, (_, number) => presence(`C-${number}`, 'online', number))
  const restless = Array.from({ length: 150 }, (_, at) => presence('R', at % 2 === 0 ? 'online' : 'offline', at))
  await changed([...city, ...restless])
  await changed([
    presence('R', 'online', 150),
    ...city.map((one) => ({ ...one, at: one.at + 1, state: 'offline' as const })),
  ])
  for (const number of [0, 499, 500, 1_199]) {
    expect(await readPresence(ledger.db, `C-${number}`)).toMatchObject({
      ...{ state: 'offline', at: number + 1, firstOnlineAt: number, changes: 2 },
    })
    expect((await presenceChanges(ledger.db, `C-${number}`)).map(({ at }) => at)).toEqual([number + 1, number])
  }
  expect(await readPresence(ledger.db, 'R')).toMatchObject({ state: 'online', changes: 151, firstOnlineAt: 0 })
  expect((await presenceChanges(ledger.db, 'R')).map(({ at }) => at)).toEqual(
    Array.from({ length: 100 }, (_, index) => 150 - index),
  )
})

test('presence: the newest state, since when it was first there, and a bounded history', async () => {
  await changed([presence('GW-1', 'offline', 1)])
  expect(await readPresence(ledger.db, 'GW-1')).toMatchObject({ state: 'offline', firstOnlineAt: undefined })
  for (let at = 2; at < 300; at += 2)
    await changed([presence('GW-1', 'online', at), presence('GW-1', 'offline', at + 1)])
  expect(await readPresence(ledger.db, 'GW-1')).toMatchObject({
    state: 'offline',
    at: 299,
    firstOnlineAt: 2,
    changes: 299,
  })
  const changes = await presenceChanges(ledger.db, 'GW-1')
  expect(changes).toHaveLength(100)
  expect(changes[0]).toEqual(presence('GW-1', 'offline', 299))
  expect(await readPresence(ledger.db, 'nobody')).toBeUndefined()
})

test('commissioning: how far each gateway has come, and what stands in its way', async () => {
  const city = smallCity()
  const gateway = ['never', 'online', 'bad', 'reads'].map((id) => ({ id, territory: 'xueyuan', name: id }))
  await taken({ ...city, gateway: [...city.gateway, ...gateway] })
  await ledger.write(async (transaction) => {
    for (const id of ['never', 'online', 'bad', 'reads', 'unregistered']) {
      await createIdentity(transaction, { id, kind: 'gateway' }, 1)
    }
    await createIdentity(transaction, { id: 'service', kind: 'service' }, 1)
    await recordPresence(
      transaction,
      ['online', 'bad', 'reads'].map((id) => presence(id, 'online', 10)),
    )
    await recordRefusals(transaction, [refusal(9, { clientId: 'never' }), refusal(11, { clientId: 'never' })])
    await recordFirstReadings(transaction, [
      { device: 'P-1', gateway: 'reads', at: 20 },
      { device: 'P-new', gateway: 'reads', at: 21 },
    ])
    await quarantineDeliveries(transaction, [
      {
        position: 5,
        receivedAt: 30,
        gateway: 'bad',
        topic: 't',
        payload: Buffer.from('x'),
        storedReadings: 0,
        problems: [{ code: 'not_json', path: '$', detail: '' }],
      },
    ])
  })
  const all = await commissioningList(ledger.db, { limit: 100 })
  expect(all.map(({ gateway, state, hasIdentity, territory }) => [gateway, state, hasIdentity, territory])).toEqual([
    ['GW-1', 'neverSeen', false, 'xueyuan'],
    ['bad', 'quarantined', true, 'xueyuan'],
    ['never', 'neverSeen', true, 'xueyuan'],
    ['online', 'connected', true, 'xueyuan'],
    ['reads', 'firstReading', true, 'xueyuan'],
    ['unregistered', 'neverSeen', true, undefined],
  ])
  const of = (id: string) => all.find((entry) => entry.gateway === id)
  expect(of('reads')).toMatchObject({ firstReadingAt: 20, devicesSeen: 2, online: true, firstOnlineAt: 10 })
  expect(of('bad')).toMatchObject({ quarantined: 1, lastQuarantinedAt: 30 })
  expect(of('never')).toMatchObject({ refused: 2, lastRefusedAt: 11, online: false })
  expect((await commissioningList(ledger.db, { after: 'online', limit: 1 })).map(({ gateway }) => gateway)).toEqual([
    'reads',
  ])
})

test('devices that stand nowhere are listed until they are given a place', async () => {
  await taken(smallCity())
  await ledger.write((transaction) =>
    recordFirstReadings(transaction, [
      { device: 'P-1', gateway: 'GW-1', at: seasonStart },
      { device: 'P-2', gateway: 'GW-1', at: seasonStart + 5 },
      { device: 'P-2', gateway: 'GW-2', at: seasonStart + 9 },
    ]),
  )
  const unassigned = (at: number) => unassignedDevices(ledger.db, at, { limit: 10 })
  expect(await unassigned(seasonStart)).toEqual([{ device: 'P-2', gateway: 'GW-1', firstReadingAt: seasonStart + 5 }])
  expect(await unassigned(seasonStart - 1)).toHaveLength(2)
})

test('a gateway that makes up device ids does not fill the ledger', async () => {
  const made = Array.from({ length: 20_010 }, (_, index) => ({ device: `X-${index}`, gateway: 'GW-1', at: index }))
  await ledger.write((transaction) => recordFirstReadings(transaction, made))
  await ledger.write((transaction) => recordFirstReadings(transaction, [{ device: 'X-new', gateway: 'GW-1', at: 1 }]))
  const seen = await ledger.db.selectFrom('gateway_seen').selectAll().executeTakeFirstOrThrow()
  expect(seen).toEqual({ gateway: 'GW-1', first_reading_at: 0, devices: 20_000, devices_not_listed: 11 })
})
