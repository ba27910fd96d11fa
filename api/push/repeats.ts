import { signatureAgeMsMax } from './proof.ts'

/** Marks of five minutes at some hundred pushes a second; beyond that the oldest is forgotten first. */
const marksMax = 200_000

/** Pushes that were kept a moment ago: one that comes again is answered as the first was, and not kept twice. */
export interface PushRepeats {
  /** Runs `keep` unless the mark is known; resolves to what it, or the one before, resolved to. */
  once<T>(
    mark: string,
    wallMs: number,
    keep: () => Promise<T>,
  ): Promise<{ readonly isRepeat: boolean; readonly kept: T }>
}

export function makePushRepeats(): PushRepeats {
  const known = new Map<string, { readonly untilMs: number; readonly outcome: Promise<unknown> }>()

  function forgetOld(wallMs: number): void {
    for (const [mark, { untilMs }] of known) {
      if (untilMs > wallMs && known.size <= marksMax) return
      known.delete(mark)
    }
  }

  return {
    async once<T>(mark: string, wallMs: number, keep: () => Promise<T>) {
      forgetOld(wallMs)
      const before = known.get(mark)
      if (before) return { isRepeat: true, kept: (await before.outcome) as T }
      const outcome = keep()
      // The signature is good from five minutes before its timestamp to five minutes after.
      known.set(mark, { untilMs: wallMs + 2 * signatureAgeMsMax, outcome })
      try {
        return { isRepeat: false, kept: await outcome }
      } catch (error) {
        known.delete(mark)
        throw error
      }
    },
  }
}
