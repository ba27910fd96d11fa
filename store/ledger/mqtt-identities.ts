import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import type { MqttIdentity } from '#domain/identity.ts'
import { idSchema } from '#domain/registry.ts'
import type { LedgerDb, LedgerTransaction } from './database.ts'
import { raiseVersion, readVersion } from './ledger-version.ts'
import { perStatement } from './statement-rows.ts'

export interface MqttIdentityTables {
  mqtt_identity: {
    id: string
    kind: 'gateway' | 'service'
    /** JSON arrays of MQTT topic filters. */
    publish: string
    subscribe: string
    created_at: number
    revoked_at: number | null
  }
  /** SHA-256 of the secret's characters, hex. A secret without an end is the newest one. */
  mqtt_secret: { identity: string; sha256: string; created_at: number; valid_until: number | null }
}

/** Guessing 256 random bits is out of the question, so a plain hash is enough, and 10,000 reconnects cost nothing. */
const secretBytes = 32

export type NewIdentity = Pick<MqttIdentity, 'id' | 'kind'> & Partial<Pick<MqttIdentity, 'publish' | 'subscribe'>>

/** Shown once: only its hash is kept. */
export interface ShownSecret {
  readonly secret: string
}

/** Number that rises with every change of an identity or secret. */
export const identitiesVersion = (db: LedgerDb): Promise<number> => readVersion(db, 'identities')

/**
 * Makes an identity with a first secret. A revoked one comes back as new; undefined where the id is in use.
 * `now` is the service's clock, epoch milliseconds.
 */
export async function createIdentity(
  transaction: LedgerTransaction,
  identity: NewIdentity,
  now: number,
): Promise<ShownSecret | undefined> {
  const secrets = await createIdentities(transaction, [identity], now)
  const secret = secrets.get(identity.id)
  return secret === undefined ? undefined : { secret }
}

/** Makes many identities in few statements; ids that are in use are left out of the secrets that come back. */
export async function createIdentities(
  transaction: LedgerTransaction,
  identities: readonly NewIdentity[],
  now: number,
): Promise<Map<string, string>> {
  const secrets = new Map<string, string>()
  for (const some of perStatement(identities)) {
    for (const { id } of some) assert(idSchema.safeParse(id).success, `"${id}" cannot be an MQTT client id`)
    const made = await transaction
      .insertInto('mqtt_identity')
      .values(some.map((identity) => identityRow(identity, now)))
      .onConflict((conflict) =>
        conflict
          .column('id')
          .doUpdateSet((expression) => ({
            kind: expression.ref('excluded.kind'),
            publish: expression.ref('excluded.publish'),
            subscribe: expression.ref('excluded.subscribe'),
            created_at: expression.ref('excluded.created_at'),
            revoked_at: null,
          }))
          .where('mqtt_identity.revoked_at', 'is not', null),
      )
      .returning('id')
      .execute()
    if (made.length === 0) continue
    for (const { id } of made) secrets.set(id, randomBytes(secretBytes).toString('base64url'))
    await transaction
      .insertInto('mqtt_secret')
      .values(made.map(({ id }) => secretRow(id, secrets.get(id) as string, now)))
      .execute()
  }
  if (secrets.size > 0) await raiseVersion(transaction, 'identities')
  return secrets
}

const identityRow = (identity: NewIdentity, now: number): MqttIdentityTables['mqtt_identity'] => ({
  id: identity.id,
  kind: identity.kind,
  publish: JSON.stringify(identity.publish ?? []),
  subscribe: JSON.stringify(identity.subscribe ?? []),
  created_at: now,
  revoked_at: null,
})

const secretRow = (identity: string, secret: string, now: number): MqttIdentityTables['mqtt_secret'] => ({
  identity,
  sha256: createHash('sha256').update(secret).digest('hex'),
  created_at: now,
  valid_until: null,
})

/**
 * Gives an identity a new secret. The ones before it stay good for `overlapMs`, so that a gateway can be changed
 * without a gap; 0 ends them at once. Undefined where there is no such identity, or it is revoked.
 */
export async function rotateSecret(
  transaction: LedgerTransaction,
  id: string,
  { overlapMs }: { readonly overlapMs: number },
  now: number,
): Promise<ShownSecret | undefined> {
  const identity = await transaction
    .selectFrom('mqtt_identity')
    .select('id')
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  if (!identity) return undefined
  const end = now + overlapMs
  await transaction
    .updateTable('mqtt_secret')
    .set({ valid_until: end })
    .where('identity', '=', id)
    .where((expression) => expression.or([expression('valid_until', 'is', null), expression('valid_until', '>', end)]))
    .execute()
  await transaction.deleteFrom('mqtt_secret').where('identity', '=', id).where('valid_until', '<=', now).execute()
  const secret = randomBytes(secretBytes).toString('base64url')
  await transaction
    .insertInto('mqtt_secret')
    .values(secretRow(id, secret, now))
    .execute()
  await raiseVersion(transaction, 'identities')
  return { secret }
}

/**
 * Makes an identity whose secret somebody else has chosen, or brings it to that secret and those grants; what was good
 * before ends at once. For services that are given the same secret by a file. False where everything was so already.
 */
export async function ensureIdentity(
  transaction: LedgerTransaction,
  identity: NewIdentity,
  secret: string,
  now: number,
): Promise<boolean> {
  assert(idSchema.safeParse(identity.id).success, `"${identity.id}" cannot be an MQTT client id`)
  const row = identityRow(identity, now)
  const { sha256 } = secretRow(identity.id, secret, now)
  const known = await transaction
    .selectFrom('mqtt_identity')
    .selectAll()
    .where('id', '=', identity.id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  const secrets = await transaction.selectFrom('mqtt_secret').selectAll().where('identity', '=', row.id).execute()
  const isSame = known?.kind === row.kind && known.publish === row.publish && known.subscribe === row.subscribe
  if (isSame && secrets.length === 1 && secrets[0]?.sha256 === sha256) return false
  await transaction.deleteFrom('mqtt_secret').where('identity', '=', row.id).execute()
  await transaction
    .insertInto('mqtt_identity')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute()
  await transaction
    .insertInto('mqtt_secret')
    .values(secretRow(row.id, secret, now))
    .execute()
  await raiseVersion(transaction, 'identities')
  return true
}

/** Sets what an identity may publish and read beyond a gateway's own topics; false where there is no such identity. */
export async function grantTopics(
  transaction: LedgerTransaction,
  id: string,
  grants: Pick<MqttIdentity, 'publish' | 'subscribe'>,
): Promise<boolean> {
  const changed = await transaction
    .updateTable('mqtt_identity')
    .set({ publish: JSON.stringify(grants.publish), subscribe: JSON.stringify(grants.subscribe) })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  if (changed.numUpdatedRows === 0n) return false
  await raiseVersion(transaction, 'identities')
  return true
}

/** Ends an identity and its secrets; false where there is no such identity, or it is revoked already. */
export async function revokeIdentity(transaction: LedgerTransaction, id: string, now: number): Promise<boolean> {
  const revoked = await transaction
    .updateTable('mqtt_identity')
    .set({ revoked_at: now })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  if (revoked.numUpdatedRows === 0n) return false
  await transaction.deleteFrom('mqtt_secret').where('identity', '=', id).execute()
  await raiseVersion(transaction, 'identities')
  return true
}

/** Every identity that may connect, as the broker needs it. A secret whose time is over may still be among them. */
export async function loadIdentities(db: LedgerDb): Promise<MqttIdentity[]> {
  const secrets = new Map<string, { sha256: string; validUntil?: number }[]>()
  for (const { identity, sha256, valid_until } of await db.selectFrom('mqtt_secret').selectAll().execute()) {
    const known = secrets.get(identity) ?? []
    known.push(valid_until === null ? { sha256 } : { sha256, validUntil: valid_until })
    secrets.set(identity, known)
  }
  const identities = await db.selectFrom('mqtt_identity').selectAll().where('revoked_at', 'is', null).execute()
  return identities.map(({ id, kind, publish, subscribe }) => ({
    id,
    kind,
    secrets: secrets.get(id) ?? [],
    publish: JSON.parse(publish),
    subscribe: JSON.parse(subscribe),
  }))
}

/** An identity as people see it: when its secrets began and end, never what they are. */
export interface IdentityRecord extends Omit<MqttIdentity, 'secrets'> {
  readonly createdAt: number
  readonly revokedAt?: number
  readonly secrets: readonly { readonly createdAt: number; readonly validUntil?: number }[]
}

/** Identities in the order of their ids after `after`, revoked ones included. */
export async function listIdentities(
  db: LedgerDb,
  page: { readonly after?: string; readonly limit: number },
): Promise<IdentityRecord[]> {
  const identities = await db
    .selectFrom('mqtt_identity')
    .selectAll()
    .where('id', '>', page.after ?? '')
    .orderBy('id')
    .limit(page.limit)
    .execute()
  return identityRecords(db, identities)
}

/** One identity, revoked or not. */
export async function readIdentity(db: LedgerDb, id: string): Promise<IdentityRecord | undefined> {
  const identities = await db.selectFrom('mqtt_identity').selectAll().where('id', '=', id).execute()
  const [record] = await identityRecords(db, identities)
  return record
}

async function identityRecords(
  db: LedgerDb,
  identities: readonly MqttIdentityTables['mqtt_identity'][],
): Promise<IdentityRecord[]> {
  if (identities.length === 0) return []
  const ids = identities.map(({ id }) => id)
  const secrets = await db
    .selectFrom('mqtt_secret')
    .select(['identity', 'created_at', 'valid_until'])
    .where('identity', 'in', ids)
    .orderBy('created_at')
    .execute()
  return identities.map((identity) => ({
    id: identity.id,
    kind: identity.kind,
    publish: JSON.parse(identity.publish),
    subscribe: JSON.parse(identity.subscribe),
    createdAt: identity.created_at,
    revokedAt: identity.revoked_at ?? undefined,
    secrets: secrets
      .filter((secret) => secret.identity === identity.id)
      .map(({ created_at, valid_until }) => ({ createdAt: created_at, validUntil: valid_until ?? undefined })),
  }))
}
