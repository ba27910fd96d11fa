import type { AppendResult, TelemetryStore } from '#store/telemetry/telemetry-store.ts'
import type { RejectedDelivery } from '../decoded-block.ts'
import type { PipelineBlock } from './block-decoder.ts'
import { joinedBatches } from './columns.ts'
import type { OpenReader } from './reader-loop.ts'
import { type ReadingOrigins, refusedDeliveries } from './refused-readings.ts'

/** Every append is a transaction with a sync of its own: what comes within this time goes together. */
const gatherMs = 400
/** Without readings only the position is to be saved, and that is worth a transaction now and then. */
const idleSaveMs = 5_000
/** Enough for one append; more would only wait longer. */
const gatherReadings = 65_536

/** Only what the reader needs of the store. */
type Store = Pick<TelemetryStore, 'append' | 'progress' | 'check' | 'close'>

interface TelemetryReaderOptions {
  openStore(): Promise<Store>
  /** Resolves when the ledger has noted the devices that this block introduces; see `quarantine-reader.ts`. */
  introduced(block: PipelineBlock): Promise<void>
  /** Resolves when the quarantine has readings, from before the position, that the store can never take. */
  quarantine(refused: readonly RejectedDelivery[], position: number): Promise<void>
}

/** Brings readings into the telemetry store, many blocks with one append. */
export async function openTelemetryReader(options: TelemetryReaderOptions): Promise<OpenReader> {
  const { openStore, introduced, quarantine } = options
  const store = await openStore()
  const progress = await store.progress()
  let counters: Counters = { ...noCounters, ...progress.counters }
  let savedPosition = progress.position
  let position = savedPosition
  /** Since this start: how long the store takes is of no use later. */
  const taken = { appends: 0, appendMsTotal: 0 }
  let gathered: ReadingOrigins[] = []
  let gatheredReadings = 0
  let gatheredWithoutTime = 0
  // A store that is not there is to be known at once, and not when the first reading comes.
  let saveDueMs: number | undefined = store.check && performance.now()

  async function append(): Promise<void> {
    const blocks = gathered
    const end = position
    const batch = joinedBatches(blocks.map(({ readings }) => readings))
    const withoutTime = gatheredWithoutTime
    let counted = counters
    const count = (result: AppendResult) => {
      counted = withBatch(counters, batch.count, withoutTime, result)
      return counted
    }
    const begunAt = performance.now()
    await store.append(batch, end, count, (refused) => quarantine(refusedDeliveries(blocks, refused), end))
    taken.appends += 1
    taken.appendMsTotal += performance.now() - begunAt
    counters = counted
    savedPosition = end
    gathered = []
    gatheredReadings = 0
    gatheredWithoutTime = 0
    saveDueMs = undefined
  }

  return {
    get position() {
      return position
    },
    async apply(block) {
      if (block.introduces) await introduced(block)
      const { readings, position: positions, gateway, gatewayIds } = block
      gathered.push({ readings, position: positions, gateway, gatewayIds })
      gatheredReadings += block.readings.count
      gatheredWithoutTime += block.readingsWithoutTime
      position = block.to
      const latestMs = performance.now() + (gatheredReadings > 0 ? gatherMs : idleSaveMs)
      saveDueMs = Math.min(saveDueMs ?? latestMs, latestMs)
      if (gatheredReadings >= gatherReadings) await append()
    },
    saveDueMs: () => saveDueMs,
    async save() {
      if (saveDueMs !== undefined) await append()
    },
    savedPosition: () => savedPosition,
    neededFrom: () => savedPosition,
    counters: () => ({ ...counters, ...taken }),
    close: () => store.close(),
  }
}

/** readings = stored + repeats + corrections + refused */
interface Counters extends Record<string, number> {
  readings: number
  stored: number
  repeats: number
  corrections: number
  refused: number
  withoutTime: number
}

const noCounters: Counters = { readings: 0, stored: 0, repeats: 0, corrections: 0, refused: 0, withoutTime: 0 }

function withBatch(before: Counters, readings: number, withoutTime: number, result: AppendResult): Counters {
  return {
    readings: before.readings + readings,
    stored: before.stored + result.stored,
    repeats: before.repeats + result.repeats,
    corrections: before.corrections + result.corrections,
    refused: before.refused + (result.refused ?? 0),
    withoutTime: before.withoutTime + withoutTime,
  }
}
