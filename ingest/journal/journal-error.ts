/** Why the journal cannot do what it was asked; the edge stops when it cannot write. */
export type JournalErrorCode =
  /** A write or a sync failed: nothing more is acked. */
  | 'journal_write_failed'
  /** The disk bound is reached and the memory for withheld deliveries too. */
  | 'journal_full'
  | 'journal_closed'
  /** No record can hold the delivery. */
  | 'delivery_too_large'
  /** Bytes that had been durable cannot be read any more. */
  | 'journal_damaged'
  /** A reader's position lies outside the journal. */
  | 'journal_not_of_readers'
  | 'journal_options'

export class JournalError extends Error {
  readonly code: JournalErrorCode

  constructor(code: JournalErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

const noRoomCodes: readonly unknown[] = ['ENOSPC', 'EDQUOT']

/** True for an error of a disk, or a quota, without room: what failed may succeed when somebody has made some. */
export const isNoRoom = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && noRoomCodes.includes(error.code)
