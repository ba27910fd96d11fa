import { minuteMs } from '#domain/time.ts'
import type { WatchRecord } from './watch-blocks.ts'
import { probeId } from './watched-city.ts'

interface StoryShape {
  readonly start: number
  readonly hours: number
  readonly dwellings: number
  readonly probesPerDwelling: number
}

/** A small generator with a seed, so that a failing story can be told again. */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/**
 * A journal in which everything goes wrong: probes fall silent, upload late, send twice, send spikes and sensor
 * errors; rooms freeze and recover; the circuit's flow stops; Warmcity itself is down for a while.
 */
export function randomStory(seed: number, shape: StoryShape): WatchRecord[] {
  const random = randomNumbers(seed)
  const chance = (probability: number) => random() < probability
  const probes = Array.from({ length: shape.dwellings * shape.probesPerDwelling }, (_, index) => ({
    device: probeId(Math.floor(index / shape.probesPerDwelling), index % shape.probesPerDwelling),
    c: 18 + random() * 5,
    trend: 0,
    heldBack: [] as { at: number; value: number }[],
    offlineUntil: 0,
  }))
  const records: WatchRecord[] = [{ kind: 'tick', at: shape.start, started: true }]
  const downFrom = shape.start + shape.hours * 60 * minuteMs * (0.2 + 0.6 * random())
  const downUntil = downFrom + random() * 90 * minuteMs
  let wasDown = false

  for (let at = shape.start; at < shape.start + shape.hours * 60 * minuteMs; at += minuteMs) {
    const isDown = at >= downFrom && at < downUntil
    if (!isDown) records.push({ kind: 'tick', at, ...(wasDown && { started: true }) })
    wasDown = isDown
    if (Math.round((at - shape.start) / minuteMs) % 10 !== 0) continue
    for (const probe of probes) {
      if (chance(0.02)) probe.trend = (random() - 0.6) * 3
      probe.c = Math.max(2, Math.min(25, probe.c + probe.trend / 6 + (random() - 0.5) * 0.2))
      const value = chance(0.01) ? 85 : chance(0.01) ? probe.c - 12 : probe.c
      probe.heldBack.push({ at: at - Math.floor(random() * 5_000), value: Math.round(value * 100) / 100 })
      if (chance(0.01)) probe.offlineUntil = at + random() * 4 * 60 * minuteMs
      if (isDown || at < probe.offlineUntil) continue
      const receivedAt = at + Math.floor(random() * 20_000)
      for (const { at: readAt, value: read } of probe.heldBack.splice(0)) {
        const reading = { kind: 'reading', device: probe.device, gateway: 'G-0', at: readAt, receivedAt } as const
        records.push({ ...reading, value: read })
        if (chance(0.02)) records.push({ ...reading, value: read })
        if (chance(0.02)) records.push({ ...reading, at: readAt - 3 * minuteMs, value: read })
        if (chance(0.05)) records.push({ ...reading, metric: 'humidity_pct', value: 35 })
      }
    }
    if (isDown) continue
    const plant = { kind: 'reading', device: 'M-0', gateway: 'G-0', at, receivedAt: at + 500 } as const
    records.push({ ...plant, metric: 'secondary_flow_m3h', value: chance(0.2) ? 0 : 80 })
    records.push({ ...plant, metric: 'outdoor_temperature_c', value: -18 })
    records.push({ ...plant, metric: 'secondary_supply_temperature_c', value: chance(0.5) ? 40 : 68 })
    if (chance(0.05)) records.push({ ...plant, metric: 'alarm_power_loss', value: chance(0.5) ? 1 : 0 })
  }
  return records
}
