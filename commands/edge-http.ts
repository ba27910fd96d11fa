import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { listenFailure } from './listen-failure.ts'
import { type DeliveryDoor, deliveriesPath, takeDeliveries } from './pushed-deliveries.ts'

interface EdgeHttpOptions {
  readonly host: string
  readonly port: number
  /** What runs by now, by the name that its figures carry. */
  parts(): Readonly<Record<string, { counters(): object }>>
  /** Why the edge does not do all of its work; empty where it does. */
  notReady(): string[]
  /** What it takes pushed deliveries with; undefined while it starts. */
  door(): DeliveryDoor | undefined
}

interface EdgeHttp {
  readonly address: string
  /** All figures, as `/metrics` shows them. */
  metricsText(): Promise<string>
  close(): Promise<void>
}

/** The edge's own health and figures over HTTP: /healthz, /readyz and /metrics; and where the api brings what was pushed. */
export async function startEdgeHttp(options: EdgeHttpOptions): Promise<EdgeHttp> {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'warmcity_edge_' })
  const gauges = new Map<string, Gauge>()
  const update = () => {
    for (const [name, part] of Object.entries({ ...options.parts(), edge: pushed })) {
      showCounters(gauges, registry, name, part.counters())
    }
  }
  const pushed = takeDeliveries(() => options.door())
  const server = createServer((request, response) => {
    if (request.method === 'POST' && request.url === deliveriesPath) {
      // A caller that goes away in the middle of its body has nobody to tell.
      pushed.answer(request, response).catch(() => response.destroy())
      return
    }
    answer(request.url ?? '/', options, registry, update).then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
      (error: Error) => response.writeHead(500, { 'content-type': 'text/plain' }).end(error.message),
    )
  })
  await new Promise<void>((resolve, reject) => {
    // One that comes later is a connection that the system could not accept: its peer tries again.
    server.on('error', (error) => reject(listenFailure(error, "the edge's HTTP", '--edge-http-port')))
    server.listen(options.port, options.host, () => resolve())
  })
  const { port } = server.address() as AddressInfo
  return {
    address: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    metricsText() {
      update()
      return registry.metrics()
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Makes each named number of a part one gauge, also those that the part names later. */
function showCounters(gauges: Map<string, Gauge>, registry: Registry, part: string, counters: object): void {
  for (const [name, value] of Object.entries(counters)) {
    if (typeof value === 'number') gaugeOf(gauges, registry, part, name).set(value)
  }
}

function gaugeOf(gauges: Map<string, Gauge>, registry: Registry, part: string, name: string): Gauge {
  const known = gauges.get(`${part}/${name}`)
  if (known) return known
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replace(/\W/g, '_')
  const made = new Gauge({ name: `warmcity_${part}_${snake}`, help: `${part}: ${name}`, registers: [registry] })
  gauges.set(`${part}/${name}`, made)
  return made
}

async function answer(url: string, options: EdgeHttpOptions, registry: Registry, update: () => void) {
  const plain = (status: number, body: string) => ({ status, type: 'text/plain; charset=utf-8', body })
  if (url === '/healthz') return plain(200, 'ok\n')
  if (url === '/readyz') {
    const reasons = options.notReady()
    return reasons.length === 0 ? plain(200, 'ready\n') : plain(503, `${reasons.join('\n')}\n`)
  }
  if (url === '/metrics') {
    update()
    return { status: 200, type: registry.contentType, body: await registry.metrics() }
  }
  return plain(404, 'There is /healthz, /readyz and /metrics here.\n')
}
