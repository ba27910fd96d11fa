import type { LiveRollUp } from '#domain/live-roll-up.ts'
import type { RollUpStore } from '#store/telemetry/roll-up-store.ts'

/** Roll-ups in memory, which can be made to fail. */
export interface MemoryRollUps extends RollUpStore {
  /** By "level/id/time". */
  readonly kept: ReadonlyMap<string, LiveRollUp>
  /** How often each was written. */
  readonly writes: ReadonlyMap<string, number>
  fail(reason: Error | undefined): void
  rollUp(level: string, id: string, at: number): LiveRollUp | undefined
}

export function memoryRollUps(): MemoryRollUps {
  const kept = new Map<string, LiveRollUp>()
  const writes = new Map<string, number>()
  let failure: Error | undefined
  const key = (level: string, id: string, at: number) => `${level}/${id}/${at}`
  const stored = ({ place: { level, id }, at, few, figures }: LiveRollUp) => ({ level, id, at, few, figures })
  const all = () => [...kept.values()].sort((left, right) => left.at - right.at)
  return {
    kept,
    writes,
    fail(reason) {
      failure = reason
    },
    rollUp: (level, id, at) => kept.get(key(level, id, at)),
    async writeRollUps(rollUps) {
      if (failure) throw failure
      for (const rollUp of rollUps) {
        const name = key(rollUp.place.level, rollUp.place.id, rollUp.at)
        kept.set(name, rollUp)
        writes.set(name, (writes.get(name) ?? 0) + 1)
      }
    },
    async dropRollUpsBefore() {},
    async rollUps(level, id, from, to, limit) {
      const found = all().filter(({ place, at }) => place.level === level && place.id === id && at >= from && at < to)
      return found.slice(0, limit).map(stored)
    },
    async rollUpsAt(levels, at) {
      return all()
        .filter((rollUp) => rollUp.at === at && levels.includes(rollUp.place.level))
        .map(stored)
    },
    async newestRollUpAt() {
      return all().findLast(({ place }) => place.level === 'city')?.at
    },
    async close() {},
  }
}
