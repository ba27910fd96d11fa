/**
 * What a day was like in one home, by one probe. A home with several probes has a row for each; the coldest room
 * decides, so the home's figure is that of the probe with most time below target.
 */
export interface DwellingDay {
  readonly dwelling: string
  readonly device: string
  /** Local date as days since 1970-01-01. */
  readonly day: number
  /** Time for which good samples speak. The rest of the day is unknown, not warm. */
  readonly coveredMs: number
  readonly belowTargetMs: number
  readonly below16Ms: number
  readonly below12Ms: number
  /** Kelvin hours missing to the target, to 16 °C and to 12 °C. */
  readonly deficitTargetKh: number
  readonly deficit16Kh: number
  readonly deficit12Kh: number
  /** Absent on a day without coverage. */
  readonly minC?: number
  readonly meanC?: number
}
