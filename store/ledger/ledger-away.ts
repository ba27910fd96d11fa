/** The ledger's server, or its file, cannot be used now: trying again later may help, trying otherwise does not. */
export class LedgerAwayError extends Error {
  readonly code = 'ledger_away'
}

/** The server answers and does not let us in: somebody has to change a password, a role, a database or a URL. */
class LedgerRefusedError extends Error {
  readonly code = 'ledger_refused'
}
/** SQLSTATE classes of a wrong user or password, and of a database that is not there. */
const refusing = /^(28|3D)/

/**
 * SQLSTATE classes and codes after which the same work may succeed: no connection, too many of them, a server that
 * stops or starts, a full disk, a lock that was not to be had.
 */
const passing = /^(08|53|57P0[1-5]|55P03|40|58|25006|25P03)/
const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
])
/** What node-postgres says without a code. */
const brokenConnection = /Connection terminated|connection timeout|trying to connect|not queryable|client was closed/i

/** The error to throw for one of node-postgres: with a name for what passes and for who is refused. */
export function ledgerFailure(error: unknown, name: string): unknown {
  if (!(error instanceof Error)) return error
  if ('code' in error && refusing.test(String(error.code))) {
    return new LedgerRefusedError(`${name} refuses us: ${error.message}`, { cause: error })
  }
  if (!isPassing(error)) return error
  return new LedgerAwayError(
    `${name} cannot be used: ${error.message || ('code' in error ? error.code : error.name)}`,
    {
      cause: error,
    },
  )
}

function isPassing(error: Error): boolean {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  if (code !== undefined) return networkCodes.has(code) || passing.test(code)
  return brokenConnection.test(error.message)
}

/** SQLite's codes after which the same work may succeed, and what is to be done about them. */
const passingInFile: Readonly<Record<number, string>> = {
  5: 'another process holds it for too long',
  10: 'its disk fails; see to the disk',
  13: 'its disk is full; make room',
}

/** The error to throw for one of SQLite: with a name for what passes. */
export function ledgerFileFailure(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 255 : 0
  const reason = passingInFile[code]
  return reason === undefined ? error : new LedgerAwayError(`${path} cannot be used: ${reason}`, { cause: error })
}

/** True for an error about the server or file and our way into it, not about what was asked of it. */
export const isServerFailure = (error: unknown): error is LedgerAwayError | LedgerRefusedError =>
  error instanceof LedgerAwayError || error instanceof LedgerRefusedError
