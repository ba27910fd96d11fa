import type { PayloadMapping, TimeFormat } from '#domain/payload-mapping.ts'
import type { ProblemList } from './codec.ts'
import type { SparkplugSessions } from './sparkplug-session.ts'

/** A payload in a maker's own words, and the mapping that says what they mean. */
export interface ForeignMessage {
  readonly topic: string
  /** The mapped filter that took the topic in. */
  readonly filter: string
  readonly payload: Buffer
  readonly mapping: PayloadMapping
  /** For a format whose messages are understood only by those before them; without it, each stands alone. */
  readonly sessions?: SparkplugSessions
  /** It comes out of quarantine, when others after it have long been read. */
  readonly sentAgain?: boolean
}

/** What one device says at one time, still in the maker's words. */
export interface Measurement {
  /** What the sender calls the device. */
  readonly address: string
  /** Where in the payload it stands, for whoever reads of a problem. */
  readonly path: string
  /** The whole payload, where fields that begin with "$" are looked up. */
  readonly root: unknown
  /** Where all other fields are looked up. */
  readonly part: unknown
  /** The measurement's own time as sent; undefined where the payload has none. */
  readonly time: { readonly value: unknown; readonly format: TimeFormat } | undefined
  /** True for messages beside the measurements, such as a battery status: nothing is missed where no field is mapped. */
  readonly auxiliary?: boolean
}

/** Reads one maker's format. Like every codec it never throws and knows only the message, so that replay gives the same. */
export interface ForeignCodec {
  /** What to do about measurements that bring no time, where the sender can be told to send one. */
  readonly timeAdvice?: string
  /** The measurements of the payload; what cannot be one goes to the problems. Messages of another kind give none. */
  read(message: ForeignMessage, problems: ProblemList): readonly Measurement[]
}

export type JsonObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A text of the payload that names something; undefined where there is none. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '' && value.length <= addressLengthMax) return value
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : undefined
}

/** As long as the registry's longest. */
const addressLengthMax = 200

/** What follows the part of a topic that its filter spells out: "b/c" of "a/b/c" by "a/#". */
export function topicRest(filter: string, topic: string): string {
  const levels = filter.split('/')
  const wildcard = levels.findIndex((level) => level === '+' || level === '#')
  const fixed = wildcard === -1 ? levels.length - 1 : wildcard
  return topic.split('/').slice(fixed).join('/')
}
