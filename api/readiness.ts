import { streamHead } from '#store/ledger/signals.ts'
import type { ApiDeps } from './deps.ts'

/** A store that takes longer to answer one look-up is of no use to anybody who waits. */
const checkMsMax = 3_000

/** Why the service cannot do its work; empty where it can. */
export async function notReadyReasons({
  ledger,
  telemetry,
  notReady,
}: Pick<ApiDeps, 'ledger' | 'telemetry' | 'notReady'>): Promise<string[]> {
  const reasons = await Promise.all([
    check('ledger', () => streamHead(ledger.db)),
    check('telemetry', () => (telemetry.check ? telemetry.check() : telemetry.usage())),
    notReady?.() ?? [],
  ])
  return reasons.flat()
}

async function check(name: string, look: () => Promise<unknown>): Promise<string[]> {
  const { promise: late, resolve } = Promise.withResolvers<string[]>()
  const timer = setTimeout(() => resolve([`${name}: no answer in ${checkMsMax} ms`]), checkMsMax)
  try {
    return await Promise.race([late, look().then(() => [])])
  } catch (error) {
    return [`${name}: ${error instanceof Error ? error.message : String(error)}`]
  } finally {
    clearTimeout(timer)
  }
}
