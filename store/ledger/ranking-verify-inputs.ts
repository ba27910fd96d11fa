import type { Policy } from '#domain/policy.ts'
import type { FirmInput } from '#domain/ranking.ts'
import type { FrozenInputs } from '#domain/ranking-record.ts'
import type { LedgerDb } from './database.ts'
import { canonicalJson } from './digest.ts'
import { supplyChanges } from './late-supply.ts'
import { firmInputs } from './ranking-inputs.ts'
import type { Difference, DifferenceReason } from './ranking-verify.ts'

/** A part of what a firm's points follow from, and what may have changed it since. */
interface Part {
  readonly detail: string
  of(input: FirmInput): unknown
  reason(input: FirmInput): DifferenceReason
}

/** What was found of the days behind the inputs. */
interface Found {
  /** Late readings changed days of homes. */
  readonly homesLate: boolean
  /** The hours of circuits are what was sealed, and what late readings are written down to have made of them. */
  readonly supplyTraced: boolean
  /** Of the registry. */
  readonly version: number
}

/** How today's inputs of firms differ from those that a list was frozen from, part by part. */
export async function compareInputs(
  db: LedgerDb,
  policy: Policy,
  frozen: FrozenInputs,
  { homesLate, supplyTraced, version }: Found,
): Promise<Difference[]> {
  const { period, publishedAt } = frozen
  const byFirm = (inputs: readonly FirmInput[]) => new Map(inputs.map((input) => [input.firm, input]))
  const today = byFirm(await firmInputs(db, policy, period))
  const supplyLate = (await supplyChanges(db, period, publishedAt)).some(({ takenBack }) => takenBack)
  /** Without what was told late of circuits. */
  const before = supplyLate ? byFirm(await firmInputs(db, policy, period, publishedAt)) : today
  const corrected = await correctionsSince(db, frozen, version)
  const corrects = corrected.measured ? 'correction' : 'unexplained'
  const brought: Part = {
    detail: 'imported figures or vetoes differ',
    of: ({ imported, vetoes }) => [imported, vetoes],
    reason: ({ firm }) => (corrected.brought.has(firm) ? 'correction' : 'unexplained'),
  }
  const homes: Part = {
    detail: 'figures of homes differ',
    of: ({ imported, vetoes, outage, edges, ...measured }) => measured,
    reason: () => (homesLate ? 'late' : corrects),
  }
  const supply: Part = {
    detail: 'outages or opening hours differ',
    of: ({ outage, edges }) => [outage ?? null, edges ?? null],
    reason: (input) => (supplyTraced && same(supply, before.get(input.firm), input) ? 'late' : corrects),
  }
  const differences: Difference[] = []
  for (const input of frozen.inputs) {
    for (const part of [brought, homes, supply]) {
      if (same(part, today.get(input.firm), input)) continue
      differences.push({ subject: `firm/${input.firm}`, reason: part.reason(input), detail: part.detail })
    }
  }
  return differences
}

const same = ({ of }: Part, now: FirmInput | undefined, then: FirmInput): boolean =>
  now !== undefined && canonicalJson(of(now)) === canonicalJson(of(then))

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
