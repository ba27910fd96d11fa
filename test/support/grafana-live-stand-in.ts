import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A stand-in for the push address of Grafana Live, because no Grafana server runs here. It takes what Grafana's
 * documents say that Grafana takes: a POST to /api/live/push/STREAM with a bearer token, lines of InfluxDB's protocol.
 */
export interface GrafanaLiveStandIn {
  readonly url: string
  /** Lines by stream, in the order of their coming. */
  lines(stream: string): string[]
  /** Answers all that comes from now on with a status. */
  answerWith(status: number): void
  /** Requests that came with a wrong token, to another address or in another way. */
  refused(): number
  /** Resolves when a stream has so many lines. */
  has(stream: string, count: number): Promise<void>
  close(): Promise<void>
}

export async function startGrafanaLiveStandIn(token: string): Promise<GrafanaLiveStandIn> {
  const byStream = new Map<string, string[]>()
  const waiting: { stream: string; count: number; resolve: () => void }[] = []
  let status = 200
  let refused = 0
  const server = createServer((request, response) => {
    const stream = /^\/api\/live\/push\/([\w-]+)$/.exec(request.url ?? '')?.[1]
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const isRight = request.method === 'POST' && request.headers.authorization === `Bearer ${token}`
      if (stream === undefined || !isRight) {
        refused += 1
        response.writeHead(stream === undefined ? 404 : 401).end()
        return
      }
      if (status === 200) {
        const lines = Buffer.concat(chunks).toString('utf8').split('\n')
        byStream.set(stream, [...(byStream.get(stream) ?? []), ...lines])
      }
      response.writeHead(status).end()
      for (const one of waiting) if ((byStream.get(one.stream)?.length ?? 0) >= one.count) one.resolve()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    lines: (stream) => [...(byStream.get(stream) ?? [])],
    answerWith(next) {
      status = next
    },
    refused: () => refused,
    has: (stream, count) =>
      new Promise((resolve) => {
        if ((byStream.get(stream)?.length ?? 0) >= count) resolve()
        else waiting.push({ stream, count, resolve })
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
