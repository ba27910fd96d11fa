import { curveAt, emitterExponentOf } from './heating-curve.ts'
import { thousandth } from './home-tally.ts'
import type { RollUpFigures } from './live-roll-up.ts'
import type { MetricName } from './metric.ts'
import type { Rules } from './policy.ts'
import { isPlantMetric } from './telemetry-names.ts'

/** Newest good values of a plant's sensors in a period. */
export type PlantValues = ReadonlyMap<MetricName, number>

/** How the plant is meant to run, and in what weather. */
export interface PlantTerms {
  readonly rules: Rules['plant']
  readonly designSupplyC?: number
  readonly designReturnC?: number
  /** Outdoor temperature observed for the district. */
  readonly outdoorC?: number
}

/** What a plant measured in a period, and what follows from it. */
export function plantFigures(values: PlantValues, terms: PlantTerms): RollUpFigures {
  const figures: Record<string, number> = {}
  for (const [metric, value] of values) if (isPlantMetric(metric)) figures[metric] = thousandth(value)
  const outdoorC = terms.outdoorC ?? values.get('outdoor_temperature_c')
  return {
    ...figures,
    ...(outdoorC !== undefined && { outdoor_temperature_c: thousandth(outdoorC), ...curve(terms, outdoorC) }),
    ...difference(values, 'primary'),
    ...difference(values, 'secondary'),
    ...makeUpShare(values),
  }
}

function curve({ rules, designSupplyC, designReturnC }: PlantTerms, outdoorC: number): RollUpFigures {
  if (designSupplyC === undefined || designReturnC === undefined) return {}
  const asked = curveAt(
    {
      designSupplyC,
      designReturnC,
      designOutdoorC: rules.designOutdoorC,
      indoorC: rules.curveIndoorC,
      emitterExponent: emitterExponentOf(designSupplyC),
    },
    outdoorC,
  )
  return { curve_supply_c: thousandth(asked.supplyC), curve_return_c: thousandth(asked.returnC) }
}

function difference(values: PlantValues, side: 'primary' | 'secondary'): RollUpFigures {
  const supply = values.get(`${side}_supply_pressure_mpa`)
  const back = values.get(`${side}_return_pressure_mpa`)
  if (supply === undefined || back === undefined) return {}
  return { [`${side}_differential_pressure_mpa`]: thousandth(supply - back) }
}

/** While nothing flows there is no share. */
function makeUpShare(values: PlantValues): RollUpFigures {
  const makeUp = values.get('make_up_flow_m3h')
  const flow = values.get('secondary_flow_m3h')
  if (makeUp === undefined || flow === undefined || flow <= 0) return {}
  return { make_up_share_pct: thousandth((makeUp / flow) * 100) }
}
