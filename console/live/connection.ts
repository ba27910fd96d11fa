import { io } from 'socket.io-client'
import type { Signal } from '#domain/signal.ts'
import type { Schemas } from '../api/client.ts'

type Phase = 'connecting' | 'live' | 'disconnected'

/** How the stream of signals stands. */
export interface LiveState {
  readonly phase: Phase
  /** Wall time at which the phase began. */
  readonly since: number
  /** Everything up to this number has arrived; undefined before the first connection. */
  readonly through?: number
  /** Newest number that the service has told of. */
  readonly head?: number
}

export interface LiveListeners {
  /** Signals in order, gathered over a moment. */
  onSignals(signals: readonly Signal[]): void
  /** What was loaded may lack something that no signal will tell: load it again. */
  onGap(): void
  /** The session ended, or its rights changed. */
  onRightsChanged(): void
  onTime(time: Schemas['Time']): void
  /** Another period is rolled up. */
  onRollUps(at: number): void
}

export interface LiveConnection {
  state(): LiveState
  subscribe(listener: () => void): () => void
  close(): void
}

interface SignalBatch {
  readonly signals: readonly Signal[]
  readonly through: number
  readonly head: number
}
interface Hello {
  readonly streamId: string
  readonly head: number
  readonly after: number
  readonly time: Schemas['Time']
}

/** Signals of so long are worked off together: a page that changes more often cannot be read. */
const gatherMs = 250
/** A service that ended the connection is asked again after this, and somewhat later by chance. */
const againMs = 1_500

/** Listens to the stream of signals from wherever it was left, for as long as it is open. */
export function openLiveConnection(listeners: LiveListeners): LiveConnection {
  let state: LiveState = { phase: 'connecting', since: Date.now() }
  let streamId: string | undefined
  let gathered: Signal[] = []
  let gatherTimer: number | undefined
  let againTimer: number | undefined
  const subscribers = new Set<() => void>()

  const socket = io({
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    reconnectionDelay: 500,
    reconnectionDelayMax: 5_000,
    auth: (give) => give(state.through === undefined ? {} : { lastNumber: state.through, streamId }),
  })

  function change(next: Partial<LiveState>): void {
    const phase = next.phase ?? state.phase
    state = { ...state, ...next, since: phase === state.phase ? state.since : Date.now() }
    for (const subscriber of subscribers) subscriber()
  }

  function gather(signals: readonly Signal[]): void {
    gathered.push(...signals)
    gatherTimer ??= window.setTimeout(() => {
      gatherTimer = undefined
      const together = gathered
      gathered = []
      listeners.onSignals(together)
    }, gatherMs)
  }

  function tryAgain(): void {
    window.clearTimeout(againTimer)
    againTimer = window.setTimeout(() => socket.connect(), againMs * (1 + Math.random()))
  }

  socket.on('hello', (hello: Hello) => {
    const isFirst = state.through === undefined
    streamId = hello.streamId
    change({ phase: 'live', through: hello.after, head: hello.head })
    listeners.onTime(hello.time)
    // What was loaded before the stream began may lack what happened in between.
    if (isFirst) listeners.onGap()
  })
  socket.on('signals', ({ signals, through, head }: SignalBatch, acknowledge: () => void) => {
    gather(signals)
    change({ through, head })
    acknowledge()
  })
  socket.on('through', ({ through, head }: SignalBatch) => change({ through, head }))
  socket.on('resynchronise', ({ streamId: present, head }: { streamId: string; head: number }) => {
    streamId = present
    change({ through: head, head })
    listeners.onGap()
  })
  socket.on('rollUps', ({ at }: { at: number }) => listeners.onRollUps(at))
  socket.on('ended', ({ reason }: { reason: string }) => {
    if (reason === 'slow' || reason === 'closing') return
    listeners.onRightsChanged()
  })
  socket.on('disconnect', (reason) => {
    change({ phase: 'disconnected' })
    // The library comes back by itself unless the service ended the connection.
    if (reason === 'io server disconnect') tryAgain()
  })
  socket.on('connect_error', (error: Error & { data?: { code?: string } }) => {
    change({ phase: 'disconnected' })
    if (error.data?.code === 'unauthenticated') listeners.onRightsChanged()
    else if (!socket.active) tryAgain()
  })
  // A cable that was pulled would be noticed only at the next ping.
  const onOffline = () => socket.io.engine?.close()
  window.addEventListener('offline', onOffline)

  return {
    state: () => state,
    subscribe(listener) {
      subscribers.add(listener)
      return () => subscribers.delete(listener)
    },
    close() {
      window.removeEventListener('offline', onOffline)
      window.clearTimeout(gatherTimer)
      window.clearTimeout(againTimer)
      socket.close()
    },
  }
}
