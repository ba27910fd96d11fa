import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { normal } from '#domain/condition.ts'
import type { FlagRule } from '#domain/flag.ts'
import type { MetricName } from '#domain/metric.ts'
import { newPlant, next, type PlantInput, type PlantState, type PlantTerms, plantRules } from '#domain/plant-watch.ts'
import type { Policy } from '#domain/policy.ts'
import { policyLookup } from '#domain/policy.ts'
import { type QualityCode, quality } from '#domain/quality.ts'
import { silentAfterMs, watchedMs } from '#domain/silence.ts'
import { flowMetrics, supplyMetrics } from '#domain/supply-hours.ts'
import type { StoredFlag } from '#store/ledger/flags.ts'
import { plantsSource } from '#store/ledger/weather.ts'
import type { ClockState } from './city-clock.ts'
import { type Directory, placeCodes } from './directory.ts'
import type { Effect, FlagSubject } from './effect.ts'
import { createGatewayWatch, type PackedGateway } from './gateway-watch.ts'
import type { Places } from './places.ts'
import type { Circumstances } from './probe-watch.ts'

/** Runs the watch of what is few: plants, gateways, and the weather that plants are judged by. */
export interface WorldWatch {
  /** Takes a reading of a sensor that stands at a plant or in a district. */
  sample(slot: number, reading: WorldReading, circumstances: Circumstances): void
  gatewayHeard(gateway: number, receivedAt: number, circumstances: Circumstances): void
  tick(clock: ClockState, circumstances: Circumstances): void
  /** Takes an outdoor temperature that others have observed. */
  observe(weather: Observed): void
  /** Holds a flag that the ledger has open; says whether it did so before. */
  takeOver(flag: StoredFlag): 'held' | 'taken' | 'gone'
  /** Lets go of what the ledger does not have open; returns how much that was. */
  keepOnly(isOpen: (subject: string, rule: FlagRule) => boolean): number
  pack(): Uint8Array
  unpack(bytes: Uint8Array): void
  /** Some plants, as "circuit/C-1", and gateways, for the watch of another worker. */
  partOf(isAsked: IsAsked): WorldPart
  takePart(part: WorldPart): void
  /** Forgets plants and gateways that others watch now. */
  forget(isOthers: IsAsked): void
}

type IsAsked = (kind: 'plant' | 'gateway', id: string) => boolean

export interface WorldPart {
  readonly plants: readonly (readonly [string, PlantState])[]
  readonly gateways: readonly PackedGateway[]
}

interface WorldReading {
  readonly metric: MetricName
  readonly at: number
  readonly value: number
  readonly quality: number
  readonly receivedAt: number
}

export interface Observed {
  readonly district: string
  readonly at: number
  readonly outdoorTemperatureC: number
}

interface WorldWatchParts {
  readonly directory: Directory
  readonly policy: Policy
  places(): Places
  emit(effect: Effect): void
}

/** Weather goes slowly: a row in ten minutes says it all. */
const weatherEveryMs = 600_000

const tellsOfSupply: ReadonlySet<MetricName> = new Set([...flowMetrics, ...supplyMetrics])

type PlantKind = 'source' | 'substation' | 'circuit'

export function createWorldWatch({ directory, policy, places, emit }: WorldWatchParts): WorldWatch {
  const dayAt = policyLookup(policy)
  const plants = new Map<number, PlantState>()
  const gateways = createGatewayWatch({ directory, emit })
  const outdoor = new Map<string, Observed>()
  const recordedAt = new Map<string, number>()
  /** What the plants of a district feel. */
  const medians = new Map<string, Observed>()
  let mediansAt = 0

  function subjectOf(plant: number): { kind: PlantKind; id: string } {
    const [kind, ...rest] = directory.plants.at(plant).split('/')
    return { kind: kind as PlantKind, id: rest.join('/') }
  }

  function termsOf(subject: { kind: PlantKind; id: string }, plant: number, at: number): PlantTerms {
    const day = dayAt(at)
    const operation = places().operationAt(subject.kind, subject.id, at)
    const district = places().districtOf(subject.kind, subject.id)
    const fresh = (observed: Observed | undefined) =>
      observed && Math.abs(at - observed.at) <= day.rules.plant.weatherAgeMsMax
        ? observed.outdoorTemperatureC
        : undefined
    const outdoorC = fresh(outdoor.get(district ?? ''))
    const neighboursOutdoorC = fresh(medians.get(district ?? ''))
    return {
      rules: day.rules,
      shouldRun: day.inSeason && operation !== undefined,
      reportingMs: directory.plantReportingMs(plant),
      ...(operation?.designSupplyC !== undefined && { designSupplyC: operation.designSupplyC }),
      ...(operation?.designReturnC !== undefined && { designReturnC: operation.designReturnC }),
      ...(outdoorC !== undefined && { outdoorC }),
      ...(neighboursOutdoorC !== undefined && { neighboursOutdoorC }),
    }
  }

  function take(plant: number, input: PlantInput, circumstances: Circumstances): void {
    const subject = subjectOf(plant)
    const before = plants.get(plant) ?? newPlant
    const step = next(before, input, termsOf(subject, plant, input.at))
    if (step.state !== before) plants.set(plant, step.state)
    for (const event of step.events) tell(subject, event, circumstances)
  }

  function tell(subject: FlagSubject, event: (Effect & { kind: 'flag' })['event'], circumstances: Circumstances): void {
    if (circumstances.emitting) emit({ kind: 'flag', subject, event, now: circumstances.now })
  }

  function takeStation(district: string, device: string, reading: WorldReading, circumstances: Circumstances): void {
    if (reading.metric !== 'outdoor_temperature_c' || reading.quality !== quality.good) return
    const known = outdoor.get(district)
    if (known && known.at >= reading.at) return
    outdoor.set(district, { district, at: reading.at, outdoorTemperatureC: reading.value })
    recordWeather(district, `station/${device}`, reading.at, reading.value, circumstances)
  }

  function recordWeather(district: string, source: string, at: number, c: number, circumstances: Circumstances): void {
    const key = `${district}/${source}`
    if (at - (recordedAt.get(key) ?? 0) < weatherEveryMs) return
    recordedAt.set(key, at)
    if (!circumstances.emitting) return
    const weather = { district, kind: 'observed', at, source, outdoorTemperatureC: Math.round(c * 100) / 100 } as const
    emit({ kind: 'weather', weather, now: circumstances.now })
  }

  /** The hours of a day that is closed were read already. */
  function tellLateSupply(device: string, { at, receivedAt }: WorldReading, { emitting }: Circumstances): void {
    const { day, endsAt, rules } = dayAt(at)
    if (!emitting || receivedAt < endsAt + rules.dayClosesAfterMs) return
    emit({ kind: 'supplyLate', late: { day, device, markedAt: receivedAt } })
  }

  /** What the plants of each district feel, for those who ask how cold it is where nobody measures. */
  function recordMedians(now: number, circumstances: Circumstances): void {
    const byDistrict = new Map<string, number[]>()
    for (const [plant, state] of plants) {
      const own = state.points.outdoor_temperature_c
      if (!own || now - own.at > weatherEveryMs) continue
      const { kind, id } = subjectOf(plant)
      const district = places().districtOf(kind, id)
      if (district === undefined) continue
      const values = byDistrict.get(district) ?? []
      values.push(own.value)
      byDistrict.set(district, values)
    }
    for (const [district, values] of byDistrict) {
      values.sort((left, right) => left - right)
      const median = values[values.length >> 1] as number
      medians.set(district, { district, at: now, outdoorTemperatureC: median })
      recordWeather(district, plantsSource, now, median, circumstances)
    }
  }

  return {
    sample(slot, reading, circumstances) {
      const place = directory.columns.place[slot] as number
      if (directory.columns.placeKind[slot] === placeCodes.district) {
        const district = directory.plants.at(place).slice('district/'.length)
        takeStation(district, directory.devices.at(slot), reading, circumstances)
        return
      }
      if (tellsOfSupply.has(reading.metric)) tellLateSupply(directory.devices.at(slot), reading, circumstances)
      const input: PlantInput = {
        kind: 'sample',
        metric: reading.metric,
        at: reading.at,
        value: reading.value,
        quality: reading.quality as QualityCode,
        receivedAt: reading.receivedAt,
        catchingUp: circumstances.catchingUp,
        samplingMs: directory.columns.samplingMs[slot] as number,
        reportingMs: directory.columns.reportingMs[slot] as number,
      }
      take(place, input, circumstances)
    },
    gatewayHeard: (gateway, receivedAt, circumstances) => gateways.heard(gateway, receivedAt, circumstances),
    tick(clock, circumstances) {
      const { now } = circumstances
      const rules = dayAt(now).rules.silence
      for (const [plant, state] of plants) {
        const heardAt = state.silence.heardAt
        const isQuiet =
          heardAt !== undefined && now - heardAt >= silentAfterMs(directory.plantReportingMs(plant), rules)
        if (!isQuiet && plantRules.every((rule) => state.conditions[rule].kind === 'normal')) continue
        const quietMs = heardAt === undefined ? 0 : watchedMs(clock.downtimes, heardAt, now)
        take(plant, { kind: 'tick', at: now, catchingUp: clock.catchingUp, quietMs }, circumstances)
      }
      if (!clock.catchingUp) gateways.sweep(clock, dayAt(now).rules.silence, circumstances)
      if (now - mediansAt < weatherEveryMs) return
      mediansAt = now
      recordMedians(now, circumstances)
    },
    observe({ district, at, outdoorTemperatureC }) {
      const known = outdoor.get(district)
      if (!known || known.at < at) outdoor.set(district, { district, at, outdoorTemperatureC })
    },
    takeOver(flag) {
      if (flag.subjectKind === 'gateway') return gateways.takeOver(flag.subject, flag.since)
      const plant = directory.plants.find(`${flag.subjectKind}/${flag.subject}`)
      if (plant < 0) return 'gone'
      const state = plants.get(plant) ?? newPlant
      if (flag.rule === 'plantSilent') {
        if (state.silence.silentSince !== undefined) return 'held'
        plants.set(plant, { ...state, silence: { heardAt: flag.since, silentSince: flag.since } })
        return 'taken'
      }
      const rule = plantRules.find((name) => name === flag.rule)
      if (!rule) return 'gone'
      if (state.conditions[rule].kind === 'open') return 'held'
      const condition = { kind: 'open', since: flag.since, told: !flag.history } as const
      plants.set(plant, { ...state, conditions: { ...state.conditions, [rule]: condition } })
      return 'taken'
    },
    keepOnly(isOpen) {
      let changed = gateways.keepOnly((gateway) => isOpen(gateway, 'gatewaySilent'))
      for (const [plant, state] of plants) {
        const { id } = subjectOf(plant)
        const unknown = plantRules.filter((rule) => state.conditions[rule].kind === 'open' && !isOpen(id, rule))
        const silent = state.silence.silentSince !== undefined && !isOpen(id, 'plantSilent')
        if (unknown.length === 0 && !silent) continue
        changed += 1
        const { silentSince, ...silence } = state.silence
        const normalized = Object.fromEntries(unknown.map((rule) => [rule, normal]))
        plants.set(plant, {
          ...state,
          conditions: { ...state.conditions, ...normalized },
          silence: silent || silentSince === undefined ? silence : state.silence,
        })
      }
      return changed
    },
    pack() {
      const packed: PackedWorld = {
        plants: [...plants].map(([plant, state]) => [directory.plants.at(plant), state]),
        gateways: gateways.pack(),
        outdoor: [...outdoor.values()],
        medians: [...medians.values()],
        recordedAt: [...recordedAt],
        mediansAt,
      }
      return deflateRawSync(JSON.stringify(packed), { level: 1 })
    },
    unpack(bytes) {
      const packed: PackedWorld = JSON.parse(inflateRawSync(bytes).toString('utf8'))
      for (const [id, state] of packed.plants) plants.set(directory.plants.take(id), state)
      gateways.unpack(packed.gateways)
      for (const observed of packed.outdoor) outdoor.set(observed.district, observed)
      for (const median of packed.medians ?? []) medians.set(median.district, median)
      for (const [key, at] of packed.recordedAt) recordedAt.set(key, at)
      mediansAt = packed.mediansAt
    },
    partOf: (isAsked) => ({
      plants: [...plants]
        .map(([plant, state]) => [directory.plants.at(plant), state] as const)
        .filter(([id]) => isAsked('plant', id)),
      gateways: gateways.pack().filter(([id]) => isAsked('gateway', id)),
    }),
    takePart(part) {
      for (const [id, state] of part.plants) plants.set(directory.plants.take(id), state)
      gateways.unpack(part.gateways)
    },
    forget(isOthers) {
      for (const plant of [...plants.keys()]) if (isOthers('plant', directory.plants.at(plant))) plants.delete(plant)
      gateways.forget((id) => isOthers('gateway', id))
    },
  }
}

interface PackedWorld extends WorldPart {
  readonly outdoor: readonly Observed[]
  readonly medians?: readonly Observed[]
  readonly recordedAt: readonly (readonly [string, number])[]
  readonly mediansAt: number
}
