import type { Logger } from 'pino'

/** Work that is done every second would tell of a server that is away in thousands of lines. */
const tellAgainMs = 60_000

/** Tells the log of a failure of work that is tried again and again: at once, then once a minute while it lasts. */
export function toldSeldom(log: Pick<Logger, 'error'>): (error: unknown, message: string) => void {
  const toldMs = new Map<string, number>()
  return (error, message) => {
    const nowMs = performance.now()
    const before = toldMs.get(message)
    if (before !== undefined && nowMs - before < tellAgainMs) return
    toldMs.set(message, nowMs)
    log.error({ err: error }, message)
  }
}
