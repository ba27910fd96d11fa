/**
 * The one machine behind every rule that raises a flag: something is bad for long enough, then it is open; it is well
 * for long enough, then it is over. Time comes only with the observations.
 */
export type Condition =
  | { readonly kind: 'normal' }
  /** Bad, but not yet for long enough. */
  | { readonly kind: 'pending'; readonly since: number; readonly samples: number; readonly value: number }
  | {
      readonly kind: 'open'
      readonly since: number
      /** Whether people were told; one that began in backlog is not, until a live sample confirms it. */
      readonly told: boolean
      /** Since when it is well beyond the margin, and since when it is at least just well. */
      readonly clearSince?: number
      readonly wellSince?: number
    }

export interface ConditionHolds {
  readonly raiseMs: number
  readonly raiseSamples: number
  /** How long it must be well beyond the margin, or else just well, until it is over. */
  readonly clearMs: number
  readonly wellMs: number
}

export interface Observation {
  readonly at: number
  /** The measured value, for the flag. */
  readonly value: number
  /** `between` is neither bad enough to raise nor good enough to clear. */
  readonly verdict: 'bad' | 'between' | 'well' | 'clear'
  /** True where so long a time lies before this observation that nothing is known of it: holds begin anew. */
  readonly gap: boolean
  /** True for backlog and while catching up: nobody is told. */
  readonly history: boolean
}

export type ConditionEvent =
  | { readonly kind: 'raised'; readonly since: number; readonly value: number; readonly history: boolean }
  /** Raised in history, and still true now. */
  | { readonly kind: 'announced'; readonly since: number }
  /** History where nobody was told that it began, or where it ended in backlog. */
  | { readonly kind: 'cleared'; readonly since: number; readonly history: boolean }

interface ConditionStep {
  readonly state: Condition
  readonly event?: ConditionEvent
}

export const normal: Condition = { kind: 'normal' }

export function nextCondition(state: Condition, seen: Observation, holds: ConditionHolds): ConditionStep {
  switch (state.kind) {
    case 'normal':
      return seen.verdict === 'bad'
        ? hold({ kind: 'pending', since: seen.at, samples: 0, value: seen.value })
        : { state }
    case 'pending':
      if (seen.verdict !== 'bad') return { state: normal }
      return hold(seen.gap ? { kind: 'pending', since: seen.at, samples: 0, value: seen.value } : state)
    case 'open':
      return recover(state)
  }

  function hold(pending: Condition & { kind: 'pending' }): ConditionStep {
    const samples = pending.samples + 1
    if (samples < holds.raiseSamples || seen.at - pending.since < holds.raiseMs)
      return { state: { ...pending, samples } }
    const { since } = pending
    return {
      state: { kind: 'open', since, told: !seen.history },
      event: { kind: 'raised', since, value: seen.value, history: seen.history },
    }
  }

  function recover(open: Condition & { kind: 'open' }): ConditionStep {
    const { since, told } = open
    const isWell = seen.verdict === 'well' || seen.verdict === 'clear'
    const wellSince = isWell ? ((seen.gap ? undefined : open.wellSince) ?? seen.at) : undefined
    const clearSince = seen.verdict === 'clear' ? ((seen.gap ? undefined : open.clearSince) ?? seen.at) : undefined
    const over =
      (clearSince !== undefined && seen.at - clearSince >= holds.clearMs) ||
      (wellSince !== undefined && seen.at - wellSince >= holds.wellMs)
    if (over) return { state: normal, event: { kind: 'cleared', since, history: seen.history || !told } }
    const state: Condition = {
      kind: 'open',
      since,
      told: told || !seen.history,
      ...(clearSince !== undefined && { clearSince }),
      ...(wellSince !== undefined && { wellSince }),
    }
    return told || seen.history ? { state } : { state, event: { kind: 'announced', since } }
  }
}

/** Tells of a condition that was raised in history, because the clock says that it is still true. */
export function announce(state: Condition): ConditionStep {
  if (state.kind !== 'open' || state.told) return { state }
  return { state: { ...state, told: true }, event: { kind: 'announced', since: state.since } }
}

/** Ends a condition because its rule no longer applies or its evidence is gone. */
export function withdraw(state: Condition, history: boolean): ConditionStep {
  if (state.kind !== 'open') return { state: normal }
  return { state: normal, event: { kind: 'cleared', since: state.since, history: history || !state.told } }
}
