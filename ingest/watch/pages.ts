/** Slots of a page: its states take about 40 KB, so that a few pages a second keep up. */
export const pageSlotsLog2 = 11
export const pageSlots = 1 << pageSlotsLog2

/** Which pages of slots have changed since they were last written, and from which journal position on. */
export interface DirtyPages {
  touch(slot: number, position: number): void
  /** Position up to which the slot's page was applied when it was last written. */
  appliedTo(slot: number): number
  /** Position of the oldest change that is not written; infinite when all are. */
  oldest(): number
  /**
   * Pages that changed, at most `limit`, those first whose change is oldest: so the journal is let go of, also by a
   * process that never lives long enough to write them all.
   */
  takeDirty(limit: number): number[]
  /** Says that a page is written as it was at a position. */
  written(page: number, position: number): void
  readonly dirtyCount: number
}

export function createDirtyPages(): DirtyPages {
  /** Position of the first change that is not written; -1 for a page without. */
  let dirtySince = new Float64Array(64).fill(-1)
  /** Position up to which the written page is applied. */
  let writtenAt = new Float64Array(64)
  let dirtyCount = 0

  function room(page: number): void {
    if (page < dirtySince.length) return
    const length = Math.max(page + 1, dirtySince.length * 2)
    const since = new Float64Array(length).fill(-1)
    since.set(dirtySince)
    dirtySince = since
    const at = new Float64Array(length)
    at.set(writtenAt)
    writtenAt = at
  }

  return {
    touch(slot, position) {
      const page = slot >> pageSlotsLog2
      if (page >= dirtySince.length) room(page)
      if (dirtySince[page] !== -1) return
      dirtySince[page] = position
      dirtyCount += 1
    },
    appliedTo: (slot) => writtenAt[slot >> pageSlotsLog2] ?? 0,
    oldest() {
      if (dirtyCount === 0) return Number.POSITIVE_INFINITY
      let oldest = Number.POSITIVE_INFINITY
      for (const since of dirtySince) if (since !== -1 && since < oldest) oldest = since
      return oldest
    },
    takeDirty(limit) {
      if (limit === 0) return []
      const since = (page: number) => dirtySince[page] as number
      const dirty: number[] = []
      for (let page = 0; page < dirtySince.length; page += 1) if (since(page) !== -1) dirty.push(page)
      return dirty.sort((left, right) => since(left) - since(right)).slice(0, limit)
    },
    written(page, position) {
      room(page)
      if (dirtySince[page] !== -1) dirtyCount -= 1
      dirtySince[page] = -1
      writtenAt[page] = position
    },
    get dirtyCount() {
      return dirtyCount
    },
  }
}
