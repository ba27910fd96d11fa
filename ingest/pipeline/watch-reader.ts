import type { Signal } from '#domain/signal.ts'
import type { DecodedBlock } from '../decoded-block.ts'
import type { RegisteredDevices } from '../registered-devices.ts'
import type { PipelineBlock } from './block-decoder.ts'
import type { MovableWatch } from './hand-over.ts'
import type { OpenReader } from './reader-loop.ts'

/** What the pipeline needs of the watch. */
export interface WatchKeeper extends MovableWatch {
  /** First record that is not applied; its effects and this position are saved together. */
  readonly position: number
  /** First record whose effects the ledger does not have: a replay may begin before it. */
  readonly committedPosition: number
  /** First record that a restart would read again, to rebuild the state; `position` where it needs no replay. */
  readonly replayPosition: number
  /** Registered devices as the watch holds them. */
  readonly registered: RegisteredDevices
  /** A 1 for each device that was heard before a position, as far as the watch knew when it was opened. */
  heardBefore(position: number): Uint8Array
  apply(block: DecodedBlock): Promise<{ readonly signals: readonly Signal[] }>
  counters(): Record<string, number>
  close(): Promise<void>
}

interface WatchReaderOptions {
  openKeeper(): Promise<WatchKeeper>
  introduced(block: PipelineBlock): Promise<void>
  /** The stream has grown up to this number. */
  onSignals(head: number): void
  /** Called between two blocks. */
  between?(keeper: WatchKeeper): Promise<void>
}

/** Brings blocks to the watch. */
export async function openWatchReader(options: WatchReaderOptions): Promise<OpenReader> {
  const { openKeeper, introduced, onSignals, between } = options
  const keeper = await openKeeper()
  /** The keeper is past it as soon as it has taken a block; the effects are durable only when it says so. */
  let savedPosition = keeper.position
  return {
    get position() {
      return keeper.position
    },
    async apply(block) {
      if (block.introduces) await introduced(block)
      const { signals } = await keeper.apply(block)
      savedPosition = keeper.position
      const head = signals.at(-1)?.number
      if (head !== undefined) onSignals(head)
      await between?.(keeper)
    },
    saveDueMs: () => undefined,
    save: async () => {},
    savedPosition: () => savedPosition,
    neededFrom: () => Math.min(savedPosition, keeper.replayPosition),
    counters: () => keeper.counters(),
    close: () => keeper.close(),
  }
}
