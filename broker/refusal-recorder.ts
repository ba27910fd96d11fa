import type { Refusal } from '#domain/identity.ts'
import { type Allowance, tryCharge } from './allowance.ts'
import type { BrokerLimits } from './limits.ts'

type RefusalLimits = Pick<
  BrokerLimits,
  'refusalRepeatMs' | 'refusalsBurst' | 'refusalsPerSecond' | 'refusalKeysMax' | 'topicLengthMax'
>

export interface RefusalRecorder {
  /** Reports a refusal unless it is one of too many; says which. `known`: the client named a known id. */
  record(refusal: Refusal, known: boolean): boolean
  counters(): { refusals: number; refusalsUnreported: number }
}

const clientIdLengthMax = 128

/**
 * Keeps a storm of refusals from flooding whoever stores them: the same one is reported once in a while, and strangers
 * have a budget of their own, so that they cannot hide why a known gateway is mute. Everything is counted.
 */
export function refusalRecorder(
  limits: RefusalLimits,
  report: (refusal: Refusal) => void,
  monotonicMs: () => number,
): RefusalRecorder {
  const rate = { perSecond: limits.refusalsPerSecond, burst: limits.refusalsBurst }
  const budgets: Record<'known' | 'strangers', Allowance> = { known: { doneAtMs: 0 }, strangers: { doneAtMs: 0 } }
  const reportedAt = new Map<string, number>()
  let refusals = 0
  let refusalsUnreported = 0

  function isRepeat(key: string, now: number): boolean {
    const before = reportedAt.get(key)
    return before !== undefined && now - before < limits.refusalRepeatMs
  }

  function remember(key: string, now: number): void {
    // Deleted first, so that the map stays in the order of the reports and the oldest is its first.
    reportedAt.delete(key)
    if (reportedAt.size >= limits.refusalKeysMax) {
      const oldest = reportedAt.keys().next()
      if (!oldest.done) reportedAt.delete(oldest.value)
    }
    reportedAt.set(key, now)
  }

  return {
    record(refusal, known) {
      refusals++
      const now = monotonicMs()
      const key = [refusal.clientId, refusal.address, refusal.action, refusal.reason].join('\n')
      if (isRepeat(key, now) || !tryCharge(known ? budgets.known : budgets.strangers, now, 1, rate)) {
        refusalsUnreported++
        return false
      }
      remember(key, now)
      report({
        ...refusal,
        clientId: printable(refusal.clientId, clientIdLengthMax),
        ...(refusal.topic !== undefined && { topic: printable(refusal.topic, limits.topicLengthMax) }),
      })
      return true
    },
    counters: () => ({ refusals, refusalsUnreported }),
  }
}

/** Strangers choose these texts, and people read them in a terminal. */
function printable(text: string, lengthMax: number): string {
  return text.slice(0, lengthMax).replace(/\p{C}/gu, '\ufffd')
}
