import type { Dialect } from 'kysely'
import type { LedgerDb, LedgerTransaction } from './database.ts'

/** What differs between the databases that can hold a ledger. */
export interface LedgerEngine {
  /** For people who have to find it. */
  readonly name: string
  readonly dialect: Dialect
  /** See `Ledger.write`. */
  write<T>(db: LedgerDb, work: (transaction: LedgerTransaction) => Promise<T>): Promise<T>
  /** See `Ledger.stage`. */
  stage<T>(db: LedgerDb, work: (transaction: LedgerTransaction) => Promise<T>): Promise<T>
  /** Which database this is: another one after it was put back from a copy. Undefined where nobody can tell. */
  origin(db: LedgerDb): Promise<string | undefined>
  /** Calls `onNews` soon after the stream has grown, whoever made it grow; where nobody tells, it never calls. */
  listen(onNews: () => void): Promise<{ close(): Promise<void> }>
}
