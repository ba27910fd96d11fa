import type { JournalReader } from '../journal/reader.ts'
import type { BlockDecoder, PipelineBlock } from './block-decoder.ts'

/** One decoding takes some ten milliseconds, so that the readers take turns and none waits long for another. */
const blockBytesMax = 1 << 20
/** A reader that is this far behind the first can still be served without decoding again. */
const blocksKeptMax = 6
/** Live data waits this long for company: one transaction then holds the readings of a tenth of a second. */
const gatherMs = 100
/** With this much there is company enough. */
const gatherBytes = 256 << 10

/** Decodes the journal once for all readers that are near each other. */
export interface BlockSource {
  /** The block that begins at `position`; undefined where nothing was durable there until `untilMs` (performance.now()). */
  next(position: number, untilMs: number): Promise<PipelineBlock | undefined>
  /** Lets everybody who waits for a block go on without one. */
  wake(): void
  counters(): { readonly blocksDecoded: number; readonly blocksShared: number }
}

export function createBlockSource(journal: JournalReader, decoder: Pick<BlockDecoder, 'decode'>): BlockSource {
  /** Oldest first. */
  const kept: PipelineBlock[] = []
  const counters = { blocksDecoded: 0, blocksShared: 0 }
  let turn: Promise<unknown> = Promise.resolve()
  let wakes = 0

  /** The decoder and the journal's buffer serve one at a time. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work)
    turn = mine.catch(() => {})
    return mine
  }

  function find(position: number): PipelineBlock | undefined {
    const block = kept.find(({ from }) => from === position)
    if (block) counters.blocksShared++
    return block
  }

  async function decode(position: number): Promise<PipelineBlock | undefined> {
    const known = find(position)
    if (known) return known
    // A reader that begins inside a block goes to its end, and shares from there on.
    const around = kept.find(({ from, to }) => from < position && position < to)
    const stretch = await journal.read(position, Math.min(blockBytesMax, (around?.to ?? Infinity) - position))
    if (stretch === undefined) return undefined
    const block = await decoder.decode(stretch)
    counters.blocksDecoded++
    kept.push(block)
    if (kept.length > blocksKeptMax) kept.shift()
    return block
  }

  return {
    async next(position, untilMs) {
      const known = find(position)
      if (known) return known
      const wakesBefore = wakes
      while (journal.durableEnd() <= position) {
        const leftMs = untilMs - performance.now()
        if (leftMs <= 0 || wakes !== wakesBefore) return undefined
        await journal.wait(position, leftMs)
      }
      const newest = kept.at(-1)
      const isLive = newest === undefined || position >= newest.to
      if (isLive && journal.durableEnd() - position < gatherBytes) await pause(gatherMs)
      return inTurn(() => decode(position))
    },
    wake() {
      wakes++
      journal.wake()
    },
    counters: () => counters,
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
