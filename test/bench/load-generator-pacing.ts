import type { Connection } from './load-generator-connection.ts'

const pacingMs = 4

export interface Pacing {
  setRate(messagesPerSecond: number): void
  stop(): void
}

/**
 * Sends a fixed number of messages a second over connections drawn at random, `burst` at a time, as a gateway passes
 * on what its probes have said. A message that had to wait for room in a window, or for this process, counts from
 * the time when it was due.
 */
export function startPacing(
  connections: readonly Connection[],
  messagesPerSecond: number,
  burst: number,
  random: () => number,
): Pacing {
  let rate = messagesPerSecond
  let startedAt: number | undefined
  let sent = 0

  function sendWhatIsDue() {
    const now = performance.now()
    if (startedAt === undefined) {
      if (!connections.every((connection) => connection.free() > 0)) return
      startedAt = now
    }
    const due = Math.floor(((now - startedAt) / 1000) * rate)
    let misses = 0
    while (due - sent >= burst && misses < connections.length) {
      const connection = connections[Math.floor(random() * connections.length)]
      const went = connection?.send(burst, startedAt + (sent / rate) * 1000) ?? 0
      if (went === 0) misses++
      sent += went
    }
  }

  const timer = setInterval(sendWhatIsDue, pacingMs)
  return {
    setRate(next) {
      rate = next
      sent = 0
      // Nothing is owed from before.
      if (startedAt !== undefined) startedAt = performance.now()
    },
    stop: () => clearInterval(timer),
  }
}
