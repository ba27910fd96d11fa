import { inScope } from '#domain/account.ts'
import type { Signal } from '#domain/signal.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import {
  type SignalAudience,
  type SignalPage,
  type StreamExtent,
  signalsAfter,
  streamExtent,
} from '#store/ledger/signals.ts'

/**
 * The one reader of the ledger's stream for all sockets of the process: it reads every signal once, keeps the newest
 * in memory, and serves everybody from there. Who is further behind is served from the ledger.
 */
export interface StreamFeed {
  /** Stream id and newest number read. */
  extent(): StreamExtent
  /** What an audience may see after a number, oldest first. */
  page(after: number, audience: SignalAudience, limit: number): Promise<SignalPage>
  /** Looks into the ledger now rather than at the next poll. Resolves when it has looked. */
  wake(): Promise<void>
  onNews(listener: () => void): void
  /** The ledger was put back from a copy: numbers that were given before mean nothing any more. */
  onOtherStream(listener: () => void): void
  close(): Promise<void>
}

export interface StreamFeedOptions {
  readonly pollMs: number
  readonly onError: (error: unknown) => void
}

/** Enough for the storm that follows a city-wide fault; a signal weighs about a kilobyte. */
const signalsKeptMax = 5_000
const signalsPerReadMax = 500

const everything: SignalAudience = { scope: { kind: 'city' }, dwellings: true }

export async function openStreamFeed(db: LedgerDb, options: StreamFeedOptions): Promise<StreamFeed> {
  let extent = await streamExtent(db)
  const kept: Signal[] = []
  const listeners: (() => void)[] = []
  const otherStreamListeners: (() => void)[] = []
  let reading: Promise<void> | undefined
  let again = false

  async function readOn(): Promise<void> {
    for (;;) {
      const present = await streamExtent(db)
      if (present.streamId !== extent.streamId || present.head < extent.head) {
        extent = present
        kept.length = 0
        for (const listener of otherStreamListeners) listener()
        return
      }
      extent = { ...extent, oldest: present.oldest }
      if (present.head === extent.head) return
      const page = await signalsAfter(db, extent.head, everything, signalsPerReadMax)
      if (page.streamId !== extent.streamId) continue
      const news = page.through > extent.head
      kept.push(...page.signals)
      kept.splice(0, Math.max(0, kept.length - signalsKeptMax))
      extent = { ...extent, head: page.through }
      if (news) for (const listener of listeners) listener()
    }
  }

  async function wake(): Promise<void> {
    if (reading) {
      // Somebody may have committed after this reading began.
      again = true
      return reading
    }
    reading = (async () => {
      do {
        again = false
        await readOn()
      } while (again)
    })().finally(() => {
      reading = undefined
    })
    return reading
  }

  const poll = setInterval(() => {
    wake().catch(options.onError)
  }, options.pollMs)

  return {
    extent: () => extent,
    wake,
    onNews: (listener) => listeners.push(listener),
    onOtherStream: (listener) => otherStreamListeners.push(listener),
    async page(after, audience, limit) {
      const first = kept[0]?.number ?? extent.head + 1
      if (after < first - 1) return clampToHead(await signalsAfter(db, after, audience, limit), extent.head)
      const signals: Signal[] = []
      let through = after
      // Numbers have no gaps, so a signal's place follows from its number.
      for (const signal of kept.slice(after - first + 1)) {
        if (signals.length === limit) break
        if (isFor(signal, audience)) signals.push(signal)
        through = signal.number
      }
      return { streamId: extent.streamId, signals, through, head: extent.head }
    },
    async close() {
      clearInterval(poll)
      await reading?.catch(options.onError)
    },
  }
}

/** The ledger may be ahead of what the feed has read; everybody goes by the feed. */
function clampToHead(page: SignalPage, head: number): SignalPage {
  const signals = page.signals.filter((signal) => signal.number <= head)
  return { ...page, signals, through: Math.min(page.through, head), head }
}

/** Whether a signal is for an audience. */
export const isFor = (signal: Signal, audience: SignalAudience): boolean =>
  (audience.dwellings || !signal.ofDwelling) &&
  inScope(audience.scope, { territory: signal.territory, ...(signal.firm !== undefined && { firm: signal.firm }) })

export const resynchroniseReasons = ['otherStream', 'olderThanKept', 'newerThanHead'] as const
export type ResynchroniseReason = (typeof resynchroniseReasons)[number]

/** Why a client cannot go on after a number; undefined where it can. */
export function resynchroniseReason(
  extent: StreamExtent,
  after: number,
  streamId: string | undefined,
): ResynchroniseReason | undefined {
  if (streamId !== undefined && streamId !== extent.streamId) return 'otherStream'
  if (after < extent.oldest - 1) return 'olderThanKept'
  // A number that was never given: the ledger was put back from a copy.
  if (after > extent.head) return 'newerThanHead'
  return undefined
}
