import { z } from 'zod'

export const flagSubjectKinds = ['dwelling', 'device', 'gateway', 'source', 'substation', 'circuit'] as const
export type FlagSubjectKind = (typeof flagSubjectKinds)[number]

/** Rules that raise flags. Tiers of cold are rules of their own: a dwelling at 11 °C has three of them open. */
export const flagRules = [
  'belowTarget',
  'below16',
  'below12',
  'below5',
  'probeSilent',
  'openWindow',
  'gatewaySilent',
  'plantSilent',
  'noFlow',
  'supplyUnderCurve',
  'stationAlarm',
] as const
export const flagRuleSchema = z.enum(flagRules)
export type FlagRule = z.infer<typeof flagRuleSchema>

export const coldRules: readonly FlagRule[] = ['belowTarget', 'below16', 'below12', 'below5']

/** Same history, same key: subject, rule and event time of the beginning. */
export const flagKey = (kind: FlagSubjectKind, subject: string, rule: FlagRule, since: number) =>
  `${kind}/${subject}/${rule}/${since}`

/** A condition that is or was open on a subject. Times are event time, epoch milliseconds. */
export interface Flag {
  readonly key: string
  readonly subjectKind: FlagSubjectKind
  readonly subject: string
  readonly rule: FlagRule
  /** Beginning of the condition. */
  readonly since: number
  /** When the rule's hold time was over and the flag was raised. */
  readonly raisedAt: number
  readonly clearedAt?: number
  /** Value that raised it, in the rule's unit; absent for silence. */
  readonly value?: number
  /** Target in °C that was missed, for cold rules. */
  readonly targetC?: number
  /** Raised or cleared from backlog or while catching up: history, nobody is told. */
  readonly history: boolean
}
