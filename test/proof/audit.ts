import { type LedgerDb, openLedger } from '#store/ledger/database.ts'
import { readProgress } from '#store/ledger/reader-positions.ts'
import type { DataFolder } from '../../commands/data-folder.ts'
import { auditDays } from './audit-days.ts'
import { auditReadings } from './audit-readings.ts'
import { auditSignals } from './audit-signals.ts'
import type { GatewayFeed } from './feed.ts'
import type { SentLedger } from './sent-ledger.ts'
import { tally } from './tally.ts'

export interface AuditInput {
  readonly feeds: readonly GatewayFeed[]
  readonly sent: SentLedger
}

/** What the stores hold against what was sent and acked. */
export interface Audit {
  /** Readings that were acked, and those of them that are stored. */
  readonly acked: number
  readonly stored: number
  /** Over readings, signals, minutes of dwelling days, quarantined deliveries and counters. */
  readonly missing: number
  readonly duplicated: number
  /** One line for each kind of thing that is wrong. */
  readonly findings: readonly string[]
}

/** Compares a stopped service's stores with what was sent. Nothing of the pipeline is used to judge it. */
export async function audit(folder: DataFolder, { feeds, sent }: AuditInput): Promise<Audit> {
  const count = tally()
  const { stored } = await auditReadings(folder, sent, count)
  const ledger = await openLedger(folder.ledger)
  try {
    await auditQuarantine(ledger.db, sent, count)
    await auditSignals(ledger.db, feeds, count)
    await auditDays(ledger.db, feeds, count)
    await auditCounters(ledger.db, sent, count)
  } finally {
    await ledger.close()
  }
  return { acked: sent.ackedReadings().length, stored, ...count.result() }
}

/** Every delivery that could not be taken whole is kept once, though it was sent and journaled more often. */
async function auditQuarantine(db: LedgerDb, sent: SentLedger, count: ReturnType<typeof tally>): Promise<void> {
  const rows = await db.selectFrom('quarantine_delivery').select('payload').execute()
  const kept = new Map<string, number>()
  for (const { payload } of rows) {
    const text = Buffer.from(payload).toString()
    kept.set(text, (kept.get(text) ?? 0) + 1)
  }
  for (const payload of sent.ackedRejects()) count.compare('quarantined deliveries', 1, kept.get(payload) ?? 0)
}

/**
 * The counters that `/metrics` shows. A message that was sent again may lie in the journal twice; then the second
 * one counts as a repeat and nothing else.
 */
async function auditCounters(db: LedgerDb, sent: SentLedger, count: ReturnType<typeof tally>): Promise<void> {
  for (const reader of ['watch', 'quarantine']) {
    const { counters } = await readProgress(db, reader)
    const { deliveries, taken, repeats = 0, rejected = 0, status = 0 } = counters
    if (deliveries === undefined || taken === undefined) continue
    count.compare(`deliveries by outcome of the ${reader} reader`, deliveries, taken + repeats + rejected + status)
    count.compare(`deliveries of the ${reader} reader`, sent.ackedMessages(), taken + rejected)
  }
}
