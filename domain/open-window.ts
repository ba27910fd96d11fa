import type { ConditionEvent } from './condition.ts'
import type { Rules } from './policy.ts'
import type { TimedValue } from './sequence.ts'

/** Whether a window seems to be open: a fall far faster than that of a flat whose heating stopped. */
export type OpenWindow =
  | { readonly kind: 'shut'; readonly peak?: TimedValue }
  | {
      readonly kind: 'open'
      readonly since: number
      readonly told: boolean
      /** Temperature before the fall, and the lowest since. */
      readonly beforeC: number
      readonly lowestC: number
    }

export const shut: OpenWindow = { kind: 'shut' }

/** Takes the next good sample of a probe that samples often enough. */
export function nextOpenWindow(
  state: OpenWindow,
  sample: TimedValue,
  rules: Rules['openWindow'],
  history: boolean,
): { state: OpenWindow; event?: ConditionEvent } {
  if (state.kind === 'shut') {
    const peak = state.peak
    if (!peak || sample.c >= peak.c || sample.at - peak.at > rules.withinMs)
      return { state: { kind: 'shut', peak: sample } }
    if (peak.c - sample.c < rules.dropK) return { state }
    const since = peak.at
    return {
      state: { kind: 'open', since, told: !history, beforeC: peak.c, lowestC: sample.c },
      event: { kind: 'raised', since, value: sample.c, history },
    }
  }
  const lowestC = Math.min(state.lowestC, sample.c)
  const recoveredC = lowestC + rules.recoveredShare * (state.beforeC - lowestC)
  if (sample.c >= recoveredC || sample.at - state.since > rules.lastsMsMax) {
    const event = { kind: 'cleared', since: state.since, history: history || !state.told } as const
    return { state: { kind: 'shut', peak: sample }, event }
  }
  const confirmed = !state.told && !history
  return {
    state: { ...state, lowestC, told: state.told || confirmed },
    ...(confirmed && { event: { kind: 'announced', since: state.since } as const }),
  }
}
