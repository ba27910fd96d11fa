import { hourMs, minuteMs } from '#domain/time.ts'
import { createSecondary, type Secondary } from './circuits.ts'
import type { City } from './city.ts'
import { type Controls, createControls } from './controls.ts'
import { createPrimary, type Primary } from './plants.ts'
import { createRooms, type Rooms } from './rooms.ts'
import type { Weather } from './weather.ts'

/** The city's heat, water and homes at one time. */
export interface Physics {
  readonly primary: Primary
  readonly secondary: Secondary
  readonly rooms: Rooms
  readonly outdoorC: Float64Array
  readonly controls: Controls
  /** Moves everything from `at - seconds` to `at`. */
  step(at: number, seconds: number, weather: Weather): void
}

/** Controllers follow the outdoor temperature of the last hour, not of the last gust. */
const dampingMs = 0.75 * hourMs

export function createPhysics(city: City): Physics {
  const controls = createControls(city)
  const primary = createPrimary(city)
  const rooms = createRooms(city)
  const secondary = createSecondary(city, rooms.usualWater)
  const districts = Math.max(1, city.districts.length)
  const outdoorC = new Float64Array(districts)
  const dampedOutdoorC = new Float64Array(districts)
  let started = false
  return {
    primary,
    secondary,
    rooms,
    outdoorC,
    controls,
    step(at, seconds, weather) {
      const share = 1 - Math.exp((-seconds * 1000) / dampingMs)
      for (let district = 0; district < districts; district++) {
        const now = weather.outdoorC(at, district)
        const damped = started ? (dampedOutdoorC[district] as number) : weather.outdoorC(at - 40 * minuteMs, district)
        outdoorC[district] = now
        dampedOutdoorC[district] = damped + (now - damped) * share
      }
      started = true
      primary.step(seconds, dampedOutdoorC, controls)
      secondary.step(seconds, { dampedOutdoorC, primary, homesReturnC: rooms.returnC, controls })
      rooms.step({
        at,
        seconds,
        outdoorByDistrictC: outdoorC,
        supplyC: secondary.supplyC,
        flow: secondary.flow,
        controls,
      })
    },
  }
}
