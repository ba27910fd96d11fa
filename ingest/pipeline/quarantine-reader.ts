import { recordFirstReadings } from '#store/ledger/commissioning.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { quarantineDeliveries } from '#store/ledger/quarantine.ts'
import { markReplayed } from '#store/ledger/quarantine-replay.ts'
import { readProgress, saveProgress } from '#store/ledger/reader-positions.ts'
import type { RejectedDelivery } from '../decoded-block.ts'
import type { PipelineBlock } from './block-decoder.ts'
import type { NewDevice } from './device-judge.ts'
import type { OpenReader } from './reader-loop.ts'

/** Counting alone need not be saved at once: after a crash the same records are counted again. */
const saveEveryMs = 1_000

/** Name under which the position is kept where one worker reads for the whole city. */
const quarantineReaderName = 'quarantine'

interface QuarantineReaderOptions {
  readonly ledger: Ledger
  /** Name under which the reader's position is kept. */
  readonly readerName?: string
  /** The ledger has the first reading of these devices. */
  noted(devices: readonly NewDevice[]): void
  /** These are in the quarantine now. */
  onQuarantined(rejected: readonly RejectedDelivery[]): void
  /** These quarantined deliveries went through again. */
  onSentAgain(quarantineIds: readonly number[]): void
}

/**
 * Keeps bad deliveries with their reasons, notes devices that are heard for the first time, and counts every delivery
 * by its outcome.
 *
 * What was decided about a device that the registry does not know must stay so: after a crash the other readers may
 * decode the same record again. So they wait with a block that introduces such devices until this reader has noted
 * them, and a noted device is never refused for being one too many.
 */
export async function openQuarantineReader(options: QuarantineReaderOptions): Promise<OpenReader> {
  const { ledger, readerName = quarantineReaderName } = options
  const progress = await readProgress(ledger.db, readerName)
  const counters = {
    deliveries: 0,
    taken: 0,
    repeats: 0,
    rejected: 0,
    status: 0,
    readings: 0,
    sentAgain: 0,
    ticks: 0,
    /** The service's clock as the journal has it. */
    clockAt: 0,
    ...progress.counters,
  }
  let position = progress.position
  let savedPosition = position
  let saveDueMs: number | undefined

  async function save(block?: PipelineBlock): Promise<void> {
    await ledger.write(async (transaction) => {
      if (block) {
        await quarantineDeliveries(transaction, block.rejected)
        await recordFirstReadings(transaction, block.newDevices)
        const sentAgain = block.sentAgain.map(({ quarantineId }) => quarantineId)
        await markReplayed(transaction, sentAgain, counters.clockAt)
      }
      await saveProgress(transaction, readerName, { position, counters })
    })
    savedPosition = position
    saveDueMs = undefined
  }

  function count({ deliveries, readings, sentAgain, ticks }: PipelineBlock): void {
    counters.deliveries += deliveries.total
    counters.taken += deliveries.taken
    counters.repeats += deliveries.repeats
    counters.rejected += deliveries.rejected
    counters.status += deliveries.status
    counters.readings += readings.count
    counters.sentAgain += sentAgain.length
    counters.ticks += ticks.length
    counters.clockAt = ticks.at(-1)?.at ?? counters.clockAt
  }

  return {
    get position() {
      return position
    },
    async apply(block) {
      count(block)
      position = block.to
      if (block.rejected.length + block.newDevices.length + block.sentAgain.length === 0) {
        saveDueMs ??= performance.now() + saveEveryMs
        return
      }
      await save(block)
      options.noted(block.newDevices)
      options.onQuarantined(block.rejected)
      options.onSentAgain(block.sentAgain.map(({ quarantineId }) => quarantineId))
    },
    saveDueMs: () => saveDueMs,
    async save() {
      if (saveDueMs !== undefined) await save()
    },
    savedPosition: () => savedPosition,
    neededFrom: () => savedPosition,
    counters: () => ({ ...counters }),
    close: async () => {},
  }
}
