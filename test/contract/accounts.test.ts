import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  changeAccount,
  countActiveAdmins,
  createAccount,
  credentialsVersion,
  findAccount,
  hasAccounts,
  listAccounts,
  passwordHash,
} from '#store/ledger/accounts.ts'
import { listAudit } from '#store/ledger/audit.ts'
import type { Ledger } from '#store/ledger/database.ts'
import {
  countApiTokens,
  createApiToken,
  createSession,
  endSession,
  endSessionsOf,
  findApiToken,
  findSession,
  revokeApiToken,
} from '#store/ledger/sessions.ts'
import { apiDefaults } from '../../api/deps.ts'
import { createDemoAccounts, ensureFirstAdmin } from '../../api/first-accounts.ts'
import { makePasswords } from '../../api/security/passwords.ts'
import { newLedger } from '../support/new-ledger.ts'

const at = Date.parse('2026-01-15T10:00:00Z')

let ledger: Ledger
beforeEach(async () => {
  ledger = await newLedger()
})
afterEach(() => ledger.close())

const create = (id: string, over: Partial<Parameters<typeof createAccount>[1]> = {}) =>
  ledger.write((transaction) =>
    createAccount(transaction, {
      id,
      name: id,
      role: 'viewer',
      scope: { kind: 'city' },
      createdAt: at,
      password: `hash of ${id}`,
      ...over,
    }),
  )
const change = (id: string, what: Parameters<typeof changeAccount>[2]) =>
  ledger.write((transaction) => changeAccount(transaction, id, what))

describe('accounts', () => {
  test.each([
    { kind: 'city' } as const,
    { kind: 'territory', id: 'nangang' } as const,
    { kind: 'firm', id: 'firm-1' } as const,
  ])('come back as they were made, with the scope %o', async (scope) => {
    const account = await create('li', { scope, role: 'regulator' })
    expect(account).toEqual({ id: 'li', name: 'li', role: 'regulator', scope, createdAt: at })
    expect(await findAccount(ledger.db, 'li')).toEqual(account)
    expect(await passwordHash(ledger.db, 'li')).toBe('hash of li')
  })

  test('an id is taken for ever, and the first one stays', async () => {
    await create('li')
    await change('li', { disabledAt: at })
    expect(await create('li', { role: 'admin' })).toBeUndefined()
    expect(await findAccount(ledger.db, 'li')).toMatchObject({ role: 'viewer', disabledAt: at })
  })

  test('change column by column, and a disabled one has no password', async () => {
    await create('li')
    expect(await change('li', { role: 'team', scope: { kind: 'firm', id: 'f' } })).toMatchObject({
      role: 'team',
      name: 'li',
    })
    expect(await change('li', { scope: { kind: 'city' } })).toMatchObject({ scope: { kind: 'city' } })
    expect(await change('li', {})).toMatchObject({ role: 'team' })
    expect(await change('li', { disabledAt: at })).toMatchObject({ disabledAt: at })
    expect(await passwordHash(ledger.db, 'li')).toBeUndefined()
    expect(await change('li', { disabledAt: null })).not.toHaveProperty('disabledAt')
    expect(await change('nobody', { name: 'x' })).toBeUndefined()
  })

  test('every change of rights moves the version that others compare', async () => {
    await create('li')
    const versions = [await credentialsVersion(ledger.db)]
    const note = async () => versions.push(await credentialsVersion(ledger.db))
    await change('li', { role: 'team' })
    await note()
    await ledger.write((transaction) => endSessionsOf(transaction, 'li'))
    await note()
    await ledger.write((transaction) => endSession(transaction, 'x'))
    await note()
    expect(versions).toEqual([...new Set(versions)].sort((left, right) => left - right))
  })

  test('active admins are counted', async () => {
    await create('one', { role: 'admin' })
    await create('two', { role: 'admin' })
    await change('two', { disabledAt: at })
    expect(await countActiveAdmins(ledger.db)).toBe(1)
    expect((await listAccounts(ledger.db, 'one', 5)).map(({ id }) => id)).toEqual(['two'])
  })
})

describe('sessions and tokens', () => {
  const session = (sha256: string, expiresAt: number) =>
    ledger.write((transaction) => createSession(transaction, { sha256, account: 'li', createdAt: 1_000, expiresAt }))
  const token = (id: string, expiresAt?: number) =>
    ledger.write((transaction) =>
      createApiToken(transaction, {
        id,
        account: 'li',
        name: id,
        sha256: `hash of ${id}`,
        createdAt: 1_000,
        ...(expiresAt !== undefined && { expiresAt }),
      }),
    )
  beforeEach(() => create('li'))

  test('a session holds until its end, or until it is ended', async () => {
    await session('a', 2_000)
    await session('b', 3_000)
    expect(await findSession(ledger.db, 'a', 1_999)).toMatchObject({ account: { id: 'li' }, expiresAt: 2_000 })
    expect(await findSession(ledger.db, 'a', 2_000)).toBeUndefined()
    await ledger.write((transaction) => endSessionsOf(transaction, 'li', 'b'))
    expect(await findSession(ledger.db, 'a', 1_500)).toBeUndefined()
    expect(await findSession(ledger.db, 'b', 1_500)).toBeDefined()
  })

  test('sessions that are over do not pile up', async () => {
    await session('old', 900)
    await session('new', 3_000)
    expect(await ledger.db.selectFrom('session').select('sha256').execute()).toEqual([{ sha256: 'new' }])
  })

  test('a token holds until its end or its revocation, once', async () => {
    await token('t1', 2_000)
    await token('t2')
    expect(await findApiToken(ledger.db, 'hash of t1', 2_000)).toBeUndefined()
    expect(await findApiToken(ledger.db, 'hash of t2', 2_000)).toMatchObject({ account: { id: 'li' } })
    const revoke = (account: string) => ledger.write((transaction) => revokeApiToken(transaction, account, 't2', 1_500))
    expect(await revoke('wang')).toBe(false)
    expect(await revoke('li')).toBe(true)
    expect(await revoke('li')).toBe(false)
    expect(await findApiToken(ledger.db, 'hash of t2', 2_000)).toBeUndefined()
    expect(await countApiTokens(ledger.db, 'li', 1_999)).toBe(1)
    expect(await countApiTokens(ledger.db, 'li', 2_000)).toBe(0)
  })

  test('of a disabled account neither opens anything', async () => {
    await session('a', 2_000)
    await token('t1')
    await change('li', { disabledAt: at })
    expect(await findSession(ledger.db, 'a', 1_500)).toBeUndefined()
    expect(await findApiToken(ledger.db, 'hash of t1', 1_500)).toBeUndefined()
  })
})

describe('the first accounts', () => {
  const { verify } = makePasswords(apiDefaults.passwordCost)

  test('a real city gets one admin, whose password is told once', async () => {
    const admin = await ensureFirstAdmin(ledger, at)
    expect(admin).toMatchObject({ account: 'admin', password: expect.stringMatching(/^[\w-]{16}$/) })
    expect(await verify(admin?.password ?? '', await passwordHash(ledger.db, 'admin'))).toBe(true)
    expect(await ensureFirstAdmin(ledger, at)).toBeUndefined()
    const [entry] = await listAudit(ledger.db, {}, 5)
    expect(entry).toMatchObject({ action: 'account.create', subject: 'account/admin' })
    expect(JSON.stringify(await ledger.db.selectFrom('account').selectAll().execute())).not.toContain(admin?.password)
  })

  test('a city with accounts gets none', async () => {
    await create('li')
    expect(await ensureFirstAdmin(ledger, at)).toBeUndefined()
    expect(await hasAccounts(ledger.db)).toBe(true)
  })

  test('a demo gets one account a role; made again, the new password is the one that works', async () => {
    const wanted = [
      { role: 'admin', scope: { kind: 'city' } },
      { role: 'community', scope: { kind: 'territory', id: 'c-1' } },
    ] as const
    const first = await createDemoAccounts(ledger, wanted, at)
    const second = await createDemoAccounts(ledger, wanted, at)
    expect(second.accounts).toEqual(['admin', 'community'])
    for (const account of second.accounts) {
      const hash = await passwordHash(ledger.db, account)
      expect(await verify(second.password, hash)).toBe(true)
      expect(await verify(first.password, hash)).toBe(false)
    }
    expect(await findAccount(ledger.db, 'community')).toMatchObject({ scope: { kind: 'territory', id: 'c-1' } })
  })
})

describe('passwords', () => {
  test('are kept with their parameters, so that old ones still open when those rise', async () => {
    const old = await makePasswords({ N: 1024, r: 8, p: 1 }).hash('an old password')
    expect(old).toMatch(/^scrypt\$1024\$8\$1\$/)
    const { verify, hash } = makePasswords({ N: 2048, r: 8, p: 1 })
    expect(await verify('an old password', old)).toBe(true)
    expect(await verify('another password', old)).toBe(false)
    expect(await hash('same')).not.toBe(await hash('same'))
  })

  test('typed on another keyboard are the same', async () => {
    const { verify, hash } = makePasswords({ N: 1024, r: 8, p: 1 })
    expect(await verify('ｗａｒｍ', await hash('warm'))).toBe(true)
  })

  test('nothing opens an account without a hash', async () => {
    const { verify } = makePasswords({ N: 1024, r: 8, p: 1 })
    for (const hash of [undefined, '', 'plain', 'scrypt$1024$8$1$']) expect(await verify('', hash)).toBe(false)
  })

  test('more at once than the machine can bear are told to come again', async () => {
    const { verify } = makePasswords({ N: 1024, r: 8, p: 1 })
    const results = await Promise.allSettled(Array.from({ length: 60 }, () => verify('x', undefined)))
    const refused = results.filter((result) => result.status === 'rejected')
    expect(refused).toHaveLength(26)
    expect(refused[0]).toMatchObject({ reason: { code: 'unavailable' } })
  })
})
