import { describe, expect, it } from 'vitest'
import { dayMs, hourMs, minuteMs } from '#domain/time.ts'
import { makeCity } from '../../simulators/city.ts'
import { type FaultKind, faultKinds } from '../../simulators/faults.ts'
import { groundTruth } from '../../simulators/ground-truth.ts'
import { coldWaveInFiveMinutes, demoFaults, rareFaults } from '../../simulators/scenarios.ts'
import { simulateCity } from '../../simulators/simulate.ts'
import { labCity, numberOf } from './city-lab.ts'

const opensAt = Date.parse('2026-01-15T19:00:00+08:00')

describe('ground truth', () => {
  it('names every fault with kind, subject, time, size and the heated homes that it reaches, as plain JSON', () => {
    const faults = demoFaults(labCity, opensAt)
    const truth = groundTruth(labCity, faults)
    expect(JSON.parse(JSON.stringify(truth))).toEqual(truth)
    expect(truth).toMatchObject({ seed: 1, dwellings: 1200 })
    expect(truth.faults).toHaveLength(faults.length)
    const trip = truth.faults.find(({ kind }) => kind === 'pumpTrip')
    const fault = faults.find(({ kind }) => kind === 'pumpTrip')
    const circuit = numberOf(labCity.circuits, trip?.subject ?? '')
    expect(trip).toMatchObject({
      subjectKind: 'circuit',
      subject: fault?.subject,
      start: new Date(fault?.from ?? 0).toISOString(),
      end: new Date(fault?.to ?? 0).toISOString(),
    })
    expect(trip?.affectedDwellings).toEqual(
      labCity.dwellings.filter((home) => home.circuit === circuit && home.contract === 'heated').map(({ id }) => id),
    )
    for (const entry of truth.faults) expect(entry.affectedDwellings.length, entry.kind).toBeGreaterThan(0)
  })

  it('covers every kind of fault', () => {
    const subjects: Record<string, string> = {
      city: 'city',
      circuit: 'H-0001-low',
      substation: 'H-0002',
      source: 'S-01',
      riser: labCity.dwellings[0]?.riser ?? '',
      building: 'B-0003-01',
      dwelling: 'D-0000007',
      device: labCity.devices.find(({ kind }) => kind === 'probe')?.id ?? '',
      gateway: labCity.gateways.at(-1)?.id ?? '',
    }
    const faults = (Object.keys(faultKinds) as FaultKind[]).map((kind) => ({
      kind,
      subject: subjects[faultKinds[kind].subject[0]] ?? '',
      from: opensAt,
      to: opensAt + hourMs,
    }))
    const truth = simulateCity(labCity, { from: opensAt, faults, warmUpMs: 0 }).truth()
    expect(truth.faults.map(({ kind }) => kind).sort()).toEqual(faults.map(({ kind }) => kind).sort())
  })
})

describe('the demo’s past', () => {
  it('holds a repaired pump trip that made homes cold, and a building that is still out of balance', () => {
    const faults = demoFaults(labCity, opensAt)
    const trip = faults.find(({ kind }) => kind === 'pumpTrip')
    const building = faults.find(({ kind }) => kind === 'imbalance')
    if (trip === undefined || building === undefined) throw new Error('the demo lacks its faults')
    const simulation = simulateCity(labCity, { from: opensAt - 3 * dayMs, faults })
    const circuit = numberOf(labCity.circuits, trip.subject)
    const share = (belongs: (home: (typeof labCity.dwellings)[number]) => boolean) => {
      const homes = labCity.dwellings.flatMap((home, index) =>
        home.contract === 'heated' && belongs(home) ? [simulation.indoorC(index)] : [],
      )
      return homes.filter((celsius) => celsius < 19.7).length / homes.length
    }
    simulation.advanceTo(trip.to)
    expect(share((home) => home.circuit === circuit)).toBeGreaterThan(0.5)
    simulation.advanceTo(opensAt)
    expect(trip.to).toBeLessThan(opensAt)
    expect(building.to).toBeGreaterThan(opensAt)
    expect(share((home) => home.building === building.subject)).toBeGreaterThan(0.4)
    expect(share(() => true)).toBeLessThan(0.08)
  })

  it.each([1, 2, 3])('exists in small cities too (seed %i)', (seed) => {
    const city = makeCity({ seed, dwellings: 40 })
    expect(() =>
      groundTruth(city, [...demoFaults(city, opensAt), ...coldWaveInFiveMinutes(city, opensAt).faults]),
    ).not.toThrow()
  })
})

describe('a cold wave in five minutes', () => {
  it('gives a still circuit within seconds and homes two hours below target within five minutes of watching', () => {
    const { faults, speed } = coldWaveInFiveMinutes(labCity, opensAt)
    const simulation = simulateCity(labCity, { from: opensAt, faults })
    simulation.advanceTo(opensAt + 10_000 * speed)
    expect(simulation.physics.secondary.flowM3h.some((flow) => flow === 0)).toBe(true)
    const belowSince = new Map<number, number>()
    const flagged = new Map<number, number>()
    const measured = labCity.devices.filter(({ kind }) => kind === 'probe').map(({ place }) => place)
    const usuallyCold = new Set(measured.filter((home) => simulation.indoorC(home) < 20))
    for (let at = opensAt; at <= opensAt + 5 * minuteMs * speed; at += 10 * minuteMs) {
      simulation.advanceTo(at)
      for (const home of measured) {
        if (usuallyCold.has(home) || simulation.indoorC(home) >= 19.7) belowSince.delete(home)
        else if (!belowSince.has(home)) belowSince.set(home, at)
        // Two hours of hold, and up to an hour until the probe uploads.
        if (at - (belowSince.get(home) ?? at) >= 3 * hourMs && !flagged.has(home)) flagged.set(home, at)
      }
    }
    expect(flagged.size).toBeGreaterThan(30)
    expect(Math.min(...flagged.values()) - opensAt).toBeLessThan(4 * minuteMs * speed)
  })
})

describe('rare faults', () => {
  it('are the same on the same day, however the time is cut', () => {
    const from = Date.parse('2026-01-10T05:30:00Z')
    const whole = rareFaults(labCity, from, from + 20 * dayMs)
    const cut = [
      ...rareFaults(labCity, from, from + 7.3 * dayMs),
      ...rareFaults(labCity, from + 7.3 * dayMs, from + 20 * dayMs),
    ]
    expect(cut).toEqual(whole)
    expect(() => groundTruth(labCity, whole)).not.toThrow()
  })

  it('stay rare: a few a day, a plant in trouble once in some days', () => {
    const days = 200
    const faults = rareFaults(labCity, opensAt, opensAt + days * dayMs)
    const perDay = faults.length / days
    expect(perDay).toBeGreaterThan(3)
    expect(perDay).toBeLessThan(10)
    const plants = faults.filter(({ subject }) => /^[HS]-/.test(subject)).length / days
    expect(plants).toBeGreaterThan(0.1)
    expect(plants).toBeLessThan(0.6)
  })
})
