import { sparkplugNodeTopic } from '#domain/sparkplug.ts'
import { rebirthCommand } from '../codecs/sparkplug-payload.ts'
import type { NodeSession, SparkplugSessions } from '../codecs/sparkplug-session.ts'
import type { SparkplugFile } from './sparkplug-file.ts'

/** A session as it was from a position of the journal on; undefined: the node was gone. */
export interface SessionVersion {
  readonly position: number
  readonly session: NodeSession | undefined
}

/** A plant room has one edge node or a few; a bridge that brings a whole firm's has some hundred. */
const nodesPerGatewayMax = 1_000
/** Metrics of all nodes of one gateway: a large plant's controllers many times over, some 30 MB. */
const metricsPerGatewayMax = 200_000
/** An edge node needs a moment for its births, and with many devices sends a burst of them. */
const askAgainMs = 60_000
/** Nodes that were asked of late; when there are more, the one asked longest ago may be asked again at once. */
const askedMax = 10_000

interface SparkplugBookOptions {
  /** Where sessions are kept; without it they live as long as the book. */
  readonly file?: SparkplugFile
  /** Sends an edge node a command of Sparkplug. */
  command?(topic: string, payload: Uint8Array): void
  monotonicMs?(): number
}

/**
 * What is known of edge nodes, as of every position of the journal from which a reader may have to read again. A record
 * that is decoded again, by a reader that is apart or after a crash, finds the sessions that it found the first time:
 * what a block has changed is kept under the block's end, and is on the disk before any reader gets the block.
 */
export class SparkplugBook {
  readonly #file: SparkplugFile | undefined
  readonly #command: (topic: string, payload: Uint8Array) => void
  readonly #now: () => number
  /** By gateway and node; versions in order of their positions, the first of which everybody has passed. */
  readonly #nodes: Map<string, SessionVersion[]>
  readonly #countByGateway = new Map<string, number>()
  /** By gateway, of the newest sessions of its nodes. */
  readonly #metricsByGateway = new Map<string, number>()
  readonly #asked = new Map<string, number>()
  #changed = new Map<string, NodeSession | undefined>()
  #wanted = new Set<string>()
  #missedNow = 0
  #from = 0
  #released = 0
  readonly #counters = { sparkplugNodes: 0, sparkplugGaps: 0, sparkplugRebirthsAsked: 0 }

  constructor({ file, command = () => {}, monotonicMs = () => performance.now() }: SparkplugBookOptions = {}) {
    this.#file = file
    this.#command = command
    this.#now = monotonicMs
    this.#nodes = file?.read() ?? new Map()
    for (const [key, versions] of this.#nodes) {
      this.#count(key, 1)
      this.#countMetrics(key, undefined, versions.at(-1)?.session)
    }
  }

  /** A block that begins at `from` is decoded, or decoded anew: nothing of an attempt before is left. */
  begin(from: number): void {
    this.#from = from
    if (this.#changed.size > 0) this.#changed = new Map()
    if (this.#wanted.size > 0) this.#wanted = new Set()
    this.#missedNow = 0
  }

  /** The block up to `to`, the last of which came `at`, is decoded. Returns when what it changed is durable. */
  finish(to: number, at: number): void {
    this.#keep(to)
    this.#counters.sparkplugGaps += this.#missedNow
    for (const key of this.#wanted) this.#askForBirth(key, at)
    this.begin(to)
  }

  /** No reader will read again what lies before `position`. */
  release(position: number): void {
    if (position <= this.#released) return
    this.#released = position
    for (const [key, versions] of this.#nodes) {
      const newest = versions.findLastIndex((version) => version.position <= position)
      if (newest > 0) versions.splice(0, newest)
      if (versions.length > 1 || versions[0]?.session !== undefined || (versions[0]?.position ?? 0) > position) continue
      this.#nodes.delete(key)
      this.#count(key, -1)
    }
    this.#file?.release(position)
  }

  /** The sessions of one gateway, for the record that is being decoded. */
  sessionsOf(gateway: string): SparkplugSessions {
    const keyOf = (node: string) => `${gateway}\n${node}`
    return {
      of: (node) => this.#at(keyOf(node)),
      put: (node, session) => {
        const key = keyOf(node)
        const isNew = !this.#nodes.has(key) && !this.#changed.has(key)
        if (isNew && (this.#countByGateway.get(gateway) ?? 0) >= nodesPerGatewayMax) return false
        const more = metricsOf(session, this.#at(key)) - metricsOf(this.#at(key), session)
        if (more > 0 && (this.#metricsByGateway.get(gateway) ?? 0) + more > metricsPerGatewayMax) return false
        this.#changed.set(key, session)
        return true
      },
      missed: () => {
        this.#missedNow++
      },
      askForBirth: (node) => {
        this.#wanted.add(keyOf(node))
      },
    }
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.#counters, sparkplugNodes: this.#nodes.size }
  }

  close(): void {
    this.#file?.close()
  }

  #at(key: string): NodeSession | undefined {
    if (this.#changed.has(key)) return this.#changed.get(key)
    return this.#nodes.get(key)?.findLast(({ position }) => position <= this.#from)?.session
  }

  #keep(position: number): void {
    if (this.#changed.size === 0) return
    this.#file?.write(position, this.#changed)
    for (const [key, session] of this.#changed) {
      const versions = this.#nodes.get(key)
      this.#countMetrics(key, versions?.at(-1)?.session, session)
      if (versions === undefined) {
        this.#nodes.set(key, [{ position, session }])
        this.#count(key, 1)
        continue
      }
      // A reader that is apart brings again what the first has brought; its blocks may end elsewhere.
      const place = versions.findLastIndex((version) => version.position <= position)
      const isKnown = versions[place]?.position === position
      versions.splice(isKnown ? place : place + 1, isKnown ? 1 : 0, { position, session })
    }
  }

  #count(key: string, by: number): void {
    const gateway = gatewayOf(key)
    this.#countByGateway.set(gateway, (this.#countByGateway.get(gateway) ?? 0) + by)
  }

  #countMetrics(key: string, before: NodeSession | undefined, after: NodeSession | undefined): void {
    const more = metricsOf(after, before) - metricsOf(before, after)
    if (more === 0) return
    const gateway = gatewayOf(key)
    this.#metricsByGateway.set(gateway, (this.#metricsByGateway.get(gateway) ?? 0) + more)
  }

  #askForBirth(key: string, at: number): void {
    const now = this.#now()
    if (now < (this.#asked.get(key) ?? Number.NEGATIVE_INFINITY) + askAgainMs) return
    this.#asked.delete(key)
    this.#asked.set(key, now)
    if (this.#asked.size > askedMax) this.#asked.delete(this.#asked.keys().next().value ?? '')
    const [group = '', node = ''] = key.slice(key.indexOf('\n') + 1).split('/')
    this.#counters.sparkplugRebirthsAsked++
    this.#command(sparkplugNodeTopic({ group, node }, 'NCMD'), rebirthCommand(at))
  }
}

const gatewayOf = (key: string) => key.slice(0, key.indexOf('\n'))

/** Metrics of a session's births; 0 where `other` has the same, which most messages do not change. */
function metricsOf(session: NodeSession | undefined, other: NodeSession | undefined): number {
  if (session === undefined || session.births === other?.births) return 0
  let count = 0
  for (const { metrics } of session.births.values()) count += metrics.length
  return count
}
