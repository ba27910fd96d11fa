import { mkdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { type ClockAnchor, wallClockAnchor } from '#domain/time.ts'
import { type Service, startService } from '../../commands/supervisor.ts'

/** The production edge in a process of its own, started as the supervisor starts it. */
export interface EdgeProcess {
  readonly pid: number
  readonly mqttPort: number
  readonly readySeconds: number
  /** What `/metrics` says now, by name. */
  metrics(): Promise<ReadonlyMap<string, number>>
  stop(): Promise<void>
  /** Ends it without a word, as a crash would. */
  kill(): Promise<void>
}

export interface EdgeProcessOptions {
  readonly data: string
  /** A free one when absent. */
  readonly mqttPort?: number
  /** Deliveries are taken from there, and `mqttPort` is that broker's. */
  readonly outsideBroker?: string
  readonly anchor?: ClockAnchor
  /** Folder for processor profiles of every thread. */
  readonly profiles?: string
}

export async function startEdgeProcess(options: EdgeProcessOptions): Promise<EdgeProcess> {
  const { data, mqttPort = 0, outsideBroker = '', anchor = wallClockAnchor, profiles } = options
  const startedAt = performance.now()
  const ports = ['--mqtt-port', String(mqttPort), '--websocket-port', '0', '--edge-http-port', '0']
  if (outsideBroker !== '') ports.push('--outside-broker', outsideBroker)
  const service = startService('edge', ['--data', data, '--log-level', 'warn', ...ports], anchor, {
    ...process.env,
    ...(profiles && { NODE_OPTIONS: profileOptions(profiles) }),
  })
  const addresses = await service.ready
  const { mqtt = outsideBroker, edgeHttp = '' } = addresses
  return {
    pid: service.pid,
    mqttPort: Number(new URL(mqtt).port),
    readySeconds: (performance.now() - startedAt) / 1_000,
    metrics: () => scrape(edgeHttp),
    stop: () => service.stop(),
    kill: () => killService(service),
  }
}

function profileOptions(folder: string): string {
  mkdirSync(folder, { recursive: true })
  return `${process.env.NODE_OPTIONS ?? ''} --cpu-prof --cpu-prof-dir=${folder}`
}

async function killService(service: Service): Promise<void> {
  process.kill(service.pid, 'SIGKILL')
  await service.exited
}

/** The figures of an edge by name, from its `/metrics`. */
export async function scrape(address: string): Promise<Map<string, number>> {
  const text = await (await fetch(`${address}/metrics`)).text()
  const values = new Map<string, number>()
  for (const line of text.split('\n')) {
    const found = /^(\w+)(?:\{[^}]*\})? (\S+)$/.exec(line)
    if (found?.[1] !== undefined) values.set(found[1], Number(found[2]))
  }
  return values
}

/** How far each reader of the journal is behind its end, in bytes, and how many bytes came in since the start. */
export interface Readers {
  readonly journalBytes: number
  readonly telemetryLagBytes: number
  readonly watchLagBytes: number
  /** Readings whose effect on the telemetry store is durable: stored ones, repeats and corrections. */
  readonly readings: number
}

/** Resolves when the edge knows of its readers: a moment after it is ready. */
export async function readersOf(edge: EdgeProcess): Promise<Readers> {
  let metrics = await edge.metrics()
  for (let attempt = 0; attempt < 100 && !metrics.has('warmcity_ingest_watch_lag_bytes'); attempt++) {
    await pause(pollMs)
    metrics = await edge.metrics()
  }
  const value = (name: string) => {
    const found = metrics.get(`warmcity_ingest_${name}`)
    if (found === undefined) throw new Error(`The edge has no metric warmcity_ingest_${name}`)
    return found
  }
  return {
    journalBytes: value('journal_bytes'),
    telemetryLagBytes: value('telemetry_lag_bytes'),
    watchLagBytes: value('watch_lag_bytes'),
    readings: value('telemetry_readings'),
  }
}

/** A tick a second comes into the journal without anybody's doing. */
const ticksBytes = 500
const pollMs = 50

/**
 * Resolves when the telemetry store has dealt with so many readings since it was made, and the watch has come to the
 * journal's end, or under load as near to it as `lagBytesMax`; gives how long each took, in seconds.
 */
export async function untilCaughtUp(
  edge: EdgeProcess,
  readingsWanted: number,
  withinMs: number,
  lagBytesMax = ticksBytes,
): Promise<{ telemetrySeconds: number; watchSeconds: number }> {
  const startedAt = performance.now()
  const seconds = () => (performance.now() - startedAt) / 1_000
  let telemetrySeconds: number | undefined
  let watchSeconds: number | undefined
  for (;;) {
    const readers = await readersOf(edge)
    if (readers.readings >= readingsWanted) telemetrySeconds ??= seconds()
    if (readers.watchLagBytes <= lagBytesMax) watchSeconds ??= seconds()
    if (telemetrySeconds !== undefined && watchSeconds !== undefined) return { telemetrySeconds, watchSeconds }
    if (performance.now() - startedAt > withinMs) throw new Error(`The readers are behind: ${JSON.stringify(readers)}`)
    await pause(pollMs)
  }
}

/** What may hold an ack up: the disk, or something else that the main thread does. Since the start of the edge. */
export async function pausesOf(edge: EdgeProcess): Promise<object> {
  const metrics = await edge.metrics()
  const milliseconds = (name: string, scale: number) => Number(((metrics.get(name) ?? 0) * scale).toFixed(1))
  return {
    journal_sync_ms_max: milliseconds('warmcity_ingest_journal_sync_ms_max', 1),
    event_loop_lag_p99_ms: milliseconds('warmcity_edge_nodejs_eventloop_lag_p99_seconds', 1_000),
    event_loop_lag_max_ms: milliseconds('warmcity_edge_nodejs_eventloop_lag_max_seconds', 1_000),
  }
}
