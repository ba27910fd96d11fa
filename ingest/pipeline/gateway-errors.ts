import type { RejectedDelivery } from '../decoded-block.ts'

/** What a gateway is told on its errors topic. */
export interface GatewayErrors {
  readonly receivedAt: number
  readonly topic: string
  readonly storedReadings: number
  /** The first problems. */
  readonly problems: readonly { readonly code: string; readonly path: string; readonly detail: string }[]
  readonly problemCount: number
  /** Bad deliveries since the message before that were not told, because there were too many. */
  readonly deliveriesNotTold: number
}

/** A person reads these: one every few seconds says what is wrong as well as a thousand. */
const intervalMs = 5_000
const problemsToldMax = 10
/** Gateways whose last message is remembered; beyond that the one heard longest ago may be told again at once. */
const gatewaysMax = 20_000

/** Tells gateways about their bad deliveries, each now and then. */
export interface GatewayTeller {
  tell(rejected: readonly RejectedDelivery[], nowMs: number): void
}

export function gatewayTeller(send: (gateway: string, message: GatewayErrors) => void): GatewayTeller {
  const told = new Map<string, { nextMs: number; notTold: number }>()

  return {
    tell(rejected, nowMs) {
      for (const { gateway, receivedAt, topic, storedReadings, problems } of rejected) {
        const state = told.get(gateway) ?? { nextMs: 0, notTold: 0 }
        if (nowMs < state.nextMs) {
          state.notTold++
          continue
        }
        send(gateway, {
          receivedAt,
          topic,
          storedReadings,
          problems: problems.slice(0, problemsToldMax),
          problemCount: problems.length,
          deliveriesNotTold: state.notTold,
        })
        told.delete(gateway)
        told.set(gateway, { nextMs: nowMs + intervalMs, notTold: 0 })
        if (told.size > gatewaysMax) told.delete(told.keys().next().value ?? '')
      }
    },
  }
}
