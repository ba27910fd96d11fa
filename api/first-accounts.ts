import { randomBytes } from 'node:crypto'
import type { Role, Scope } from '#domain/account.ts'
import { changeAccount, createAccount, hasAccounts } from '#store/ledger/accounts.ts'
import { appendAudit } from '#store/ledger/audit.ts'
import type { Ledger, LedgerTransaction } from '#store/ledger/database.ts'
import { apiDefaults } from './deps.ts'
import { makePasswords } from './security/passwords.ts'

/** 96 bits, short enough to be copied by hand. */
const passwordBytes = 12
const newPassword = () => randomBytes(passwordBytes).toString('base64url')

/**
 * Makes the account `admin` in a ledger that has no accounts, and returns its password, which is kept nowhere: show it
 * once. It is a new one unless it is given. Undefined where there are accounts already. `at` is the service's clock.
 */
export async function ensureFirstAdmin(
  ledger: Ledger,
  at: number,
  password: string = newPassword(),
): Promise<{ readonly account: string; readonly password: string } | undefined> {
  const hash = await makePasswords(apiDefaults.passwordCost).hash(password)
  return ledger.write(async (transaction) => {
    if (await hasAccounts(transaction)) return undefined
    await makeAccount(transaction, 'admin', { role: 'admin', scope: { kind: 'city' } }, hash, at)
    return { account: 'admin', password }
  })
}

/** What is typed at login in a demo. */
const demoIds: Readonly<Record<Role, string>> = {
  admin: 'admin',
  regulator: 'regulator',
  streetOffice: 'street',
  community: 'community',
  firmDispatcher: 'dispatcher',
  team: 'team',
  viewer: 'viewer',
}

/**
 * Makes one account for each of the given roles, all with one password, a new one unless it is given, which is returned
 * with their ids. Called again, it gives the accounts that are there already that password. For a simulated city only.
 */
export async function createDemoAccounts(
  ledger: Ledger,
  wanted: readonly { readonly role: Role; readonly scope: Scope }[],
  at: number,
  password: string = newPassword(),
): Promise<{ readonly password: string; readonly accounts: string[] }> {
  const passwords = makePasswords(apiDefaults.passwordCost)
  // They share a password, but not a hash.
  const hashes = await Promise.all(wanted.map(() => passwords.hash(password)))
  return ledger.write(async (transaction) => {
    for (const [index, rights] of wanted.entries()) {
      await makeAccount(transaction, demoIds[rights.role], rights, hashes[index] ?? '', at)
    }
    return { password, accounts: wanted.map(({ role }) => demoIds[role]) }
  })
}

async function makeAccount(
  transaction: LedgerTransaction,
  id: string,
  rights: { readonly role: Role; readonly scope: Scope },
  password: string,
  at: number,
): Promise<void> {
  const { role, scope } = rights
  const created = await createAccount(transaction, { id, name: id, role, scope, createdAt: at, password })
  if (!created) await changeAccount(transaction, id, { role, scope, password })
  await appendAudit(transaction, {
    at,
    actor: 'service/accounts',
    action: created ? 'account.create' : 'account.change',
    subject: `account/${id}`,
    detail: { role, scope },
  })
}
