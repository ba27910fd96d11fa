import type { Policy } from '#domain/policy.ts'
import { rankFirms } from '#domain/ranking.ts'
import type { LedgerDb } from './database.ts'
import { canonicalJson, merkleRoot, sha256 } from './digest.ts'
import { dayText } from './dwelling-days.ts'
import { dayLeaves, rankingDays, sumsOf } from './ranking-days.ts'
import { firmInputs } from './ranking-inputs.ts'
import type { FrozenInputs } from './ranking-lists.ts'
import { rollUpDay } from './ranking-roll-up.ts'
import { registryVersion } from './registry-batches.ts'

/** Why today's stores are not what a list was frozen from. */
export type DifferenceReason = 'late' | 'correction' | 'unexplained' | 'noLongerCheckable'

export interface Difference {
  /** As `day/2026-01-15` or `firm/F1`. */
  readonly subject: string
  readonly reason: DifferenceReason
  readonly detail: string
}

/** The answers to three questions about a published list. */
export interface ListVerdict {
  readonly scoreFollows: boolean
  readonly inputsMatchDigest: boolean
  /** Empty where today's stores are what the list was frozen from. */
  readonly differences: readonly Difference[]
}

/** Dwelling-days of older days may have been removed for their age. */
const dwellingDaysKept = 3 * 366

/** Checks a published list; undefined where there is no published list with this id. */
export async function verifyList(
  db: LedgerDb,
  policy: Policy,
  id: string,
  today: number,
): Promise<ListVerdict | undefined> {
  const row = await db.selectFrom('ranking_list').selectAll().where('id', '=', id).executeTakeFirst()
  if (row?.state !== 'frozen' || row.frozen === null) return undefined
  const published = await db
    .selectFrom('audit_entry')
    .selectAll()
    .where('action', '=', 'ranking.publish')
    .where('subject', '=', `ranking-list/${id}`)
    .orderBy('number')
    .executeTakeFirst()
  const digest = sha256(row.frozen)
  const inputsMatchDigest =
    digest === row.digest && published !== undefined && JSON.parse(published.detail).digest === digest
  const frozen = readFrozen(row.frozen)
  if (!frozen) return { scoreFollows: false, inputsMatchDigest: false, differences: [] }
  const scores = canonicalJson(rankFirms(frozen.method, frozen.inputs, frozen.daysInPeriod))
  return {
    scoreFollows: scores === row.result,
    inputsMatchDigest,
    differences: await differencesFrom(db, policy, frozen, today),
  }
}

function readFrozen(text: string): FrozenInputs | undefined {
  try {
    return JSON.parse(text)
  } catch {
    // Not even JSON any more: changed by somebody who did not go by the service.
    return undefined
  }
}

async function differencesFrom(
  db: LedgerDb,
  policy: Policy,
  frozen: FrozenInputs,
  today: number,
): Promise<Difference[]> {
  const differences: Difference[] = []
  const kept = new Map((await rankingDays(db, frozen.period)).map((row) => [row.day, row]))
  const version = await registryVersion(db)
  for (const sealed of frozen.days) {
    const row = kept.get(sealed.day)
    const subject = `day/${dayText(sealed.day)}`
    if (row?.root !== sealed.root) {
      differences.push({ subject, reason: 'unexplained', detail: 'the root that was kept for the day was changed' })
    }
    const ofDay = await compareDay(db, sealed, today)
    if (ofDay) differences.push({ subject, ...ofDay })
    if (ofDay?.reason === 'noLongerCheckable') continue
    if (await rollUpsAgree(db, policy, sealed.day)) continue
    const late = await changesOf(db, sealed.day)
    const waits = row !== undefined && (row.stale === 1 || row.registry_version !== version)
    differences.push({
      subject,
      reason: !waits ? 'unexplained' : late.length > 0 ? 'late' : 'correction',
      detail: waits ? 'the roll-ups wait to be made again' : 'the roll-ups do not follow from the dwelling-days',
    })
  }
  return [...differences, ...(await compareInputs(db, policy, frozen, differences, version))]
}

interface SealedDay {
  readonly day: number
  readonly root: string
  readonly leaves: number
}

/** Whether the dwelling-days still have the root; if not, whether taking back what came late gives it. */
async function compareDay(
  db: LedgerDb,
  sealed: SealedDay,
  today: number,
): Promise<Omit<Difference, 'subject'> | undefined> {
  const leaves = new Map((await dayLeaves(db, sealed.day)).map(({ key, leaf }) => [key, leaf]))
  if (rootOf(leaves) === sealed.root) return undefined
  if (leaves.size === 0 && today - sealed.day > dwellingDaysKept) {
    return { reason: 'noLongerCheckable', detail: 'the dwelling-days are older than they are kept' }
  }
  const changes = await changesOf(db, sealed.day)
  for (const { dwelling, device, before_leaf, after_leaf } of changes.toReversed()) {
    const key = `${dwelling}/${device}`
    if ((leaves.get(key) ?? '') !== after_leaf) continue
    if (before_leaf === '') leaves.delete(key)
    else leaves.set(key, before_leaf)
  }
  if (rootOf(leaves) === sealed.root) {
    return { reason: 'late', detail: `${changes.length} dwelling-days were computed again from late readings` }
  }
  return { reason: 'unexplained', detail: 'dwelling-days were changed, added or removed without a trace' }
}

const rootOf = (leaves: ReadonlyMap<string, string>): string =>
  merkleRoot([...leaves].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, leaf]) => leaf))

const changesOf = (db: LedgerDb, day: number) =>
  db.selectFrom('dwelling_day_change').selectAll().where('day', '=', day).orderBy('position').execute()

/** Whether the roll-ups that are kept for a day follow from its dwelling-days, registry and exclusions. */
async function rollUpsAgree(db: LedgerDb, policy: Policy, day: number): Promise<boolean> {
  const { places, firms } = await rollUpDay(db, policy, day)
  const placesKept = await db.selectFrom('roll_up_day').selectAll().where('day', '=', day).execute()
  const firmsKept = await db.selectFrom('firm_day').selectAll().where('day', '=', day).execute()
  const inOrder = (rows: readonly object[]) => rows.map(canonicalJson).sort().join('\n')
  return (
    inOrder(places.map(({ measured, ...place }) => ({ day, ...place, ...sumsOf(measured) }))) === inOrder(placesKept) &&
    inOrder(firms.map(({ measured, ...firm }) => ({ day, ...firm, ...sumsOf(measured) }))) === inOrder(firmsKept)
  )
}

async function compareInputs(
  db: LedgerDb,
  policy: Policy,
  frozen: FrozenInputs,
  ofDays: readonly Difference[],
  version: number,
): Promise<Difference[]> {
  const today = new Map((await firmInputs(db, policy, frozen.period)).map((input) => [input.firm, input]))
  const corrected = await correctionsSince(db, frozen, version)
  const differences: Difference[] = []
  for (const input of frozen.inputs) {
    const now = today.get(input.firm)
    if (now && canonicalJson(now) === canonicalJson(input)) continue
    const subject = `firm/${input.firm}`
    const late = ofDays.some(({ reason }) => reason === 'late')
    const broughtDiffers = canonicalJson([now?.imported, now?.vetoes]) !== canonicalJson([input.imported, input.vetoes])
    const reason = broughtDiffers
      ? corrected.brought.has(input.firm)
        ? 'correction'
        : 'unexplained'
      : late
        ? 'late'
        : corrected.measured
          ? 'correction'
          : 'unexplained'
    const detail = broughtDiffers ? 'imported figures or vetoes differ' : 'measured figures differ'
    differences.push({ subject, reason, detail })
  }
  return differences
}

/** What people corrected after the list was published: figures and vetoes of firms, exclusions, the registry. */
async function correctionsSince(db: LedgerDb, frozen: FrozenInputs, version: number) {
  const after = frozen.publishedAt
  const inputs = await db.selectFrom('ranking_input').select('firm').where('entered_at', '>', after).execute()
  const vetoes = await db
    .selectFrom('ranking_veto')
    .select('firm')
    .where(({ eb, or }) => or([eb('brought_at', '>', after), eb('confirmed_at', '>', after)]))
    .execute()
  const exclusion = await db
    .selectFrom('ranking_exclusion')
    .select('id')
    .where('decided_at', '>', after)
    .limit(1)
    .executeTakeFirst()
  return {
    brought: new Set([...inputs, ...vetoes].map(({ firm }) => firm)),
    measured: exclusion !== undefined || version !== frozen.registryVersion,
  }
}
