import type { Rules } from '#domain/policy.ts'
import { heard, silentAfterMs, watchedMs, watchSilence } from '#domain/silence.ts'
import type { FlagEvent } from '#domain/watch-event.ts'
import type { ClockState } from './city-clock.ts'
import type { Directory } from './directory.ts'
import type { Effect } from './effect.ts'
import type { Circumstances } from './probe-watch.ts'

/**
 * Whether gateways are heard. A gateway is silent when each of its devices has missed its reports, so that a plain
 * probe that reports once an hour does not make a gateway silent in between.
 */
export interface GatewayWatch {
  heard(gateway: number, receivedAt: number, circumstances: Circumstances): void
  sweep(clock: ClockState, rules: Rules['silence'], circumstances: Circumstances): void
  /** Holds a silence that the ledger has open. */
  takeOver(id: string, since: number): 'held' | 'taken' | 'gone'
  /** Lets go of silences that the ledger does not have open; returns how many. */
  keepOnly(isOpen: (id: string) => boolean): number
  pack(): PackedGateway[]
  unpack(packed: readonly PackedGateway[]): void
  /** Forgets gateways that others watch now. */
  forget(isOthers: (id: string) => boolean): void
}

/** Id, when it was last heard, and since when it is silent or 0. */
export type PackedGateway = readonly [string, number, number]

interface GatewayWatchParts {
  readonly directory: Directory
  emit(effect: Effect): void
}

export function createGatewayWatch({ directory, emit }: GatewayWatchParts): GatewayWatch {
  const { gateways } = directory
  let heardAts = new Float64Array(0)
  const silentSinces = new Map<number, number>()

  function room(): void {
    if (gateways.length <= heardAts.length) return
    const longer = new Float64Array(gateways.length + 256)
    longer.set(heardAts)
    heardAts = longer
  }

  function tell(gateway: number, event: FlagEvent, { emitting, now }: Circumstances): void {
    if (emitting) emit({ kind: 'flag', subject: { kind: 'gateway', id: gateways.at(gateway) }, event, now })
  }

  return {
    heard(gateway, receivedAt, circumstances) {
      if (gateway >= heardAts.length) room()
      if (receivedAt <= (heardAts[gateway] as number)) return
      heardAts[gateway] = receivedAt
      const silentSince = silentSinces.size > 0 ? silentSinces.get(gateway) : undefined
      if (silentSince === undefined) return
      silentSinces.delete(gateway)
      const step = heard({ heardAt: silentSince, silentSince }, receivedAt)
      if (!step.event) return
      const cleared = { kind: 'cleared', rule: 'gatewaySilent', clearedAt: receivedAt, by: 'heard' } as const
      tell(gateway, { ...cleared, since: step.event.since, history: circumstances.catchingUp }, circumstances)
    },
    sweep(clock, rules, circumstances) {
      const { now } = circumstances
      for (let gateway = 0; gateway < Math.min(gateways.length, heardAts.length); gateway += 1) {
        const heardAt = heardAts[gateway] as number
        const allowedMs = silentAfterMs(directory.gatewayReportingMs(gateway), rules)
        if (heardAt === 0 || now - heardAt < allowedMs || silentSinces.has(gateway)) continue
        const step = watchSilence({ heardAt }, watchedMs(clock.downtimes, heardAt, now), allowedMs)
        if (!step.event) continue
        silentSinces.set(gateway, heardAt)
        const raised = { kind: 'raised', rule: 'gatewaySilent', since: heardAt, raisedAt: now } as const
        tell(gateway, { ...raised, history: false }, circumstances)
      }
    },
    takeOver(id, since) {
      const gateway = gateways.find(id)
      if (gateway < 0) return 'gone'
      if (silentSinces.has(gateway)) return 'held'
      silentSinces.set(gateway, since)
      room()
      heardAts[gateway] = Math.max(heardAts[gateway] as number, since)
      return 'taken'
    },
    keepOnly(isOpen) {
      let changed = 0
      for (const gateway of [...silentSinces.keys()]) {
        if (isOpen(gateways.at(gateway))) continue
        silentSinces.delete(gateway)
        changed += 1
      }
      return changed
    },
    pack() {
      const packed: PackedGateway[] = []
      for (let gateway = 0; gateway < Math.min(gateways.length, heardAts.length); gateway += 1) {
        const heardAt = heardAts[gateway] as number
        if (heardAt > 0) packed.push([gateways.at(gateway), heardAt, silentSinces.get(gateway) ?? 0])
      }
      return packed
    },
    unpack(packed) {
      for (const [id, heardAt, silentSince] of packed) {
        const gateway = gateways.take(id)
        room()
        heardAts[gateway] = heardAt
        if (silentSince > 0) silentSinces.set(gateway, silentSince)
      }
    },
    forget(isOthers) {
      for (const [gateway, heardAt] of heardAts.entries()) {
        if (heardAt === 0 || !isOthers(gateways.at(gateway))) continue
        heardAts[gateway] = 0
        silentSinces.delete(gateway)
      }
    },
  }
}
