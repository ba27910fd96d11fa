/**
 * Quality regulation at constant flow (质调节): how warm the supply must be for the weather. The usual textbook form,
 * the same as the block SupplyReturnTemperatureReset of the LBNL Modelica Buildings Library
 * (Buildings/Controls/OBC/Utilities/SetPoints/SupplyReturnTemperatureReset.mo, exponent m = 1 + b):
 *
 *     q  = (tn - tw) / (tn - tw')
 *     tg = tn + (tg' + th' - 2 tn) / 2 * q^(1 / (1 + b)) + (tg' - th') / 2 * q
 *     th = tn + (tg' + th' - 2 tn) / 2 * q^(1 / (1 + b)) - (tg' - th') / 2 * q
 */
export interface HeatingCurve {
  /** Supply and return in °C at the design outdoor temperature: tg', th'. */
  readonly designSupplyC: number
  readonly designReturnC: number
  /** tw', °C. */
  readonly designOutdoorC: number
  /** tn, °C. */
  readonly indoorC: number
  /** b: about 0.3 for radiators, 0.1 for floor heating. */
  readonly emitterExponent: number
}

export const emitterExponents = { radiator: 0.3, floor: 0.1 } as const

/** Supply at or below this by design belongs to floor heating, which is built for 35 to 50 °C and never above 60 °C. */
const floorHeatingSupplyCMax = 60

/** The exponent for a circuit of which only the design temperatures are known. */
export const emitterExponentOf = (designSupplyC: number): number =>
  designSupplyC <= floorHeatingSupplyCMax ? emitterExponents.floor : emitterExponents.radiator

/** Supply and return temperature in °C that the curve asks for at an outdoor temperature; room warmth when it is warm. */
export function curveAt(curve: HeatingCurve, outdoorC: number): { supplyC: number; returnC: number } {
  const load = Math.max(0, (curve.indoorC - outdoorC) / (curve.indoorC - curve.designOutdoorC))
  const mean =
    ((curve.designSupplyC + curve.designReturnC - 2 * curve.indoorC) / 2) * load ** (1 / (1 + curve.emitterExponent))
  const halfSpread = ((curve.designSupplyC - curve.designReturnC) / 2) * load
  return { supplyC: curve.indoorC + mean + halfSpread, returnC: curve.indoorC + mean - halfSpread }
}
