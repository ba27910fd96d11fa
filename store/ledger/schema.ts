import type { AuditTables } from './audit.ts'
import type { ReaderPositionTables } from './reader-positions.ts'
import type { SignalTables } from './signals.ts'

/** Every table of the ledger. Each repository file describes its own; the names here must match the migrations. */
export type LedgerSchema = AuditTables & ReaderPositionTables & SignalTables
