import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import type { Signal } from '#domain/signal.ts'
import { useCityClock } from './city-clock.tsx'
import { type LiveConnection, type LiveState, openLiveConnection } from './connection.ts'
import { makeRefresh } from './refresh.ts'

/** Signals of a quiet week, or of the worst hour: enough to scroll through, and a few megabytes. */
const recentMax = 2_000

interface Live {
  readonly connection: LiveConnection
  readonly recent: RecentSignals
  readonly rollUpAt: number | undefined
}

/** The newest signals that came while this page was open, the newest first. */
interface RecentSignals {
  list(): readonly Signal[]
  subscribe(listener: () => void): () => void
}

const LiveContext = createContext<Live | undefined>(undefined)

interface LiveProviderProps {
  readonly children: ReactNode
  /** Must stay the same function: another one connects anew. */
  onRightsChanged(): void
}

/** Connects for as long as somebody is signed in, and keeps what pages have loaded as new as the stream. */
export function LiveProvider({ children, onRightsChanged }: LiveProviderProps) {
  const cache = useQueryClient()
  const { setTime } = useCityClock()
  const [live, setLive] = useState<Omit<Live, 'rollUpAt'>>()
  const [rollUpAt, setRollUpAt] = useState<number>()

  useEffect(() => {
    const refresh = makeRefresh(cache)
    const recent = makeRecent()
    const connection = openLiveConnection({
      onSignals(signals) {
        recent.add(signals)
        refresh.consider(signals)
      },
      onGap: refresh.everything,
      onRightsChanged,
      onTime: setTime,
      onRollUps: setRollUpAt,
    })
    setLive({ connection, recent })
    return () => {
      refresh.close()
      connection.close()
    }
  }, [cache, onRightsChanged, setTime])

  const value = useMemo(() => live && { ...live, rollUpAt }, [live, rollUpAt])
  return <LiveContext value={value}>{children}</LiveContext>
}

function makeRecent() {
  let signals: readonly Signal[] = []
  const subscribers = new Set<() => void>()
  return {
    list: () => signals,
    subscribe(listener: () => void) {
      subscribers.add(listener)
      return () => subscribers.delete(listener)
    },
    add(more: readonly Signal[]) {
      signals = [...more.toReversed(), ...signals].slice(0, recentMax)
      for (const subscriber of subscribers) subscriber()
    },
  }
}

const notYet: LiveState = { phase: 'connecting', since: Date.now() }
const noSignals: readonly Signal[] = []
const nothingToDo = () => () => {}

/** How the connection stands; pages outside of a session are never live. */
export function useLiveState(): LiveState {
  const connection = useContext(LiveContext)?.connection
  return useSyncExternalStore(connection?.subscribe ?? nothingToDo, connection?.state ?? (() => notYet))
}

/** Signals that came while the console was open, the newest first. */
export function useRecentSignals(): readonly Signal[] {
  const recent = useContext(LiveContext)?.recent
  return useSyncExternalStore(recent?.subscribe ?? nothingToDo, recent?.list ?? (() => noSignals))
}

/** Beginning of the newest period of roll-ups that the service has told of since the console was opened. */
export const useRollUpAt = (): number | undefined => useContext(LiveContext)?.rollUpAt
