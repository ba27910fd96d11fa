import type { MetricName } from '#domain/metric.ts'
import type { ReadingBatch, Sample } from '#domain/reading.ts'

/** What became of the readings of one batch; together they are the batch's count. */
export interface AppendResult {
  readonly stored: number
  /** Same device, metric, time and value as a stored reading. */
  readonly repeats: number
  /** Same device, metric and time, another value: the last wins. */
  readonly corrections: number
  /** Readings that the store can never take; none where it is absent. */
  readonly refused?: number
}

/** A reading that a store can never take, whatever its state, while it takes others. */
export interface RefusedReading {
  /** Row of the batch. */
  readonly row: number
  /** In the words of the store. */
  readonly reason: string
}

/** Newest reading of one device and metric. */
export interface Latest extends Sample {
  readonly device: string
  readonly metric: MetricName
}

/**
 * Counters to keep with the journal position; a function is told what became of the batch, so that they can count it.
 * It must change nothing itself: when the append fails, what it returned is not kept.
 */
export type CountersToKeep =
  | Readonly<Record<string, number>>
  | ((result: AppendResult) => Readonly<Record<string, number>>)

export interface TelemetryUsage {
  /** Bytes on disk. */
  readonly bytes: number
  /** Readings kept, each device, metric and time once. */
  readonly readings: number
  /** Event times of the oldest and the newest. */
  readonly oldestAt?: number
  readonly newestAt?: number
  /** Times of receipt of the oldest and the newest, where the store knows them. */
  readonly receivedFrom?: number
  readonly receivedTo?: number
}

/** Answers questions about kept readings; several processes may hold one at once. */
export interface TelemetryReader {
  /** Readings of one device and metric with from <= at < to, oldest first, each time once, at most `limit`. */
  readings(device: string, metric: MetricName, from: number, to: number, limit: number): Promise<Sample[]>
  /** Newest readings of the device, one for each metric it sent within retention. */
  latest(device: string): Promise<Latest[]>
  /** What the store holds, for the forecast. */
  usage(): Promise<TelemetryUsage>
  /** Rejects while the store does not answer; absent where it is part of this process. */
  check?(): Promise<void>
  close(): Promise<void>
}

/**
 * Keeps every reading; one writer at a time. The journal position behind a batch becomes durable with the batch or
 * after it, never before; appending a batch again after a crash gives the same data. Raw readings go after the retention time.
 */
export interface TelemetryStore extends TelemetryReader {
  /**
   * Stores a batch with the journal position that follows it and the reader's counters. Resolves when durable.
   * A store that can refuse single readings hands them to `keepRefused`, and keeps the position when that has resolved.
   */
  append(
    batch: ReadingBatch,
    position: number,
    counters: CountersToKeep,
    keepRefused?: (refused: readonly RefusedReading[]) => Promise<void>,
  ): Promise<AppendResult>
  /** Position and counters of the last durable append; position 0 and no counters for a new store. */
  progress(): Promise<{ position: number; counters: Record<string, number> }>
  /** Merges what was appended into device order and drops what is past retention; `now` is the service's clock. */
  maintain(now: number): Promise<void>
}
