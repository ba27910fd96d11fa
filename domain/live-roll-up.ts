import type { RollUpFigure, RollUpLevel } from './telemetry-names.ts'
import { minuteMs } from './time.ts'

/**
 * What a place was like for ten minutes, for pages and dashboards that show a city as it is. The ranking does not use
 * these; its sums are whole days of homes (`roll-up.ts`).
 */

/** Probes of the field report every ten minutes at most times; a shorter period would be filled with repetition. */
export const rollUpPeriodMs = 10 * minuteMs

/** Beginning of the period that an instant lies in. Periods are the same everywhere: time zones differ by quarters of an hour. */
export const rollUpPeriodAt = (at: number): number => Math.floor(at / rollUpPeriodMs) * rollUpPeriodMs

/** What is not known is absent. */
export type RollUpFigures = Readonly<Partial<Record<RollUpFigure, number>>>

/** Where a place belongs, as far as it does. */
export interface RollUpPlace {
  readonly level: RollUpLevel
  readonly id: string
  readonly name: string
  readonly nameEn?: string
  readonly district?: string
  readonly firm?: string
  readonly source?: string
  readonly substation?: string
  readonly circuit?: string
}

export interface LiveRollUp {
  readonly place: RollUpPlace
  /** Beginning of the period. */
  readonly at: number
  /**
   * The figures speak of fewer than ten measured homes, by themselves or by subtraction from others: only who may see
   * the homes of the place may see them.
   */
  readonly few: boolean
  /** What is not known is absent. */
  readonly figures: RollUpFigures
}
