import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Aedes } from 'aedes'
import type { Listeners } from './listeners.ts'
import type { SessionRegistry } from './session-registry.ts'

interface ClosingParts {
  readonly listeners: Listeners
  readonly registry: SessionRegistry
  readonly aedes: Aedes
  /** Resolves when nothing accepted is waiting for its ack. */
  readonly idle: () => Promise<void>
  readonly closeMs: number
}

/** Stops accepting, lets the acks of what was accepted leave, ends every connection. */
export async function closeGently({ listeners, registry, aedes, idle, closeMs }: ClosingParts): Promise<void> {
  listeners.stop()
  for (const { guard, session, stream } of registry.connections()) {
    guard.stop()
    if (session === undefined) stream.destroy()
  }
  const deadline = new AbortController()
  const late = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, closeMs)
    deadline.signal.addEventListener('abort', () => clearTimeout(timer))
  })
  await Promise.race([idle(), late])
  // An ack is written in the turn of its callback and leaves at that turn's end.
  await nextTurn()
  await nextTurn()
  for (const session of registry.all()) registry.end(session, 'shutdown')
  await Promise.race([registry.empty(), late])
  await listeners.end()
  await registry.empty()
  await new Promise<void>((resolve) => aedes.close(resolve))
  deadline.abort()
}
