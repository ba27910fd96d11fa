import type { IncomingMessage, ServerResponse } from 'node:http'
import type { DeliverySink } from '#domain/delivery.ts'
import { pushBytesMax } from '#domain/push-source.ts'
import type { PushedDelivery } from '../api/deps.ts'

/*
 * What platforms push over HTTP comes to the api, which knows who may; the journal is the edge's. So the api hands it
 * on over the edge's own HTTP, and shows the secret by which it is known at the broker as well.
 */

/** Where the edge takes deliveries that came over HTTP. */
export const deliveriesPath = '/deliveries'

/** Of the one who pushes, in percent-encoding. */
const header = { gateway: 'warmcity-gateway', topic: 'warmcity-topic' } as const

/** Pushes that wait for the disk at once; a journal that takes this many is not withholding. */
const waitingMax = 200
/** Misdirected Request. */
const otherWorkerStatus = 421
/** When the journal withholds, whoever pushed is told before it gives up by itself. */
const keptWithinMsDefault = 10_000
/** The api waits a little longer, so that it hears the reason. */
const answeredWithinMs = 15_000

/** What the edge has to take deliveries with, when it runs. */
export interface DeliveryDoor {
  readonly sink: DeliverySink
  /** City time. */
  now(): number
  /** Whether this is the secret of the api. */
  isApi(secret: string): boolean
  /** Whether the gateway's deliveries belong to this edge. */
  takes(gateway: string): boolean
}

interface Answer {
  readonly status: number
  /** Why it was not kept. */
  readonly reason?: string
}

/** Makes what answers a POST of a delivery: 204 when it is durable. */
export function takeDeliveries(door: () => DeliveryDoor | undefined, keptWithinMs = keptWithinMsDefault) {
  const counters = { pushesKept: 0, pushesWithheld: 0, pushesWaiting: 0 }

  async function take(request: IncomingMessage): Promise<Answer> {
    const open = door()
    if (open === undefined) return { status: 503, reason: 'the edge is starting' }
    if (!open.isApi(shownSecret(request.headers.authorization ?? '')))
      return { status: 401, reason: 'only the api may deliver here' }
    const [gateway, topic] = [header.gateway, header.topic].map((name) => decoded(request.headers[name]))
    if (!gateway || !topic) return { status: 400, reason: 'gateway and topic are missing' }
    if (!open.takes(gateway)) return { status: otherWorkerStatus, reason: `${gateway} belongs to another worker` }
    if (counters.pushesWaiting >= waitingMax) return { status: 503, reason: 'too many pushes wait for the disk' }
    counters.pushesWaiting++
    try {
      const payload = await bodyOf(request)
      if (payload === undefined) return { status: 413, reason: `at most ${pushBytesMax} bytes` }
      return await keep(open, { gateway, topic, payload }, keptWithinMs)
    } finally {
      counters.pushesWaiting--
    }
  }

  return {
    counters: () => counters,
    async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
      const { status, reason } = await take(request)
      if (status === 204) counters.pushesKept++
      else counters.pushesWithheld++
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
      response.end(reason === undefined ? undefined : `${reason}\n`)
    },
  }
}

function keep({ sink, now }: DeliveryDoor, pushed: PushedDelivery, keptWithinMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    // It may still be kept after that: what is pushed again is then a repeat of what is stored.
    const timer = setTimeout(() => {
      resolve({ status: 503, reason: 'the journal withholds: what it keeps waits for a disk or a store' })
    }, keptWithinMs)
    const delivery = { ...pushed, qos: 1, dup: false, retain: false, packetId: 0 } as const
    sink.accept({ ...delivery, receivedAt: now() }, (error) => {
      clearTimeout(timer)
      resolve(error ? { status: 503, reason: error.message } : { status: 204 })
    })
  })
}

function decoded(text: string | string[] | undefined): string | undefined {
  try {
    return typeof text === 'string' ? decodeURIComponent(text) : undefined
  } catch {
    return undefined
  }
}

/** Somebody chose the secret: a header takes few of the characters that it may have. */
const bearerOf = (secret: string) => `Bearer ${Buffer.from(secret).toString('base64url')}`
const shownSecret = (header: string) => Buffer.from(header.replace(/^Bearer /, ''), 'base64url').toString()

/** The whole body; undefined where it is too large. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > pushBytesMax) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/**
 * Hands a delivery to the edge whose gateway it is of; resolves when it is durable, rejects with the reason when it may
 * not be.
 */
export async function deliverToEdges(
  edgeUrls: readonly string[],
  secret: string,
  delivery: PushedDelivery,
): Promise<void> {
  for (const edgeUrl of edgeUrls) if (await deliverTo(edgeUrl, secret, delivery)) return
  throw notKept(`${delivery.gateway} belongs to a worker that this API is not told of`)
}

const notKept = (reason: string) => Object.assign(new Error(reason), { code: 'not_kept' })

/** False where the delivery belongs to another worker. */
async function deliverTo(edgeUrl: string, secret: string, delivery: PushedDelivery): Promise<boolean> {
  const { gateway, topic, payload } = delivery
  const response = await fetch(new URL(deliveriesPath, edgeUrl), {
    method: 'POST',
    headers: {
      authorization: bearerOf(secret),
      'content-type': 'application/octet-stream',
      [header.gateway]: encodeURIComponent(gateway),
      [header.topic]: encodeURIComponent(topic),
    },
    body: Buffer.from(payload),
    signal: AbortSignal.timeout(answeredWithinMs),
  }).catch((cause: unknown) => {
    throw Object.assign(new Error('the edge does not answer', { cause }), { code: 'edge_away' })
  })
  const reason = (await response.text()).trim()
  if (response.status === 204) return true
  if (response.status === otherWorkerStatus) return false
  throw notKept(reason || `the edge answers ${response.status}`)
}
