import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Signal } from '#domain/signal.ts'
import { call } from '../api/client.ts'
import { useLiveState, useRecentSignals } from './live.tsx'

/** Signals before the page was opened that are loaded to begin with. */
const signalsBefore = 500

interface NewestSignals {
  readonly signals: readonly Signal[] | undefined
  readonly error: Error | null
  retry(): void
}

/**
 * The newest signals, the newest first: those that were there when the console was opened, and all since. Undefined
 * until the stream is known.
 */
export function useNewestSignals(): NewestSignals {
  const recent = useRecentSignals()
  const { head } = useLiveState()
  const known = head !== undefined
  const query = useQuery({
    queryKey: ['signals-before'],
    enabled: known,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: ({ signal }) =>
      call(
        'GET /api/v1/signals',
        { query: { after: Math.max(0, (head ?? 0) - signalsBefore), limit: signalsBefore } },
        signal,
      ),
  })
  const before = query.data?.signals
  const signals = useMemo((): readonly Signal[] | undefined => {
    if (!before) return undefined
    const oldest = recent.at(-1)?.number ?? Number.POSITIVE_INFINITY
    return [...recent, ...before.filter(({ number }) => number < oldest).toReversed()]
  }, [before, recent])
  return { signals, error: query.error, retry: () => void query.refetch() }
}
