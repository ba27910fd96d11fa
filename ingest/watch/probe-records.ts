import type { Condition } from '#domain/condition.ts'
import type { ProbeState } from '#domain/dwelling-watch.ts'
import { coldRules } from '#domain/flag.ts'
import type { OpenWindow } from '#domain/open-window.ts'
import type { RecordPool } from './record-pool.ts'

/*
 * What few probes have beside their columns, as records of numbers: a suspect sample, a silence, conditions that are
 * pending or open, an open window.
 */

/** The place of a record that there is none of. */
export const noRecord = -1

const conditionFields = 4
const fields = { goodAt: 0, goodC: 1, suspectAt: 2, suspectC: 3, silentSince: 4, wrongDay: 5, cold: 6 } as const
export const stateFields = fields.cold + coldRules.length * conditionFields
export const windowFields = 4

/** Absent numbers of a record. */
const absent = Number.NaN
const optional = (value: number | undefined): number | undefined =>
  value === undefined || Number.isNaN(value) ? undefined : value

export function readRecord(pool: RecordPool, place: number): number[] {
  const values: number[] = []
  for (let field = 0; field < pool.fields; field += 1) values.push(pool.get(place, field))
  return values
}

/** Writes a record, takes one where there was none, frees it where there is nothing to keep; returns its place. */
export function putRecord(pool: RecordPool, place: number, values: readonly number[] | undefined): number {
  if (!values) {
    if (place !== noRecord) pool.free(place)
    return noRecord
  }
  const kept = place === noRecord ? pool.take() : place
  for (let field = 0; field < values.length; field += 1) pool.set(kept, field, values[field] as number)
  return kept
}

/** What of a state is in no column. */
export function stateRecord(state: ProbeState): number[] {
  const { good, suspect } = state.sequence
  return [
    good?.at ?? absent,
    good?.c ?? absent,
    suspect?.at ?? absent,
    suspect?.c ?? absent,
    state.silence.silentSince ?? absent,
    state.wrongDay ?? absent,
    ...state.cold.flatMap(conditionRecord),
  ]
}

/** The part of a state that its record holds. */
export function stateFrom(values: readonly number[]): Pick<ProbeState, 'sequence' | 'silence' | 'cold' | 'wrongDay'> {
  const good = timedValue(values, fields.goodAt)
  const suspect = timedValue(values, fields.suspectAt)
  const silentSince = optional(values[fields.silentSince])
  const wrongDay = optional(values[fields.wrongDay])
  return {
    sequence: { ...(good && { good }), ...(suspect && { suspect }) },
    silence: silentSince === undefined ? {} : { silentSince },
    cold: coldRules.map((_, rule) => conditionFrom(values, rule)),
    ...(wrongDay !== undefined && { wrongDay }),
  }
}

function timedValue(values: readonly number[], field: number): { at: number; c: number } | undefined {
  const at = optional(values[field])
  return at === undefined ? undefined : { at, c: values[field + 1] as number }
}

/** Kind and flags in one number, so that a condition takes four. */
const conditionKinds = { normal: 0, pending: 1, untold: 2, told: 3 } as const
const samplesFactor = 8

function conditionRecord(condition: Condition): number[] {
  switch (condition.kind) {
    case 'normal':
      return [conditionKinds.normal, absent, absent, absent]
    case 'pending':
      return [conditionKinds.pending + samplesFactor * condition.samples, condition.since, condition.value, absent]
    case 'open': {
      const kind = condition.told ? conditionKinds.told : conditionKinds.untold
      return [kind, condition.since, condition.clearSince ?? absent, condition.wellSince ?? absent]
    }
  }
}

/** The condition of one cold rule, by its index in `coldRules`. */
export function conditionFrom(values: readonly number[], rule: number): Condition {
  const start = fields.cold + rule * conditionFields
  const [code = 0, since = 0, third = absent, fourth = absent] = values.slice(start, start + conditionFields)
  const kind = code % samplesFactor
  if (kind === conditionKinds.normal) return { kind: 'normal' }
  if (kind === conditionKinds.pending) {
    return { kind: 'pending', since, samples: Math.floor(code / samplesFactor), value: third }
  }
  const clearSince = optional(third)
  const wellSince = optional(fourth)
  return {
    kind: 'open',
    since,
    told: kind === conditionKinds.told,
    ...(clearSince !== undefined && { clearSince }),
    ...(wellSince !== undefined && { wellSince }),
  }
}

const windowKinds = { shut: 0, untold: 1, told: 2 } as const

/** Undefined for a shut window without a peak. */
export function windowRecord(window: OpenWindow): number[] | undefined {
  if (window.kind === 'open') {
    const kind = window.told ? windowKinds.told : windowKinds.untold
    return [kind, window.since, window.beforeC, window.lowestC]
  }
  return window.peak && [windowKinds.shut, window.peak.at, window.peak.c, absent]
}

export function windowFrom(values: readonly number[]): OpenWindow {
  const [kind = 0, at = 0, c = 0, lowestC = 0] = values
  if (kind === windowKinds.shut) return { kind: 'shut', peak: { at, c } }
  return { kind: 'open', since: at, told: kind === windowKinds.told, beforeC: c, lowestC }
}
