import { createHash } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Ledger } from '#store/ledger/database.ts'
import {
  createIdentity,
  grantTopics,
  identitiesVersion,
  listIdentities,
  loadIdentities,
  readIdentity,
  revokeIdentity,
  rotateSecret,
} from '#store/ledger/mqtt-identities.ts'
import { newLedger } from '../support/new-ledger.ts'

let ledger: Ledger
beforeEach(async () => {
  ledger = await newLedger()
})
afterEach(() => ledger.close())

const now = 1_768_435_200_000
const hour = 3_600_000
const sha256 = (text = '') => createHash('sha256').update(text).digest('hex')
const create = (id: string, at = now) =>
  ledger.write((transaction) => createIdentity(transaction, { id, kind: 'gateway', publish: ['tele/+/SENSOR'] }, at))
const rotate = (id: string, overlapMs: number, at: number) =>
  ledger.write((transaction) => rotateSecret(transaction, id, { overlapMs }, at))
const revoke = (id: string, at: number) => ledger.write((transaction) => revokeIdentity(transaction, id, at))

test('a secret has 256 bits, is shown once, and only its hash is kept', async () => {
  const made = await create('GW-1')
  expect(Buffer.from(made?.secret ?? '', 'base64url')).toHaveLength(32)
  expect(await loadIdentities(ledger.db)).toEqual([
    {
      id: 'GW-1',
      kind: 'gateway',
      publish: ['tele/+/SENSOR'],
      subscribe: [],
      secrets: [{ sha256: sha256(made?.secret) }],
    },
  ])
  expect(await create('GW-1')).toBeUndefined()
  expect((await create('GW-2'))?.secret).not.toBe(made?.secret)
  await expect(create('GW/+')).rejects.toThrow('cannot be an MQTT client id')
})

test('during a rotation both secrets are good, the old one until its time is over', async () => {
  const first = await create('GW-1')
  const second = await rotate('GW-1', hour, now + 10)
  expect((await loadIdentities(ledger.db))[0]?.secrets).toEqual(
    expect.arrayContaining([
      { sha256: sha256(first?.secret), validUntil: now + 10 + hour },
      { sha256: sha256(second?.secret) },
    ]),
  )
  // A second rotation never lengthens the first one's end, and forgets what is over.
  const third = await rotate('GW-1', 10 * hour, now + 20)
  const ends = (await loadIdentities(ledger.db))[0]?.secrets.map(({ validUntil }) => validUntil)
  expect(ends?.sort()).toEqual([now + 10 + hour, now + 20 + 10 * hour, undefined])
  const last = await rotate('GW-1', 0, now + 2 * hour)
  expect((await loadIdentities(ledger.db))[0]?.secrets).toEqual([{ sha256: sha256(last?.secret) }])
  expect(third?.secret).not.toBe(last?.secret)
  expect(await rotate('nobody', hour, now)).toBeUndefined()
})

test('a revoked identity is gone for the broker, remembered for people, and can be made anew', async () => {
  const first = await create('GW-1')
  expect(await revoke('GW-1', now + 1)).toBe(true)
  expect(await revoke('GW-1', now + 2)).toBe(false)
  expect(await loadIdentities(ledger.db)).toEqual([])
  expect(await readIdentity(ledger.db, 'GW-1')).toMatchObject({ revokedAt: now + 1, secrets: [] })
  expect(await rotate('GW-1', hour, now + 3)).toBeUndefined()
  const again = await create('GW-1', now + 4)
  expect((await loadIdentities(ledger.db))[0]?.secrets).toEqual([{ sha256: sha256(again?.secret) }])
  expect(again?.secret).not.toBe(first?.secret)
})

test('the version rises with every change, and only then', async () => {
  const versions: number[] = []
  const note = async () => versions.push(await identitiesVersion(ledger.db))
  await note()
  await create('GW-1')
  await note()
  await create('GW-1')
  await note()
  await rotate('GW-1', hour, now)
  await note()
  await ledger.write((transaction) => grantTopics(transaction, 'GW-1', { publish: [], subscribe: ['x'] }))
  await note()
  await revoke('GW-1', now)
  await revoke('GW-1', now)
  await note()
  expect(versions).toEqual([0, 1, 1, 2, 3, 4])
})

test('identities are listed in pages, without anything of their secrets but the times', async () => {
  for (const id of ['GW-3', 'GW-1', 'GW-2']) await create(id)
  const first = await listIdentities(ledger.db, { limit: 2 })
  expect(first.map(({ id }) => id)).toEqual(['GW-1', 'GW-2'])
  expect(first[0]?.secrets).toEqual([{ createdAt: now, validUntil: undefined }])
  expect((await listIdentities(ledger.db, { after: 'GW-2', limit: 2 })).map(({ id }) => id)).toEqual(['GW-3'])
})
