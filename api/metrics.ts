import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** A figure that is read when somebody asks, shown in `/metrics` under its own name. */
export interface Figure {
  readonly name: string
  readonly help: string
  readonly kind: 'counter' | 'gauge'
  readonly value: number
  readonly labels?: Readonly<Record<string, string>>
}

/** Figures of this process, kept apart for each app so that two of them in one process do not mix. */
export interface ApiMetrics {
  readonly registry: Registry
  requestDone(route: string, method: string, status: number, seconds: number): void
  socketsOpen(count: number): void
  signalsSent(count: number): void
  slowSocketEnded(): void
  notified(channel: string, outcome: string): void
}

const durationBucketsSeconds = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10]

export function makeMetrics(): ApiMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const requests = new Histogram({
    name: 'warmcity_http_request_seconds',
    help: 'Time from a request to its answer',
    labelNames: ['route', 'method', 'status'],
    buckets: durationBucketsSeconds,
    registers,
  })
  const sockets = new Gauge({ name: 'warmcity_live_sockets', help: 'Open sockets of signed-in clients', registers })
  const signals = new Counter({ name: 'warmcity_live_signals_total', help: 'Signals sent to sockets', registers })
  const slow = new Counter({
    name: 'warmcity_live_slow_sockets_total',
    help: 'Sockets ended because the client did not take its signals in time',
    registers,
  })
  const notified = new Counter({
    name: 'warmcity_notification_attempts_total',
    help: 'Attempts to tell somebody of an alert',
    labelNames: ['channel', 'outcome'],
    registers,
  })
  return {
    registry,
    requestDone: (route, method, status, seconds) => requests.observe({ route, method, status }, seconds),
    socketsOpen: (count) => sockets.set(count),
    signalsSent: (count) => signals.inc(count),
    slowSocketEnded: () => slow.inc(),
    notified: (channel, outcome) => notified.inc({ channel, outcome }),
  }
}

/** Figures in Prometheus' text format, those of one name under one heading. */
export function figuresText(figures: readonly Figure[]): string {
  const lines: string[] = []
  for (const [name, group] of Map.groupBy(figures, (figure) => figure.name)) {
    lines.push(`# HELP ${name} ${group[0]?.help ?? ''}`, `# TYPE ${name} ${group[0]?.kind ?? 'gauge'}`)
    for (const { labels, value } of group) lines.push(`${name}${labelsText(labels)} ${value}`)
  }
  return lines.map((line) => `${line}\n`).join('')
}

function labelsText(labels: Figure['labels']): string {
  const pairs = Object.entries(labels ?? {}).map(([name, value]) => `${name}="${escapeLabel(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const escapeLabel = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
