import type { DeliveryProblem } from '../decoded-block.ts'

/** Stable codes of what can be wrong with a delivery. */
type ProblemCode =
  | 'not_json'
  | 'schema'
  | 'too_large'
  | 'too_many'
  | 'unknown_metric'
  | 'not_a_number'
  | 'unit'
  | 'time_ahead'
  | 'time_too_old'
  | 'device_of_other_gateway'
  | 'too_many_unregistered_devices'
  | 'no_codec'
  | 'address_missing'
  | 'device_not_mapped'
  | 'field_not_mapped'
  | 'invalid_value'
  | 'time_missing'
  | 'time_invalid'
  | 'zone_missing'
  | 'retained_without_time'
  | 'not_decoded'
  | 'simulated'
  | 'status_not_ok'
  | 'birth_missing'
  | 'alias_unknown'
  | 'codec_failed'
  | 'more_problems'

/** Why something was not taken, in words for the person who owns the gateway. */
export interface Refusal {
  readonly code: ProblemCode
  readonly detail: string
}

/** Where a codec puts what it finds. Each reading is judged alone: a refused one does not spoil the others. */
export interface Intake {
  /** Service's clock at receipt: the time of readings that bring none, and what other times are judged by. */
  readonly receivedAt: number
  /** The number of a device, to be given to `take`, or why the gateway may not speak for it. `at`: time of its readings. */
  device(id: string, at: number): number | Refusal
  /** Takes one value. `ownTime`: false where `at` follows from the receipt, so that a resend cannot be recognised. */
  take(device: number, metric: string, at: number, value: unknown, ownTime: boolean): Refusal | undefined
}

/** Reads one payload format. */
export interface Codec {
  readonly name: string
  /** True for the topics that carry the format. */
  reads(topic: string): boolean
  /** Hands every reading of the payload to the intake; returns what was wrong, in the order of the payload. Never throws. */
  decode(payload: Buffer, intake: Intake): readonly DeliveryProblem[]
}

export const noProblems: readonly DeliveryProblem[] = []

/** A gateway's upload of some hours; a longer backlog comes in several deliveries. */
export const itemsPerPayloadMax = 1_000
/** A thousand readings of ordinary size fit several times over. */
export const payloadBytesMax = 262_144
/** More than a person reads; the bytes are kept, so nothing is lost by not listing the rest. */
const problemsListedMax = 1_000

/** The problems of one payload, in order, with a count of those that are too many to list. */
export class ProblemList {
  #problems: DeliveryProblem[] | undefined
  #more = 0

  add(path: string, { code, detail }: Refusal): void {
    this.#problems ??= []
    if (this.#problems.length < problemsListedMax) this.#problems.push({ code, path, detail })
    else this.#more++
  }

  list(): readonly DeliveryProblem[] {
    if (this.#problems === undefined) return noProblems
    if (this.#more > 0) {
      this.#problems.push({ code: 'more_problems', path: '$', detail: `${this.#more} further problems are not listed` })
    }
    return this.#problems
  }
}

/** The payload as JSON; undefined where it is none, and then the problems say why. */
export function jsonOf(payload: Buffer, problems: ProblemList): unknown {
  if (payload.length > payloadBytesMax) {
    const detail = `The payload has ${payload.length} bytes; at most ${payloadBytesMax} are taken. Send it in parts.`
    problems.add('$', { code: 'too_large', detail })
    return undefined
  }
  try {
    return JSON.parse(payload.toString())
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    problems.add('$', { code: 'not_json', detail: `The payload is not JSON: ${shortened(reason)}` })
    return undefined
  }
}

/** Text from a payload that goes into a message: a forged name must not fill logs and topics, or break a text column. */
export function shortened(text: string): string {
  const short = text.length <= 100 ? text : `${text.slice(0, 97)}...`
  return short.replaceAll(/\p{Cc}/gu, '\uFFFD')
}

/** Names a value for a message. */
export function described(value: unknown): string {
  return shortened(JSON.stringify(value) ?? String(value))
}
