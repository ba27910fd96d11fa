/**
 * Rate-of-change test over the samples of one probe. A sample that changed faster than a room can is suspect and
 * waits; the next sample decides. If that one agrees with it, the room really changed and both count; if it agrees
 * with what was before, the suspect was a spike and never counts.
 */
export interface Sequence {
  /** Last good sample. */
  readonly good?: TimedValue
  /** Suspect, and waiting for its neighbour. */
  readonly suspect?: TimedValue
}

export interface TimedValue {
  readonly at: number
  readonly c: number
}

export interface RateLimit {
  readonly perHour: number
  /** A change up to this is believed at any speed. */
  readonly allowance: number
}

/** Takes the next sample in order of time; gives the samples that are now known to be good, oldest first. */
export function nextInSequence(
  state: Sequence,
  sample: TimedValue,
  limit: RateLimit,
): { state: Sequence; good: readonly TimedValue[] } {
  const { good, suspect } = state
  if (!good || agrees(good, sample, limit)) return { state: { good: sample }, good: [sample] }
  if (suspect && agrees(suspect, sample, limit)) return { state: { good: sample }, good: [suspect, sample] }
  return { state: { good, suspect: sample }, good: [] }
}

function agrees(before: TimedValue, after: TimedValue, limit: RateLimit): boolean {
  const hours = (after.at - before.at) / 3_600_000
  return Math.abs(after.c - before.c) <= limit.allowance + limit.perHour * hours
}
