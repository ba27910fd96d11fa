import type { ISubackPacket, ISubscription, IUnsubackPacket } from 'mqtt-packet'
import { topicRoot } from '#domain/topics.ts'
import type { Connection } from './connection.ts'
import type { KeptFilters } from './kept-filters.ts'
import type { OutsideLimits } from './limits.ts'

/** Brings the session's subscriptions to what is wanted, and says what the broker denies. */
export interface Subscriptions {
  want(filters: ReadonlySet<string>): void
  /** A session is there: everything is asked for anew, because a broker that was killed may have lost some. */
  connected(connection: Connection): void
  disconnected(): void
  answered(packet: ISubackPacket | IUnsubackPacket): void
  /** Resolves when nothing is left to be asked for, as far as the broker answers. */
  settled(): Promise<void>
  problems(): string[]
  counters(): { subscriptionsWanted: number; subscribed: number; subscriptionsDenied: number }
  close(): void
}

interface SubscriptionsOptions {
  readonly kept: KeptFilters
  readonly limits: OutsideLimits
  nextPacketId(): number
  readonly log: { info(facts: object, message: string): void; error(facts: object, message: string): void }
}

type Answer = ISubackPacket | IUnsubackPacket

/** A filter of the first kind has reports that are only new once; the rest comes again where the session is new. */
const neverRetained = 2
const retainedWhenNew = 1
const retainHandling = (filter: string) =>
  filter.startsWith(`${topicRoot}/`) && !filter.endsWith('/status') ? neverRetained : retainedWhenNew

export function makeSubscriptions({ kept, limits, nextPacketId, log }: SubscriptionsOptions): Subscriptions {
  let wanted: ReadonlySet<string> = new Set()
  const granted = new Set<string>()
  /** Filters with what the broker said of them. */
  const denied = new Map<string, string>()
  let connection: Connection | undefined
  let working: Promise<void> | undefined
  let awaited:
    | { readonly packetId: number; resolve(answer: Answer | undefined): void; timer: NodeJS.Timeout }
    | undefined
  let deniedTimer: NodeJS.Timeout | undefined

  const missing = () => [...wanted].filter((filter) => !granted.has(filter) && !denied.has(filter))
  const leftOver = () => [...kept.filters].filter((filter) => !wanted.has(filter))

  function work(): void {
    working ??= bringUp()
      .catch((error) => connection?.destroy(`subscriptions: ${(error as Error).message}`))
      .finally(() => {
        working = undefined
        // What was wanted meanwhile, or a new connection, has its turn now.
        if (connection && (missing().length > 0 || leftOver().length > 0)) work()
      })
  }

  async function bringUp(): Promise<void> {
    const { filtersPerPacketMax: size } = limits
    const toSubscribe = missing()
    // What may be in the session has to be known after a crash, so that it can be taken out of it again.
    await kept.add(toSubscribe)
    for (let start = 0; start < toSubscribe.length; start += size) {
      await subscribe(toSubscribe.slice(start, start + size))
    }
    if (denied.size > 0) tellDenied()
    const toLeave = leftOver()
    const left: string[] = []
    for (let start = 0; start < toLeave.length; start += size) {
      const filters = toLeave.slice(start, start + size)
      const packetId = nextPacketId()
      const answered = await ask({ cmd: 'unsubscribe', messageId: packetId, unsubscriptions: filters }, packetId)
      if (answered) left.push(...filters)
    }
    if (left.length > 0) await kept.remove(left)
  }

  async function subscribe(filters: readonly string[]): Promise<void> {
    const packetId = nextPacketId()
    const subscriptions = filters.map((topic): ISubscription => ({ topic, qos: 1, rh: retainHandling(topic) }))
    const answer = await ask({ cmd: 'subscribe', messageId: packetId, subscriptions }, packetId)
    if (!answer) return
    for (const [index, filter] of filters.entries()) {
      const code = Number(answer.granted[index] ?? 0x80)
      if (code === 1 || code === 2) granted.add(filter)
      else denied.set(filter, code === 0 ? 'only QoS 0 is granted' : `denied with code ${code}`)
    }
  }

  /** One question at a time; undefined where the connection ends before its answer. */
  async function ask(packet: Parameters<Connection['send']>[0], packetId: number): Promise<Answer | undefined> {
    const asking = connection
    if (!asking) return undefined
    return new Promise((resolve) => {
      const timer = setTimeout(() => asking.destroy('SUBSCRIBE was not answered'), limits.answerMs)
      awaited = { packetId, resolve, timer }
      asking.send(packet)
    })
  }

  function answer(packet: Answer | undefined): void {
    const { resolve, timer } = awaited ?? {}
    awaited = undefined
    clearTimeout(timer)
    resolve?.(packet)
  }

  function tellDenied(): void {
    const [first] = denied
    log.error({ denied: denied.size, filter: first?.[0], why: first?.[1] }, 'the outside broker denies subscriptions')
    clearTimeout(deniedTimer)
    deniedTimer = setTimeout(() => {
      denied.clear()
      if (connection) work()
    }, limits.deniedAgainMs)
    deniedTimer.unref()
  }

  return {
    want(filters) {
      wanted = filters
      for (const filter of [...granted]) if (!filters.has(filter)) granted.delete(filter)
      for (const filter of [...denied.keys()]) if (!filters.has(filter)) denied.delete(filter)
      if (connection) work()
    },
    connected(fresh) {
      connection = fresh
      granted.clear()
      denied.clear()
      work()
    },
    disconnected() {
      connection = undefined
      answer(undefined)
    },
    answered(packet) {
      if (packet.messageId === awaited?.packetId) answer(packet)
    },
    async settled() {
      while (working) await working
    },
    problems() {
      const [first] = denied
      if (first) {
        return [`the outside broker denies ${denied.size} of ${wanted.size} subscriptions, as ${first[0]}: ${first[1]}`]
      }
      const left = wanted.size - granted.size
      return left > 0 && connection ? [`${left} of ${wanted.size} subscriptions are not yet granted`] : []
    },
    counters: () => ({ subscriptionsWanted: wanted.size, subscribed: granted.size, subscriptionsDenied: denied.size }),
    close() {
      clearTimeout(deniedTimer)
      answer(undefined)
    },
  }
}
