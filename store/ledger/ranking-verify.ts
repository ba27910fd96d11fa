import type { Policy } from '#domain/policy.ts'
import { rankFirms } from '#domain/ranking.ts'
import { type FrozenInputs, frozenInputsSchema } from '#domain/ranking-record.ts'
import { localDayNumbered } from '#domain/season.ts'
import type { LedgerDb } from './database.ts'
import { changesRoot, dayTree } from './day-tree.ts'
import { canonicalJson } from './digest.ts'
import { dayText } from './dwelling-days.ts'
import { firmDays } from './firm-days.ts'
import { probeKey } from './home-probes.ts'
import { supplyRoot } from './late-supply.ts'
import { type RankingDayTables, rankingDays } from './ranking-days.ts'
import { frozenDigest } from './ranking-record.ts'
import { rollUpBuildings } from './ranking-roll-up.ts'
import { recordsWithoutTrace } from './ranking-traces.ts'
import { compareInputs } from './ranking-verify-inputs.ts'
import { registryVersion } from './registry-batches.ts'
import { waitingOn } from './roll-up-waiting.ts'

/** Why today's stores are not what a list was frozen from. */
export type DifferenceReason = 'late' | 'correction' | 'unexplained' | 'noLongerCheckable'

export interface Difference {
  /** As `day/2026-01-15`, `firm/F1`, `exclusion/ID`, `changes/1-7`. */
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
  const frozen = readFrozen(row.frozen)
  if (!frozen) return { scoreFollows: false, inputsMatchDigest: false, differences: [] }
  const digest = frozenDigest(frozen)
  const inputsMatchDigest =
    digest === row.digest &&
    published !== undefined &&
    published.actor === row.published_by &&
    JSON.parse(published.detail).digest === digest
  const scores = canonicalJson(rankFirms(frozen.method, frozen.inputs, frozen.daysInPeriod))
  return {
    scoreFollows: scores === row.result,
    inputsMatchDigest,
    differences: await differencesFrom(db, policy, frozen, today),
  }
}

function readFrozen(text: string): FrozenInputs | undefined {
  try {
    return frozenInputsSchema.parse(JSON.parse(text))
  } catch {
    // Not what the service writes: changed by somebody who did not go by it.
    return undefined
  }
}

async function differencesFrom(
  db: LedgerDb,
  policy: Policy,
  frozen: FrozenInputs,
  today: number,
): Promise<Difference[]> {
  const differences: Difference[] = [
    ...(await brokenSeals(db, frozen)),
    ...(await recordsWithoutTrace(db, frozen.period)),
  ]
  const kept = new Map((await rankingDays(db, frozen.period)).map((row) => [row.day, row]))
  const version = await registryVersion(db)
  let supplyTraced = true
  for (const sealed of frozen.days) {
    const row = kept.get(sealed.day)
    const subject = `day/${dayText(sealed.day)}`
    if (row && !(await supplyAgrees(db, policy, row))) {
      supplyTraced = false
      const detail = 'hours of circuits were changed, added or removed without a trace'
      differences.push({ subject: `supply/${dayText(sealed.day)}`, reason: 'unexplained', detail })
    }
    const ofDay = await compareDay(db, sealed, row, today)
    if (ofDay) differences.push({ subject, ...ofDay })
    if (ofDay?.reason === 'noLongerCheckable') continue
    if (await rollUpsAgree(db, policy, sealed.day)) continue
    const { buildings } = await waitingOn(db, sealed.day)
    const waits = buildings.length > 0 || (row !== undefined && row.registry_version !== version)
    const late = (await changesAfter(db, sealed.day, row?.changes_upto ?? 0)).length > 0
    differences.push({
      subject,
      reason: !waits ? 'unexplained' : late ? 'late' : 'correction',
      detail: waits ? 'the roll-ups wait to be made again' : 'the roll-ups do not follow from the dwelling-days',
    })
  }
  const homesLate = differences.some(({ reason }) => reason === 'late')
  return [...differences, ...(await compareInputs(db, policy, frozen, { homesLate, supplyTraced, version }))]
}

/**
 * Seals of days that are not what the audit log says, or that are not there, and changes by late readings that are
 * not what was sealed: whoever rewrites a history has to rewrite those too.
 */
async function brokenSeals(db: LedgerDb, frozen: FrozenInputs): Promise<Difference[]> {
  const broken: Difference[] = []
  const rows = await db.selectFrom('ranking_day').selectAll().where('root', '!=', '').orderBy('day').execute()
  const kept = new Map(rows.map((row) => [row.day, row]))
  const seals = await db
    .selectFrom('audit_entry')
    .select(['subject', 'detail'])
    .where('action', '=', 'ranking.seal')
    .orderBy('number')
    .execute()
  const logged = new Map(seals.map(({ subject, detail }) => [subject, JSON.parse(detail)]))
  const days = new Set([...frozen.days.map(({ day }) => day), ...kept.keys()])
  for (const day of [...days].sort((left, right) => left - right)) {
    const subject = `day/${dayText(day)}`
    const row = kept.get(day)
    const frozenRoot = frozen.days.find((one) => one.day === day)?.root
    const agrees =
      row !== undefined &&
      canonicalJson(sealOf(row)) === canonicalJson(logged.get(subject) ?? null) &&
      (frozenRoot === undefined || frozenRoot === row.root)
    if (!agrees) {
      broken.push({
        subject,
        reason: 'unexplained',
        detail: 'the seal that is kept for the day is not what was sealed',
      })
      continue
    }
    const { changes_after: after, changes_upto: upTo } = row
    if (upTo === after || (await changesRoot(db, after, upTo)) === row.changes_root) continue
    const changes = `changes/${after + 1}-${upTo}`
    broken.push({ subject: changes, reason: 'unexplained', detail: 'changes by late readings are not what was sealed' })
  }
  return broken
}

type KeptDay = RankingDayTables['ranking_day']

const sealOf = ({ root, leaves, changes_after, changes_upto, changes_root, supply_root }: KeptDay) => ({
  ...{ root, leaves, changes_after, changes_upto, changes_root },
  ...(supply_root !== '' && { supply_root }),
})

interface SealedDay {
  readonly day: number
  readonly root: string
  readonly leaves: number
}

/** Whether the dwelling-days still have the root; if not, whether taking back what came late gives it. */
async function compareDay(
  db: LedgerDb,
  sealed: SealedDay,
  row: KeptDay | undefined,
  today: number,
): Promise<Omit<Difference, 'subject'> | undefined> {
  const now = await dayTree(db, sealed.day)
  if (now.root === sealed.root) return undefined
  if (now.leaves === 0 && today - sealed.day > dwellingDaysKept) {
    return { reason: 'noLongerCheckable', detail: 'the dwelling-days are older than they are kept' }
  }
  const changes = await changesAfter(db, sealed.day, row?.changes_upto ?? 0)
  const undone = new Map<string, { after: string; before: string }>()
  for (const change of changes.toReversed()) {
    const known = undone.get(probeKey(change))
    // The newest change must lead to what is there, and each one before to the one after.
    if (known && known.before !== change.after_leaf) continue
    undone.set(probeKey(change), { after: known?.after ?? change.after_leaf, before: change.before_leaf })
  }
  const then = await dayTree(db, sealed.day, (key, leaf) => {
    const change = undone.get(key)
    return change?.after === leaf ? change.before : leaf
  })
  if (then.root === sealed.root) {
    return { reason: 'late', detail: `${undone.size} dwelling-days were computed again from late readings` }
  }
  return { reason: 'unexplained', detail: 'dwelling-days were changed, added or removed without a trace' }
}

/** What late readings changed on a day after it was sealed, in order. */
const changesAfter = (db: LedgerDb, day: number, after: number) =>
  db
    .selectFrom('dwelling_day_change')
    .selectAll()
    .where('day', '=', day)
    .where('number', '>', after)
    .orderBy('number')
    .execute()

/** Whether the hours of circuits still have the root, without what came late. Seals of old have none. */
async function supplyAgrees(
  db: LedgerDb,
  { season }: Policy,
  { day, supply_root: root, changes_upto: upTo }: KeptDay,
): Promise<boolean> {
  return root === '' || (await supplyRoot(db, localDayNumbered(season.zone, day), upTo)) === root
}

/** Whether the roll-ups that are kept for a day follow from its dwelling-days, registry and exclusions. */
async function rollUpsAgree(db: LedgerDb, policy: Policy, day: number): Promise<boolean> {
  const inOrder = (rows: readonly object[]) => rows.map(canonicalJson).sort().join('\n')
  let followed = 0
  for await (const { buildings, places } of rollUpBuildings(db, policy, day)) {
    const kept = await db
      .selectFrom('roll_up_day')
      .selectAll()
      .where('day', '=', day)
      .where('building', 'in', buildings)
      .execute()
    if (inOrder(kept) !== inOrder(places)) return false
    followed += kept.length
  }
  const { rows } = await db
    .selectFrom('roll_up_day')
    .select(({ fn }) => fn.countAll<number>().as('rows'))
    .where('day', '=', day)
    .executeTakeFirstOrThrow()
  const firmsKept = await db.selectFrom('firm_day').selectAll().where('day', '=', day).execute()
  return rows === followed && inOrder(await firmDays(db, day)) === inOrder(firmsKept)
}
