import type { SparkplugMetric } from './sparkplug-payload.ts'

/** What a birth says of one metric. */
export interface BornMetric {
  readonly name: string
  readonly alias: string | undefined
  readonly type: number | undefined
}

/** The metrics that a node or one of its devices was born with. */
export interface Birth {
  readonly metrics: readonly BornMetric[]
  readonly byAlias: ReadonlyMap<string, BornMetric>
  readonly byName: ReadonlyMap<string, BornMetric>
}

/** What has to be known of an edge node to read its next message. Never changed: a new message makes a new one. */
export interface NodeSession {
  /** Number of the node's connection: a death of an earlier one is not this one's. */
  readonly bdSeq: number | undefined
  readonly seq: number
  /** False where a birth may be missing: aliases may mean something else by now. */
  readonly trusted: boolean
  /** By device; the node's own is under the empty name. */
  readonly births: ReadonlyMap<string, Birth>
}

/** Sessions of the gateway that sent a message, as they were at its place in the journal. */
export interface SparkplugSessions {
  /** `node`: group and edge node, with a slash between. */
  of(node: string): NodeSession | undefined
  /** Undefined: the node is gone. False where the gateway has more to tell than there is room for. */
  put(node: string, session: NodeSession | undefined): boolean
  /** Messages of the node are missing. */
  missed(node: string): void
  /** Asks the node for its births. Now and then: there is no need to count. */
  askForBirth(node: string): void
}

export function makeBirth(metrics: readonly BornMetric[]): Birth {
  return {
    metrics,
    byAlias: new Map(metrics.flatMap((metric) => (metric.alias === undefined ? [] : [[metric.alias, metric]]))),
    byName: new Map(metrics.map((metric) => [metric.name, metric])),
  }
}

/** As long as a field of a mapping can be: what nobody can map need not be remembered. */
const nameLengthMax = 200

/** The metrics of a birth that later messages may name by alias, or leave out the type of. */
export function bornMetrics(metrics: readonly SparkplugMetric[]): BornMetric[] {
  return metrics.flatMap(({ name, alias, type }) =>
    name === undefined || name.length > nameLengthMax ? [] : [{ name, alias, type }],
  )
}

const seqCount = 256

/** What the sequence number of a message says: all came, the last one came again, or some are missing. */
export type Following = 'next' | 'same' | 'gap' | 'newCount'

/**
 * `newCount`: some are missing, and the count began again meanwhile. It begins again after 255 and at a birth of the
 * node, so one of those may be among what is missing.
 */
export function following(last: number, seq: number): Following {
  if (seq === (last + 1) % seqCount) return 'next'
  if (seq === last) return 'same'
  return seq > last ? 'gap' : 'newCount'
}
