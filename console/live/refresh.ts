import type { Query, QueryClient } from '@tanstack/react-query'
import type { Signal } from '#domain/signal.ts'

/** In a storm of signals an answer is loaded again at most this often. */
const refreshMsMin = 2_000

export interface Refresh {
  /** Marks what these signals make old, and loads it again soon where somebody looks at it. */
  consider(signals: readonly Signal[]): void
  /** Everything may be old. */
  everything(): void
  close(): void
}

/** Keeps the cache as new as the stream: the first change shows at once, those of a storm together. */
export function makeRefresh(cache: QueryClient): Refresh {
  const refreshedAt = new Map<string, number>()
  const timers = new Map<string, ReturnType<typeof setTimeout>>()

  function refreshSoon(query: Query): void {
    const { queryHash } = query
    if (timers.has(queryHash)) return
    const waitMs = Math.max(0, (refreshedAt.get(queryHash) ?? 0) + refreshMsMin - Date.now())
    const timer = setTimeout(() => {
      timers.delete(queryHash)
      refreshedAt.set(queryHash, Date.now())
      void cache.invalidateQueries({ queryKey: query.queryKey, exact: true })
    }, waitMs)
    timers.set(queryHash, timer)
  }

  return {
    consider(signals) {
      for (const query of cache.getQueryCache().getAll()) {
        const concerns = query.meta?.concerns
        if (concerns && signals.some(concerns)) refreshSoon(query)
      }
    },
    everything: () => void cache.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'session' }),
    close() {
      for (const timer of timers.values()) clearTimeout(timer)
    },
  }
}
