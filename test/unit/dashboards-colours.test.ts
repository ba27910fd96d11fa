import { describe, expect, test } from 'vitest'
import { cityPolicies } from '#domain/policy.ts'
import { colours, tierColours, wellColour } from '../../dashboards/parts/colours.ts'
import { newestRules, thresholdsOf } from '../../dashboards/parts/thresholds.ts'
import { boardFiles, generatedFiles, targetsOf } from '../support/generated-dashboards.ts'

describe('colours', () => {
  test('are those that people with any colour vision tell apart', () => {
    const allowed = new Set<string>(Object.values(colours))
    for (const [path, text] of generatedFiles) {
      for (const [colour] of text.matchAll(/#[0-9A-Fa-f]{6}\b/g)) expect(allowed, path).toContain(colour)
      // Names of Grafana's own palette, green and red among them.
      expect(text, path).not.toMatch(/"(?:color|fixedColor|iconColor)": "(?!#)/)
    }
  })

  test('are chosen for every line that is known beforehand; charts of several places leave them to Grafana', () => {
    const unchosen = boardFiles.flatMap(({ path, panels }) =>
      panels
        .filter(({ fieldConfig }) => fieldConfig?.defaults.color?.mode.startsWith('palette'))
        .filter(
          (panel) => panel.transformations === undefined && targetsOf(panel).every(({ alias }) => alias === '$col'),
        )
        .flatMap(({ title, fieldConfig }) =>
          (fieldConfig?.overrides ?? [])
            .filter(({ properties }) => !properties.some(({ id }) => id === 'color'))
            .map(({ matcher }) => `${path}: ${title}: ${matcher.options}`),
        ),
    )
    expect(unchosen).toEqual([])
  })

  test('of standings on a list: red is good here, black is bad', () => {
    for (const language of ['zh', 'en']) {
      const text = generatedFiles.get(`generated/${language}/ranking.json`) ?? ''
      const mappings = boardFiles
        .find(({ path }) => path === `generated/${language}/ranking.json`)
        ?.panels.flatMap(({ fieldConfig }) => fieldConfig?.overrides ?? [])
        .flatMap(({ properties }) => properties)
        .find(({ id }) => id === 'mappings')?.value as { options: Record<string, { color: string }> }[]
      expect(mappings[0]?.options.red?.color).toBe(wellColour)
      expect(mappings[0]?.options.black?.color).toBe(tierColours.danger)
      expect(text).toContain('color-text')
    }
  })

  test.each(['protan', 'deutan', 'tritan', 'normal'] as const)('of tiers differ for %s vision', (vision) => {
    const seen = Object.values(tierColours).map((colour) => seenBy(vision, colour))
    for (const [index, one] of seen.entries()) {
      for (const other of seen.slice(index + 1)) expect(difference(one, other)).toBeGreaterThan(20)
    }
  })

  test('follow the limits of the policy', () => {
    const rules = newestRules(cityPolicies.harbin ?? never())
    const { indoorC, belowCurveK } = thresholdsOf(rules)
    expect(indoorC.map(({ from }) => from)).toEqual([null, 5, 12, 16, 20])
    expect(belowCurveK.at(-1)?.from).toBe(rules.plant.supplyUnderCurve.marginK)
    const changchun = thresholdsOf(newestRules(cityPolicies.changchun ?? never()))
    expect(changchun.indoorC.at(-1)?.from).toBe(18)
  })
})

function never(): never {
  throw new Error('The city is not there')
}

type Vision = 'normal' | 'protan' | 'deutan' | 'tritan'

/** Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB. */
const visionMatrices: Readonly<Record<Vision, readonly (readonly [number, number, number])[]>> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
}

/** A colour as CIE Lab, the way somebody sees it. */
function seenBy(vision: Vision, hex: string): readonly [number, number, number] {
  const linear = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  const [r, g, b] = visionMatrices[vision].map((row) =>
    Math.min(
      1,
      Math.max(
        0,
        row.reduce((total, weight, index) => total + weight * (linear[index] ?? 0), 0),
      ),
    ),
  ) as [number, number, number]
  const xyz = [
    (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047,
    0.2126 * r + 0.7152 * g + 0.0722 * b,
    (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883,
  ].map((value) => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116))
  const [x, y, z] = xyz as [number, number, number]
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

const difference = (one: readonly number[], other: readonly number[]): number =>
  Math.hypot(...one.map((value, index) => value - (other[index] ?? 0)))
