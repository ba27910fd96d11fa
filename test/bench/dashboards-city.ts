import type { LiveRollUp, RollUpFigures, RollUpPlace } from '#domain/live-roll-up.ts'
import { hourMs } from '#domain/time.ts'

/** A city as roll-ups see it: who belongs where, and made-up figures that look like a winter. */

export interface BenchShape {
  readonly buildings: number
  readonly substations: number
  readonly sources: number
  readonly firms: number
  readonly districts: number
}

/** Figures of one place in one hour: each has its own level and the same day. */
function figuresOf(place: number, homes: number, at: number): RollUpFigures {
  const hour = (at / hourMs) % 24
  const swing = Math.sin(((hour - 15) / 24) * 2 * Math.PI)
  const level = 20.5 + ((place * 7919) % 100) / 50 + 0.4 * swing
  const cold = Math.max(0, Math.round(homes * (0.08 - (level - 20.5) / 40)))
  return {
    dwellings_heated: homes,
    dwellings_probed: homes,
    dwellings_measured: homes - (place % 3),
    dwellings_below_target: cold,
    dwellings_below_16: Math.round(cold / 10),
    dwellings_below_12: 0,
    dwellings_below_5: 0,
    degree_hours_below_target: Math.round(cold * 80) / 100,
    indoor_p10_c: Math.round((level - 1.2) * 100) / 100,
    indoor_p50_c: Math.round(level * 100) / 100,
    indoor_p90_c: Math.round((level + 1.3) * 100) / 100,
    indoor_mean_c: Math.round((level + 0.1) * 100) / 100,
    target_c: 20,
    probes_expected: homes,
    probes_reporting: homes - (place % 3),
    coverage_share: Math.round(((homes - (place % 3)) / homes) * 1000) / 1000,
    flags_notice: cold,
    flags_warning: Math.round(cold / 10),
    flags_serious: 0,
    flags_danger: 0,
    outdoor_temperature_c: Math.round((-12 + 6 * swing) * 10) / 10,
  }
}

/** What a plant's own sensors send besides. */
const plantFigures = (place: number, at: number): RollUpFigures => ({
  primary_supply_temperature_c: 95 + (place % 10),
  primary_return_temperature_c: 50 + (place % 5),
  primary_supply_pressure_mpa: 0.8,
  primary_return_pressure_mpa: 0.5,
  primary_differential_pressure_mpa: 0.3,
  primary_flow_m3h: 120 + (place % 20),
  secondary_supply_temperature_c: 45 + (place % 6),
  secondary_return_temperature_c: 36,
  secondary_supply_pressure_mpa: 0.45,
  secondary_return_pressure_mpa: 0.3,
  secondary_differential_pressure_mpa: 0.15,
  secondary_flow_m3h: 90,
  make_up_flow_m3h: 0.4,
  make_up_share_pct: 0.44,
  curve_supply_c: 46,
  curve_return_c: 36,
  heat_power_mw: 3.2,
  pump_running: 1,
  pump_frequency_hz: 42,
  valve_opening_pct: 55,
  power_supply: 1,
  tank_level_m: 1.8,
  coal_stock_t: 9_000 - ((at / hourMs) % 500) * 10,
  alarm_power_loss: 0,
})

const homesOfBuilding = 60

export interface BenchPlace {
  readonly place: RollUpPlace
  readonly homes: number
  /** Whether sensors of its own measure there. */
  readonly plant: boolean
  /** By which its figures are made. */
  readonly number: number
}

/** Every place of the city. */
export function benchPlaces(shape: BenchShape): BenchPlace[] {
  const of = (prefix: string, index: number) => `${prefix}-${String(index).padStart(4, '0')}`
  const belongs = (substation: number) => ({
    district: of('district', substation % shape.districts),
    firm: of('F', substation % shape.firms),
    source: of('S', substation % shape.sources),
  })
  const named = (id: string, zh: string) => ({ id, name: `${zh}${id}`, nameEn: id })
  const each = <T>(count: number, make: (index: number) => T) =>
    Array.from({ length: count }, (_, index) => make(index))
  const perSubstation = Math.ceil(shape.buildings / shape.substations)
  const places: Omit<BenchPlace, 'number'>[] = [
    { place: { level: 'city', ...named('harbin', '哈尔滨') }, homes: shape.buildings * homesOfBuilding, plant: false },
    ...each(shape.districts, (index) => ({
      place: { level: 'district' as const, ...named(of('district', index), '区') },
      homes: Math.round((shape.buildings * homesOfBuilding) / shape.districts),
      plant: false,
    })),
    ...each(shape.firms, (index) => ({
      place: { level: 'firm' as const, ...named(of('F', index), '热力公司') },
      homes: Math.round((shape.buildings * homesOfBuilding) / shape.firms),
      plant: false,
    })),
    ...each(shape.sources, (index) => ({
      place: { level: 'source' as const, ...named(of('S', index), '热源'), ...belongs(index), source: of('S', index) },
      homes: Math.round((shape.buildings * homesOfBuilding) / shape.sources),
      plant: true,
    })),
    ...each(shape.substations, (index) => ({
      place: {
        level: 'substation' as const,
        ...named(of('H', index), '换热站'),
        ...belongs(index),
        substation: of('H', index),
      },
      homes: perSubstation * homesOfBuilding,
      plant: true,
    })),
    ...each(shape.substations, (index) => ({
      place: {
        level: 'circuit' as const,
        ...named(of('C', index), '机组'),
        ...belongs(index),
        substation: of('H', index),
        circuit: of('C', index),
      },
      homes: perSubstation * homesOfBuilding,
      plant: true,
    })),
    ...each(shape.buildings, (index) => {
      const substation = index % shape.substations
      const ids = { substation: of('H', substation), circuit: of('C', substation) }
      return {
        place: { level: 'building' as const, ...named(of('B', index), '楼'), ...belongs(substation), ...ids },
        homes: homesOfBuilding,
        plant: false,
      }
    }),
  ]
  return places.map((place, number) => ({ ...place, number }))
}

/** What a place shows at each of some times. */
export const benchRollUps = ({ place, homes, plant, number }: BenchPlace, times: readonly number[]): LiveRollUp[] =>
  times.map((at) => ({
    place,
    at,
    few: false,
    figures: { ...figuresOf(number, homes, at), ...(plant && plantFigures(number, at)) },
  }))
