import type { Rules } from './policy.ts'

/** Whether something that reports was heard lately. What was never heard is not silent: it waits to be commissioned. */
export interface Silence {
  /** Service's clock when it was last heard; undefined before the first time. */
  readonly heardAt?: number
  /** Beginning of a silence that is flagged: when it was last heard. */
  readonly silentSince?: number
}

export type SilenceEvent =
  | { readonly kind: 'raised'; readonly since: number }
  | { readonly kind: 'cleared'; readonly since: number }

/** How long something may be quiet before three reports are missed for sure. */
export const silentAfterMs = (reportingMs: number, rules: Rules['silence']): number =>
  rules.missedReports * reportingMs + rules.jitterMs

export function heard(state: Silence, receivedAt: number): { state: Silence; event?: SilenceEvent } {
  const heardAt = Math.max(state.heardAt ?? 0, receivedAt)
  if (state.silentSince === undefined) return { state: { heardAt } }
  return { state: { heardAt }, event: { kind: 'cleared', since: state.silentSince } }
}

/** `quietMs` is the time since it was last heard in which Warmcity itself was up and watching. */
export function watchSilence(
  state: Silence,
  quietMs: number,
  allowedMs: number,
): { state: Silence; event?: SilenceEvent } {
  if (state.heardAt === undefined || state.silentSince !== undefined || quietMs < allowedMs) return { state }
  return {
    state: { ...state, silentSince: state.heardAt },
    event: { kind: 'raised', since: state.heardAt },
  }
}

/** A time when Warmcity was down or catching up, which is nobody's silence. */
export interface Downtime {
  readonly beganAt: number
  readonly endedAt: number
}

/** Time between two instants in which Warmcity was watching. Downtimes are in order and do not overlap. */
export function watchedMs(downtimes: readonly Downtime[], from: number, to: number): number {
  let watched = Math.max(0, to - from)
  for (let index = downtimes.length - 1; index >= 0; index -= 1) {
    const downtime = downtimes[index]
    if (!downtime || downtime.endedAt <= from) break
    watched -= Math.max(0, Math.min(to, downtime.endedAt) - Math.max(from, downtime.beganAt))
  }
  return Math.max(0, watched)
}
