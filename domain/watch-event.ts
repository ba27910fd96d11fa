import type { ConditionEvent } from './condition.ts'
import type { FlagRule } from './flag.ts'

/** What ended a condition. */
export type ClearReason = 'recovered' | 'heard' | 'season' | 'contract' | 'silence' | 'moved' | 'registry'

/** What a machine says of one subject's condition; the shell knows the subject. Times are event times. */
export type FlagEvent =
  | {
      readonly kind: 'raised'
      readonly rule: FlagRule
      readonly since: number
      readonly raisedAt: number
      readonly value?: number
      readonly targetC?: number
      readonly history: boolean
    }
  | { readonly kind: 'announced'; readonly rule: FlagRule; readonly since: number; readonly at: number }
  | {
      readonly kind: 'cleared'
      readonly rule: FlagRule
      readonly since: number
      readonly clearedAt: number
      readonly by: ClearReason
      readonly history: boolean
    }

/** Takes flags' events, among others perhaps. */
export interface FlagEventSink {
  push(event: FlagEvent): unknown
}

/** A condition's event as a flag's event of a rule, at a time. */
export function flagEvent(
  event: ConditionEvent,
  rule: FlagRule,
  at: number,
  details: { readonly by?: ClearReason; readonly targetC?: number } = {},
): FlagEvent {
  const { since } = event
  switch (event.kind) {
    case 'raised': {
      const target = details.targetC === undefined ? {} : { targetC: details.targetC }
      return { kind: 'raised', rule, since, raisedAt: at, value: event.value, ...target, history: event.history }
    }
    case 'announced':
      return { kind: 'announced', rule, since, at }
    case 'cleared':
      return { kind: 'cleared', rule, since, clearedAt: at, by: details.by ?? 'recovered', history: event.history }
  }
}
