import type { measurements } from '#domain/telemetry-names.ts'

type Measurements = typeof measurements
/** What dashboards show beside readings and roll-ups. */
export type FactKind = Exclude<keyof Measurements, 'reading' | 'rollUp'>

/** One point by the names of `telemetry-names.ts`: the compiler knows which tags and fields a kind has. */
export type Fact = {
  [Kind in FactKind]: {
    readonly kind: Kind
    readonly tags: Readonly<Record<keyof Measurements[Kind]['tags'], string>>
    /** What is not known is absent. */
    readonly fields: Readonly<Partial<Record<keyof Measurements[Kind]['fields'], number | string>>>
    readonly at: number
  }
}[FactKind]

/** Keeps facts where dashboards ask for them. To write one again changes nothing. */
export interface FactStore {
  writeFacts(facts: readonly Fact[]): Promise<void>
}
