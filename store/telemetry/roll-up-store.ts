import type { LiveRollUp } from '#domain/live-roll-up.ts'
import type { RollUpLevel } from '#domain/telemetry-names.ts'

/** A roll-up as a store returns it: what the place is called and where it belongs is the registry's matter. */
export interface StoredRollUp extends Pick<LiveRollUp, 'at' | 'few' | 'figures'> {
  readonly level: RollUpLevel
  readonly id: string
}

/** Answers questions about live roll-ups; several processes may hold one at once. */
export interface RollUpReader {
  /** Roll-ups of one place with from <= at < to, oldest first, at most `limit`. */
  rollUps(level: RollUpLevel, id: string, from: number, to: number, limit: number): Promise<StoredRollUp[]>
  /** All roll-ups of a period at some levels. */
  rollUpsAt(levels: readonly RollUpLevel[], at: number): Promise<StoredRollUp[]>
  /** Beginning of the newest period that is written for the city; undefined where none is. */
  newestRollUpAt(): Promise<number | undefined>
  close(): Promise<void>
}

/** Keeps live roll-ups; one writer at a time. */
export interface RollUpStore extends RollUpReader {
  /** Resolves when all are durable. A roll-up of the same place and period takes the place of the one before. */
  writeRollUps(rollUps: readonly LiveRollUp[]): Promise<void>
  /** Drops roll-ups of periods before a time. */
  dropRollUpsBefore(at: number): Promise<void>
}
