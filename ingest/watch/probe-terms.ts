import type { ProbeTerms } from '#domain/dwelling-watch.ts'
import { type Policy, type PolicyDay, policyLookup } from '#domain/policy.ts'
import type { Directory, Placement } from './directory.ts'

/** What the policy and the registry say of a probe at a time. */
export interface ProbeTermsSource {
  dayAt(at: number): PolicyDay
  /** First local day that is not closed at a time of the service's clock. */
  openSinceDay(now: number): number
  terms(placement: ProbePlacement, dwelling: number, at: number, openSinceDay: number): ProbeTerms
}

export type ProbePlacement = Pick<Placement, 'samplingMs' | 'reportingMs' | 'toleranceK'>

export function createProbeTerms(policy: Policy, directory: Pick<Directory, 'contractAt'>): ProbeTermsSource {
  const dayAt = policyLookup(policy)
  // Looked up in turn with the day of the sample: each keeps its own last answer.
  const closingDayAt = policyLookup(policy)
  return {
    dayAt,
    openSinceDay(now) {
      const { rules } = closingDayAt(now)
      return closingDayAt(now - rules.dayClosesAfterMs).day
    },
    terms({ samplingMs, reportingMs, toleranceK }, dwelling, at, openSinceDay) {
      const day = dayAt(at)
      const isDemanded = day.inSeason && directory.contractAt(dwelling, at) === 'heated'
      return {
        rules: day.rules,
        day,
        ...(isDemanded && { demand: { targetC: day.rules.targetC, toleranceK } }),
        noDemand: day.inSeason ? 'contract' : 'season',
        samplingMs,
        reportingMs,
        openSinceDay,
      }
    },
  }
}
