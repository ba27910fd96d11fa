import { setTimeout as pause } from 'node:timers/promises'
import { gatewayId, type SmallCity } from '../bench/small-city.ts'
import { type GatewayFeed, gatewayFeed } from './feed.ts'
import { type GatewayClient, openGatewayClient } from './gateway-client.ts'
import { type SentLedger, sentLedger } from './sent-ledger.ts'

export interface TrafficOptions {
  readonly city: SmallCity
  readonly secrets: ReadonlyMap<string, string>
  /** Local midnight at which the first day begins. */
  readonly beginsAt: number
  readonly daysMax: number
  readonly messagesPerSecond: number
  /** Service's clock. */
  now(): number
  /** Called when every message of a day is acked, with the number of days that are over; the next day waits for it. */
  dayOver(days: number): Promise<void>
}

/** All gateways of the city, from the first message to the last PUBACK. */
export interface Traffic {
  readonly feeds: readonly GatewayFeed[]
  readonly sent: SentLedger
  begin(port: number): void
  /** Completes the day that is under way and waits for every PUBACK. */
  finish(withinMs: number): Promise<void>
  resent(): number
  close(): void
}

const windowMessages = 32
const turnMs = 5

export function makeTraffic(options: TrafficOptions): Traffic {
  const { city, secrets, beginsAt, now, daysMax } = options
  const sent = sentLedger()
  const feedOptions = { city, beginsAt, now, liveHomesPerGateway: 1 }
  const feeds = Array.from({ length: city.gateways }, (_, gateway) => gatewayFeed(feedOptions, gateway))
  const clients: GatewayClient[] = []
  const perTurn = options.messagesPerSecond / (1_000 / turnMs) / city.gateways
  const budgets = feeds.map(() => 0)
  /** Days that every gateway has been told to complete. */
  let daysBegun = 1
  let finishing = false
  let turningDay = false

  const hasHadItsDay = (feed: GatewayFeed) => feed.daysSent() >= daysBegun
  const isQuiet = () => feeds.every(hasHadItsDay) && clients.every((client) => client.inFlight() === 0)

  async function turnDay(): Promise<void> {
    turningDay = true
    await options.dayOver(daysBegun)
    daysBegun++
    turningDay = false
  }

  function turn(): void {
    // Between the last PUBACK of a day and the first message of the next nothing may be said.
    if (!turningDay && !finishing && daysBegun < daysMax && clients.length > 0 && isQuiet()) void turnDay()
    for (const [index, client] of clients.entries()) {
      budgets[index] = Math.min((budgets[index] ?? 0) + perTurn, Math.max(1, 4 * perTurn))
      client.wake()
    }
  }
  const timer = setInterval(turn, turnMs)

  function nextOf(feed: GatewayFeed, index: number) {
    const budget = budgets[index] ?? 0
    const isOver = hasHadItsDay(feed) && (finishing || daysBegun < daysMax)
    if (budget < 1 || turningDay || isOver) return undefined
    budgets[index] = budget - 1
    const message = hasHadItsDay(feed) ? feed.nextOfNow() : feed.next()
    if (message) sent.sent(message)
    return message
  }

  return {
    feeds,
    sent,
    begin(port) {
      for (const [index, feed] of feeds.entries()) {
        const id = gatewayId(index)
        const client = openGatewayClient({
          ...{ port, id, secret: secrets.get(id) ?? '', window: windowMessages },
          next: () => nextOf(feed, index),
          onAcked(message) {
            feed.acked(message)
            sent.acked(message)
          },
        })
        clients.push(client)
      }
    },
    async finish(withinMs) {
      finishing = true
      const deadline = performance.now() + withinMs
      while (!isQuiet() || turningDay) {
        if (performance.now() > deadline) throw new Error('Not every message was acked in time')
        await pause(turnMs)
      }
    },
    resent: () => clients.reduce((sum, client) => sum + client.resent(), 0),
    close() {
      clearInterval(timer)
      for (const client of clients) client.close()
    },
  }
}
