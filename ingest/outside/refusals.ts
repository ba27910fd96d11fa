import type { Refusal } from '#domain/identity.ts'
import type { Clock } from '#domain/time.ts'

/** What was acked and not journaled, with the gateway where one is known. */
export interface RefusedPublish {
  readonly reason: keyof typeof refusalTexts
  readonly topic: string
  readonly gateway?: string
}

interface RefusalsOptions {
  readonly clock: Clock
  readonly broker: string
  /** Who we are to the broker: stands in for a gateway where none is known. */
  readonly clientId: string
  readonly topicLengthMax: number
  record(refusal: Refusal): void
  tellGateway(gateway: string, message: object): void
}

/** The same refusal is reported once in this time, as by our own broker. */
const repeatMs = 10_000
/** Refusals whose repetition is watched for; beyond that all are forgotten, and may be told once more. */
const remembered = 20_000

/** What a refusal means and what to do about it, for the person who owns the gateway. English, as all of the protocol. */
const refusalTexts = {
  topic_of_no_gateway: 'The registry knows no gateway for this topic.',
  topic_too_long: 'The topic is longer than this service takes.',
  packet_too_large: 'The packet was larger than this service takes; send smaller batches.',
  retained_report:
    'Readings are not to be retained: a retained one would come again, as if it were new, whenever somebody subscribes.',
}

/** Records refused publishes and tells their gateways, each now and then. */
export function refusals(options: RefusalsOptions): (refused: RefusedPublish) => void {
  const reportedAtMs = new Map<string, number>()

  return ({ reason, topic, gateway }) => {
    const nowMs = performance.now()
    const key = `${gateway ?? ''}\n${reason}`
    if (nowMs - (reportedAtMs.get(key) ?? Number.NEGATIVE_INFINITY) < repeatMs) return
    if (reportedAtMs.size >= remembered) reportedAtMs.clear()
    reportedAtMs.set(key, nowMs)
    const shown = topic.slice(0, options.topicLengthMax).replace(/\p{C}/gu, '\ufffd')
    options.record({
      ...{ at: options.clock.now(), clientId: gateway ?? options.clientId, address: options.broker },
      ...{ action: 'publish', topic: shown, reason },
    })
    if (gateway !== undefined) {
      options.tellGateway(gateway, { code: reason, topic: shown, detail: refusalTexts[reason] })
    }
  }
}
