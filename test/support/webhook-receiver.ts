import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ReceivedWebhook {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** A web server on loopback that takes what a service posts to it. */
export async function startWebhookReceiver(): Promise<{
  readonly url: string
  /** Resolves with the first delivery that the predicate likes. */
  received(likes: (webhook: ReceivedWebhook) => boolean): Promise<ReceivedWebhook>
  close(): void
}> {
  const all: ReceivedWebhook[] = []
  const waiting: { likes: (webhook: ReceivedWebhook) => boolean; resolve: (webhook: ReceivedWebhook) => void }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const webhook = { headers: request.headers, body }
      all.push(webhook)
      for (const { likes, resolve } of waiting) if (likes(webhook)) resolve(webhook)
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received(likes) {
      const known = all.find(likes)
      return known ? Promise.resolve(known) : new Promise((resolve) => waiting.push({ likes, resolve }))
    },
    close: () => server.close(),
  }
}
