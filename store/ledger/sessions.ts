import { type Selectable, sql } from 'kysely'
import { type Account, type AccountTables, accountFromRow, bumpCredentials } from './accounts.ts'
import type { LedgerDb, LedgerTransaction } from './database.ts'

/** Times here are wall-clock time: how long somebody stays signed in has nothing to do with the city's clock. */
export interface SessionTables {
  session: { sha256: string; account: string; created_at: number; expires_at: number }
  api_token: {
    id: string
    account: string
    name: string
    sha256: string
    created_at: number
    expires_at: number | null
    revoked_at: number | null
  }
}

/** Who stands behind a secret, and until when. */
export interface Credential {
  readonly account: Account
  readonly expiresAt?: number
}

export async function createSession(
  transaction: LedgerTransaction,
  session: {
    readonly sha256: string
    readonly account: string
    readonly createdAt: number
    readonly expiresAt: number
  },
): Promise<void> {
  // The only place where old ones go: sessions are made far more often than they matter in number.
  await transaction.deleteFrom('session').where('expires_at', '<=', session.createdAt).execute()
  await transaction
    .insertInto('session')
    .values({
      sha256: session.sha256,
      account: session.account,
      created_at: session.createdAt,
      expires_at: session.expiresAt,
    })
    .execute()
}

/** The account of a session that has not ended, if the account is not disabled. */
export async function findSession(db: LedgerDb, sha256: string, now: number): Promise<Credential | undefined> {
  const row = await db
    .selectFrom('session')
    .innerJoin('account', 'account.id', 'session.account')
    .selectAll('account')
    .select('session.expires_at')
    .where('session.sha256', '=', sha256)
    .where('session.expires_at', '>', now)
    .where('account.disabled_at', 'is', null)
    .executeTakeFirst()
  return row && credentialOf(row)
}

const credentialOf = (
  row: Selectable<AccountTables['account']> & { readonly expires_at: number | null },
): Credential => ({
  account: accountFromRow(row),
  ...(row.expires_at !== null && { expiresAt: row.expires_at }),
})

export async function endSession(transaction: LedgerTransaction, sha256: string): Promise<void> {
  await transaction.deleteFrom('session').where('sha256', '=', sha256).execute()
  await bumpCredentials(transaction)
}

/** Ends every session of an account, but for one that may stay. */
export async function endSessionsOf(transaction: LedgerTransaction, account: string, keep = ''): Promise<void> {
  await transaction.deleteFrom('session').where('account', '=', account).where('sha256', '!=', keep).execute()
  await bumpCredentials(transaction)
}

export interface ApiToken {
  readonly id: string
  readonly account: string
  readonly name: string
  readonly createdAt: number
  readonly expiresAt?: number
  readonly revokedAt?: number
}

export async function createApiToken(
  transaction: LedgerTransaction,
  token: Omit<ApiToken, 'revokedAt'> & { readonly sha256: string },
): Promise<void> {
  await transaction
    .insertInto('api_token')
    .values({
      id: token.id,
      account: token.account,
      name: token.name,
      sha256: token.sha256,
      created_at: token.createdAt,
      expires_at: token.expiresAt ?? null,
      revoked_at: null,
    })
    .execute()
}

/** True for tokens that are in force. */
const isInForce = (now: number) =>
  sql<boolean>`(api_token.revoked_at is null and (api_token.expires_at is null or api_token.expires_at > ${now}))`

/** The account of a token in force, if the account is not disabled. */
export async function findApiToken(db: LedgerDb, sha256: string, now: number): Promise<Credential | undefined> {
  const row = await db
    .selectFrom('api_token')
    .innerJoin('account', 'account.id', 'api_token.account')
    .selectAll('account')
    .select('api_token.expires_at')
    .where('api_token.sha256', '=', sha256)
    .where(isInForce(now))
    .where('account.disabled_at', 'is', null)
    .executeTakeFirst()
  return row && credentialOf(row)
}

/** Revokes a token of the account; false where it has none of that id, or it was revoked before. */
export async function revokeApiToken(
  transaction: LedgerTransaction,
  account: string,
  id: string,
  now: number,
): Promise<boolean> {
  const revoked = await transaction
    .updateTable('api_token')
    .set({ revoked_at: now })
    .where('id', '=', id)
    .where('account', '=', account)
    .where('revoked_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  if (revoked) await bumpCredentials(transaction)
  return revoked !== undefined
}

/** Tokens of an account by id, at most `limit`, behind `after`; revoked ones too. */
export async function listApiTokens(db: LedgerDb, account: string, after: string, limit: number): Promise<ApiToken[]> {
  const rows = await db
    .selectFrom('api_token')
    .selectAll()
    .where('account', '=', account)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    id: row.id,
    account: row.account,
    name: row.name,
    createdAt: row.created_at,
    ...(row.expires_at !== null && { expiresAt: row.expires_at }),
    ...(row.revoked_at !== null && { revokedAt: row.revoked_at }),
  }))
}

/** Tokens of an account that are in force, to keep their number bounded. */
export async function countApiTokens(db: LedgerDb, account: string, now: number): Promise<number> {
  const { count } = await db
    .selectFrom('api_token')
    .select((expression) => expression.fn.countAll<number>().as('count'))
    .where('account', '=', account)
    .where(isInForce(now))
    .executeTakeFirstOrThrow()
  return Number(count)
}
