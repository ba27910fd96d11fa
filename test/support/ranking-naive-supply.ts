import type { GoldenCircuit, GoldenCity } from './ranking-golden-city.ts'
import { days, isExcluded, isForNobody, type NaivePeriod, tenths } from './ranking-naive-days.ts'

/** Outages and opening hours of circuits: a part of `naiveRanking`. */
export interface NaiveOutage {
  readonly saidiHours: number
  readonly saifi: number
  readonly caidiHours?: number
  readonly interruptions: number
  readonly interruptionsOver8h: number
  readonly interruptionsOver48h: number
}

type Counted = (circuit: string, day: number) => boolean

/** Whether a circuit's supply counts for anybody on a day. */
const supplyCounts = (city: GoldenCity, { id }: GoldenCircuit, day: number) =>
  !isForNobody(city, day) && !isExcluded(city, day, 'circuit', id)

/** IEEE 1366, minute by minute. */
export function naiveOutage(
  city: GoldenCity,
  circuits: readonly GoldenCircuit[],
  period: NaivePeriod,
  counted: Counted,
  connectedHomes: number,
): NaiveOutage {
  const ends: { homes: number; minutes: number }[] = []
  for (const circuit of circuits) {
    const homesOn = (day: number) =>
      city.homes.filter((home) => home.circuit === circuit.id && home.heatedOn(day)).length
    let lasting = { homes: 0, minutes: 0 }
    const end = () => {
      if (lasting.minutes >= 60) ends.push(lasting)
      lasting = { homes: 0, minutes: 0 }
    }
    for (const day of days(period)) {
      const counts = counted(circuit.id, day) && supplyCounts(city, circuit, day) && homesOn(day) > 0
      for (let minute = day * 1440; minute < (day + 1) * 1440; minute += 1) {
        if (!counts || !isWithout(circuit, minute)) end()
        else lasting = { homes: lasting.homes || homesOn(day), minutes: lasting.minutes + 1 }
      }
    }
    end()
  }
  const hours = ends.reduce((sum, { homes, minutes }) => sum + (homes * minutes) / 60, 0)
  const interrupted = ends.reduce((sum, { homes }) => sum + homes, 0)
  return {
    saidiHours: hours / connectedHomes,
    saifi: interrupted / connectedHomes,
    ...(interrupted > 0 && { caidiHours: hours / interrupted }),
    interruptions: ends.length,
    interruptionsOver8h: ends.filter(({ minutes }) => minutes > 8 * 60).length,
    interruptionsOver48h: ends.filter(({ minutes }) => minutes > 48 * 60).length,
  }
}

const within = (stretches: readonly { from: number; to: number }[], minute: number) =>
  stretches.some(({ from, to }) => from <= minute && minute < to)

/** Nothing flows or is heard, or all water of the hour was too cold. */
function isWithout(circuit: GoldenCircuit, minute: number): boolean {
  if (within(circuit.still, minute) || within(circuit.silent, minute)) return true
  return circuit.supplyC(Math.floor(minute / 1440), Math.floor(minute / 60) % 24) < 28
}

/** Area and hours of the season's first and last ten days, and how much of it was open. */
export function naivePunctual(
  city: GoldenCity,
  circuits: readonly GoldenCircuit[],
  period: NaivePeriod,
  counted: Counted,
): number | undefined {
  const edges = [
    { fromDay: city.firstDay, toDay: city.firstDay + 9 },
    { fromDay: city.lastDay - 9, toDay: city.lastDay },
  ].filter(({ fromDay, toDay }) => period.fromDay <= fromDay && toDay <= period.toDay)
  let [all, open] = [0, 0]
  for (const circuit of circuits) {
    for (const day of edges.flatMap(days)) {
      if (!counted(circuit.id, day) || !supplyCounts(city, circuit, day)) continue
      const homes = city.homes.filter((home) => home.circuit === circuit.id && home.heatedOn(day))
      const area = homes.reduce((sum, { areaM2 }) => sum + tenths(areaM2), 0)
      for (let hour = 0; hour < 24; hour += 1) {
        const minutes = Array.from({ length: 60 }, (_, minute) => day * 1440 + hour * 60 + minute)
        all += area
        if (minutes.some((minute) => !isWithout(circuit, minute))) open += area
      }
    }
  }
  return all === 0 ? undefined : open / all
}
