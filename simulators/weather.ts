import { dayMs, hourMs } from '#domain/time.ts'
import { createRandom, noiseNormal } from './random.ts'

/** Outdoor temperature in °C at a time, for a district by its number. */
export interface Weather {
  outdoorC(at: number, district: number): number
}

/** A spell of cold on top of the seeded weather. */
export interface ColdSpell {
  readonly from: number
  readonly to: number
  /** How many kelvin colder it gets at the worst. */
  readonly depthK: number
}

/** Harbin's clock is eight hours ahead of UTC and knows no summer time. */
export const cityUtcOffsetMs = 8 * hourMs

/** Mean temperature of each month in Harbin, °C, January first: rounded from the long-term averages. */
const monthlyMeanC = [-18, -12.5, -2.8, 7.6, 15.2, 21, 23.4, 21.6, 15.3, 6, -5.8, -15.2] as const

/** Time a cold spell needs to reach its depth, and to leave. */
const spellRampMs = 5 * hourMs

/**
 * Seeded weather of the city: the season's mean, a slow change over days, the swing of day and night, and cold spells.
 * A pure function of time, so that every run sees the same week.
 */
export function createWeather(seed: number, spells: readonly ColdSpell[] = []): Weather {
  const key = createRandom(seed).fork('weather').key
  return {
    outdoorC(at, district) {
      const slowK = 2.2 * smoothNoise(key, at / (4 * dayMs)) + 1.0 * smoothNoise(key ^ 0x51ed27, at / (1.1 * dayMs))
      const localK = 0.5 * smoothNoise(key ^ (district + 1), at / (2 * dayMs)) + districtOffsetK(district)
      return seasonMeanC(at) + slowK + localK + swingK(key, at) - spellK(spells, at)
    },
  }
}

/** The same temperature at every time and place, for tests that compare with a formula. */
export const constantWeather = (outdoorC: number): Weather => ({ outdoorC: () => outdoorC })

/** The same weather with spells of cold added. */
export function withColdSpells(weather: Weather, spells: readonly ColdSpell[]): Weather {
  return { outdoorC: (at, district) => weather.outdoorC(at, district) - spellK(spells, at) }
}

/** Mean temperature of the season at a time, °C: a smooth line through the middles of the months. */
export function seasonMeanC(at: number): number {
  const date = new Date(at + cityUtcOffsetMs)
  const month = date.getUTCMonth()
  const fraction = (date.getUTCDate() - 1 + date.getUTCHours() / 24) / 30.44
  const before = fraction < 0.5 ? (month + 11) % 12 : month
  const after = (before + 1) % 12
  const share = fraction < 0.5 ? fraction + 0.5 : fraction - 0.5
  const low = monthlyMeanC[before] ?? 0
  const high = monthlyMeanC[after] ?? 0
  return low + ((high - low) * (1 - Math.cos(Math.PI * share))) / 2
}

/** Coldest about six in the morning, warmest about two in the afternoon; overcast days swing less. */
function swingK(key: number, at: number): number {
  const hour = ((at + cityUtcOffsetMs) % dayMs) / hourMs
  const amplitudeK = 4.5 + 1.2 * smoothNoise(key ^ 0x7feb352d, at / (1.5 * dayMs))
  if (hour >= 6 && hour < 14) return -amplitudeK * Math.cos((Math.PI * (hour - 6)) / 8)
  return amplitudeK * Math.cos((Math.PI * ((hour + 10) % 24)) / 16)
}

function spellK(spells: readonly ColdSpell[], at: number): number {
  let coldK = 0
  for (const spell of spells) {
    const since = at - spell.from
    const left = spell.to - at
    if (since <= 0 || left <= 0) continue
    coldK = Math.max(coldK, spell.depthK * Math.min(1, since / spellRampMs, left / spellRampMs))
  }
  return coldK
}

/** The middle of a big city is a little warmer than its edge. */
const districtOffsetK = (district: number) => 0.3 - 0.15 * (district % 9)

/** Noise of mean 0 and deviation near 1 that changes smoothly with `position`. */
function smoothNoise(key: number, position: number): number {
  const cell = Math.floor(position)
  const share = position - cell
  const weight = share * share * (3 - 2 * share)
  return noiseNormal(key, cell) * (1 - weight) + noiseNormal(key, cell + 1) * weight
}
