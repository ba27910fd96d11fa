import { type Clock, type ClockAnchor, cityTime, clockAnchorSchema, wallClockAnchor } from '#domain/time.ts'

/** A clock whose anchor can be moved while the service runs. */
export interface CityClock extends Clock {
  anchor(): ClockAnchor
  setAnchor(anchor: ClockAnchor): void
  /** Calls back after every move of the anchor, until the returned function is called. */
  onMoved(listener: (anchor: ClockAnchor) => void): () => void
}

export function makeCityClock(first: ClockAnchor = wallClockAnchor): CityClock {
  let anchor = first
  const listeners = new Set<(anchor: ClockAnchor) => void>()
  return {
    now: () => cityTime(anchor, Date.now()),
    anchor: () => anchor,
    setAnchor(next) {
      anchor = next
      for (const listener of listeners) listener(next)
    },
    onMoved(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** Environment name under which a supervisor hands its children the first anchor. */
export const clockAnchorEnv = 'WARMCITY_CLOCK_ANCHOR'

/** The anchor that the supervisor gave this process, or the wall clock for a service that runs alone. */
export function inheritedAnchor(env: NodeJS.ProcessEnv): ClockAnchor {
  const text = env[clockAnchorEnv]
  return text === undefined ? wallClockAnchor : clockAnchorSchema.parse(JSON.parse(text))
}
