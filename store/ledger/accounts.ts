import type { Selectable } from 'kysely'
import type { Role, Scope } from '#domain/account.ts'
import type { LedgerDb, LedgerTransaction } from './database.ts'

export interface AccountTables {
  account: {
    /** What is typed at login. Never given to somebody else later: the audit log names people by it. */
    id: string
    name: string
    role: string
    scope_kind: string
    scope_id: string | null
    /** Hash with its parameters, as the service that checks it wrote it. */
    password: string
    created_at: number
    disabled_at: number | null
  }
  /** One row: its version moves whenever somebody's rights, session or token changed or ended. */
  credentials: { id: string; version: number }
}

export interface Account {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly scope: Scope
  readonly createdAt: number
  readonly disabledAt?: number
}

/** Creates an account, or returns undefined where the id was ever taken. */
export async function createAccount(
  transaction: LedgerTransaction,
  account: Omit<Account, 'disabledAt'> & { readonly password: string },
): Promise<Account | undefined> {
  const { password, ...visible } = account
  const row = {
    id: account.id,
    name: account.name,
    role: account.role,
    ...scopeColumns(account.scope),
    password,
    created_at: account.createdAt,
    disabled_at: null,
  }
  const inserted = await transaction
    .insertInto('account')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .executeTakeFirst()
  return inserted && visible
}

export interface AccountChange {
  readonly name?: string
  readonly role?: Role
  readonly scope?: Scope
  readonly password?: string
  /** A time disables, null enables again. */
  readonly disabledAt?: number | null
}

/** Changes an account and ends what was decided about it elsewhere; undefined where there is none. */
export async function changeAccount(
  transaction: LedgerTransaction,
  id: string,
  change: AccountChange,
): Promise<Account | undefined> {
  await bumpCredentials(transaction)
  const row = await transaction
    .updateTable('account')
    .set({
      ...(change.name !== undefined && { name: change.name }),
      ...(change.role !== undefined && { role: change.role }),
      ...(change.scope !== undefined && scopeColumns(change.scope)),
      ...(change.password !== undefined && { password: change.password }),
      // Sets at least one column: a change of nothing is a valid statement too.
      ...(change.disabledAt === undefined ? { id } : { disabled_at: change.disabledAt }),
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()
  return row && accountFromRow(row)
}

export async function findAccount(db: LedgerDb, id: string): Promise<Account | undefined> {
  const row = await db.selectFrom('account').selectAll().where('id', '=', id).executeTakeFirst()
  return row && accountFromRow(row)
}

/** Password hash of an account that may log in; undefined for an unknown or disabled one. */
export async function passwordHash(db: LedgerDb, id: string): Promise<string | undefined> {
  const query = db.selectFrom('account').select('password').where('id', '=', id).where('disabled_at', 'is', null)
  return (await query.executeTakeFirst())?.password
}

/** Accounts by id, at most `limit`, behind `after`. */
export async function listAccounts(db: LedgerDb, after: string, limit: number): Promise<Account[]> {
  const rows = await db.selectFrom('account').selectAll().where('id', '>', after).orderBy('id').limit(limit).execute()
  return rows.map(accountFromRow)
}

/** Admins that can log in: the last one cannot be demoted or disabled. */
export async function countActiveAdmins(db: LedgerDb): Promise<number> {
  const { count } = await db
    .selectFrom('account')
    .select((expression) => expression.fn.countAll<number>().as('count'))
    .where('role', '=', 'admin')
    .where('disabled_at', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(count)
}

export async function hasAccounts(db: LedgerDb): Promise<boolean> {
  return (await db.selectFrom('account').select('id').limit(1).executeTakeFirst()) !== undefined
}

/** Moves whenever rights may have changed: whoever holds a decision compares it. */
export async function credentialsVersion(db: LedgerDb): Promise<number> {
  return (await db.selectFrom('credentials').select('version').executeTakeFirstOrThrow()).version
}

/** Call it in every transaction that changes or ends somebody's rights. */
export async function bumpCredentials(transaction: LedgerTransaction): Promise<void> {
  await transaction
    .updateTable('credentials')
    .set((expression) => ({ version: expression('version', '+', 1) }))
    .execute()
}

function scopeColumns(scope: Scope): { scope_kind: string; scope_id: string | null } {
  return { scope_kind: scope.kind, scope_id: scope.kind === 'city' ? null : scope.id }
}

export function accountFromRow(row: Selectable<AccountTables['account']>): Account {
  return {
    id: row.id,
    name: row.name,
    role: row.role as Role,
    scope: (row.scope_kind === 'city' ? { kind: 'city' } : { kind: row.scope_kind, id: row.scope_id }) as Scope,
    createdAt: row.created_at,
    ...(row.disabled_at !== null && { disabledAt: row.disabled_at }),
  }
}
