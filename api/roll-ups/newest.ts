import type { RollUpReader } from '#store/telemetry/roll-up-store.ts'

/** A period is ten minutes long: whoever hears of it five seconds late hears of it at once. */
const pollMsDefault = 5_000

export interface NewestRollUp {
  /** What is being asked may still be answered, and is heard no more. */
  close(): void
}

interface NewestOptions {
  readonly rollUps: Pick<RollUpReader, 'newestRollUpAt'>
  readonly pollMs?: number
  onNew(at: number): void
  onError(error: unknown): void
}

/** Looks now and then whether another period is written; the first one that it finds is no news. */
export function watchNewestRollUp({ rollUps, pollMs = pollMsDefault, onNew, onError }: NewestOptions): NewestRollUp {
  let known: number | undefined
  let isFirst = true
  let closed = false
  let timer: NodeJS.Timeout | undefined

  async function look(): Promise<void> {
    try {
      const at = await rollUps.newestRollUpAt()
      if (closed) return
      // After a store was put back from a backup, its newest may be older than what was known.
      if (at !== undefined && at !== known && !isFirst) onNew(at)
      known = at ?? known
      isFirst = false
    } catch (error) {
      if (!closed) onError(error)
    }
    if (!closed) timer = setTimeout(look, pollMs)
  }
  void look()

  return {
    close() {
      closed = true
      clearTimeout(timer)
    },
  }
}
