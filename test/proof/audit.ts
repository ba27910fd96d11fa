import { type LedgerDb, openLedger } from '#store/ledger/database.ts'
import { readProgress } from '#store/ledger/reader-positions.ts'
import { openSqliteTelemetry } from '#store/telemetry/sqlite/store.ts'
import type { TelemetryStore } from '#store/telemetry/telemetry-store.ts'
import type { DataFolder } from '../../commands/data-folder.ts'
import { auditDays } from './audit-days.ts'
import { auditReadings } from './audit-readings.ts'
import { auditSignals } from './audit-signals.ts'
import type { GatewayFeed } from './feed.ts'
import type { SentLedger } from './sent-ledger.ts'
import { type Tally, tally } from './tally.ts'

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
export async function audit(
  folder: DataFolder,
  { feeds, sent }: AuditInput,
  openTelemetry: () => Promise<TelemetryStore> = () => openSqliteTelemetry({ directory: folder.telemetry }),
): Promise<Audit> {
  const count = tally()
  const telemetry = await openTelemetry()
  const ledger = await openLedger(folder.ledger)
  try {
    const { stored } = await auditReadings(telemetry, sent, count)
    await auditQuarantine(ledger.db, sent, count)
    await auditSignals(ledger.db, feeds, count)
    await auditDays(ledger.db, feeds, count)
    await auditCounters(ledger.db, telemetry, sent, count)
    return { acked: sent.ackedReadings().length, stored, ...count.result() }
  } finally {
    await ledger.close()
    await telemetry.close()
  }
}

/** Every delivery that could not be taken whole is kept once, though it was sent and journaled more often. */
async function auditQuarantine(db: LedgerDb, sent: SentLedger, count: Tally): Promise<void> {
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
async function auditCounters(db: LedgerDb, store: TelemetryStore, sent: SentLedger, count: Tally): Promise<void> {
  const readings = sent.ackedReadings().length
  const quarantine = (await readProgress(db, 'quarantine')).counters
  const { deliveries = 0, taken = 0, repeats = 0, rejected = 0, status = 0 } = quarantine
  count.compare('deliveries by outcome', deliveries, taken + repeats + rejected + status)
  count.compare('deliveries counted', sent.ackedMessages(), taken + rejected)
  count.compare('readings counted by quarantine', readings, quarantine.readings ?? 0)
  const watch = (await readProgress(db, 'watch')).counters
  count.compare('readings counted by the watch', readings, watch.readings ?? 0)
  const telemetry = (await store.progress()).counters
  count.compare('readings counted by telemetry', readings, telemetry.readings ?? 0)
  count.compare('readings counted as stored', readings, telemetry.stored ?? 0)
}
