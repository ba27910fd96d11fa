import type { MetricName } from './metric.ts'
import { quality } from './quality.ts'
import type { Sample } from './reading.ts'
import type { LocalDay } from './season.ts'
import { hourMs } from './time.ts'

/** What tells whether water flows, and how warm it is: of each the first that a plant measures. */
export const flowMetrics: readonly MetricName[] = ['secondary_flow_m3h', 'pump_running', 'pump_frequency_hz']
export const supplyMetrics: readonly MetricName[] = ['secondary_supply_temperature_c', 'primary_supply_temperature_c']

/** What a plant told of its circuit on one day; absent where it has no such sensor. */
export interface SupplySamples {
  /** Flow, or what stands for it: a pump that runs, its frequency. */
  readonly flow?: readonly Sample[]
  /** At or below this nothing flows. */
  readonly flowStill: number
  readonly supplyC?: readonly Sample[]
}

/** Hours of a local day as bits, the first hour lowest. */
export interface SupplyHours {
  /** Something good was heard. */
  readonly heard: number
  /** Water flowed at some time in the hour; all hours where nothing measures it. */
  readonly flowing: number
  /** It was warm enough to heat at some time in the hour; all hours where nothing measures it. */
  readonly warm: number
}

/**
 * Water of this temperature heats a room of 20 °C a little. Floor heating, which needs the least, has 31 °C on a day
 * of 5 °C; anything below this is no heat, whatever flows.
 */
export const usefulSupplyCMin = 28

/** An hour counts by its best reading: a circuit is without only when the whole hour is. */
export function supplyHours({ flow, flowStill, supplyC }: SupplySamples, day: LocalDay): SupplyHours {
  const all = hoursOf(day)
  return {
    heard: hoursWith(flow ?? [], day, () => true) | hoursWith(supplyC ?? [], day, () => true),
    flowing: flow === undefined ? all : hoursWith(flow, day, (value) => value > flowStill),
    warm: supplyC === undefined ? all : hoursWith(supplyC, day, (value) => value >= usefulSupplyCMin),
  }
}

/** Every hour of a day: 24, or one more or less when clocks are changed. */
export const hoursOf = ({ beginsAt, endsAt }: LocalDay): number => 2 ** Math.round((endsAt - beginsAt) / hourMs) - 1

function hoursWith(samples: readonly Sample[], { beginsAt, endsAt }: LocalDay, counts: (value: number) => boolean) {
  let hours = 0
  for (const { at, value, quality: judged } of samples) {
    const isGood = judged === quality.good || judged === quality.unknown
    if (isGood && at >= beginsAt && at < endsAt && counts(value)) hours |= 1 << Math.floor((at - beginsAt) / hourMs)
  }
  return hours
}

/** Whether a circuit was open in an hour of the day: heard, flowing and warm. Silence proves no heat. */
export const isOpen = ({ heard, flowing, warm }: SupplyHours, hour: number): boolean =>
  (heard & flowing & warm & (1 << hour)) !== 0

/** How many of the first hours of a day a circuit was open. */
export const openHours = (supply: SupplyHours, hours: number): number =>
  Array.from({ length: hours }, (_, hour) => hour).filter((hour) => isOpen(supply, hour)).length

/** Whether water that was too cold to heat is proven for an hour. */
export const isCold = ({ heard, warm }: Pick<SupplyHours, 'heard' | 'warm'>, hour: number): boolean =>
  (heard & ~warm & (1 << hour)) !== 0
