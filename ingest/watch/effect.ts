import type { DaySums } from '#domain/dwelling-day.ts'
import type { FlagEvent } from '#domain/watch-event.ts'
import type { DayKey } from '#store/ledger/dwelling-days.ts'
import type { LateSupply } from '#store/ledger/late-supply.ts'
import type { Outage } from '#store/ledger/outages.ts'
import type { Weather } from '#store/ledger/weather.ts'

/** Who or what a flag is about, and how its place is found. */
export type FlagSubject =
  | { readonly kind: 'dwelling'; readonly id: string; readonly dwelling: string; readonly device: string }
  | { readonly kind: 'device'; readonly id: string; readonly dwelling: string; readonly device: string }
  | { readonly kind: 'gateway'; readonly id: string }
  | { readonly kind: 'source' | 'substation' | 'circuit'; readonly id: string }

/** Something that the watch found, in the order of the journal. `now` is the journal's time of receipt. */
export type Effect =
  | { readonly kind: 'flag'; readonly subject: FlagSubject; readonly event: FlagEvent; readonly now: number }
  | { readonly kind: 'clock'; readonly now: number }
  | { readonly kind: 'outage'; readonly outage: Outage; readonly now: number }
  | { readonly kind: 'day'; readonly key: DayKey; readonly sums: DaySums; readonly position: number }
  | { readonly kind: 'dayWrong'; readonly key: DayKey; readonly position: number }
  | { readonly kind: 'supplyLate'; readonly late: LateSupply }
  | { readonly kind: 'weather'; readonly weather: Weather; readonly now: number }
