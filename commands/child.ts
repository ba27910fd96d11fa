import type { ClockAnchor } from '#domain/time.ts'
import { type CityClock, inheritedAnchor, makeCityClock } from './clock.ts'
import { exitCode } from './command.ts'
import { type LogLevel, makeLogger } from './log.ts'

/** What the supervisor tells its children. */
export type ToChild =
  | { readonly type: 'clock'; readonly anchor: ClockAnchor; readonly step: number }
  | { readonly type: 'stop' }

/** What children tell the supervisor. */
export type FromChild =
  | { readonly type: 'ready'; readonly addresses: Readonly<Record<string, string>> }
  | { readonly type: 'failed'; readonly message: string; readonly code?: string }
  | { readonly type: 'clockSet'; readonly step: number }
  | { readonly type: 'setTime'; readonly cityMs: number }
  | { readonly type: 'progress'; readonly cityMs: number; readonly deliveries: number; readonly samples: number }
  | { readonly type: 'caughtUp' }

/** Tells the supervisor, if there is one. */
export function tellSupervisor(message: FromChild): void {
  if (process.connected) process.send?.(message)
}

/**
 * Runs a service until it is told to stop: by the supervisor, by its end, or by a signal when it runs alone.
 * `stop` drains and may take a while; a second signal ends the process at once.
 */
export async function serve(clock: CityClock, stop: (reason: string) => Promise<void>): Promise<number> {
  const supervised = process.connected
  const reason = await new Promise<string>((resolve) => {
    process.on('message', (message: ToChild) => {
      if (message.type === 'stop') resolve('stop')
      if (message.type !== 'clock') return
      clock.setAnchor(message.anchor)
      tellSupervisor({ type: 'clockSet', step: message.step })
    })
    process.on('disconnect', () => resolve('supervisor gone'))
    // Ctrl-C reaches the whole process group; under a supervisor the order of stopping is the supervisor's.
    process.on('SIGINT', () => {
      if (!supervised) resolve('SIGINT')
    })
    process.on('SIGTERM', () => resolve('SIGTERM'))
  })
  process.once('SIGTERM', () => process.exit(1))
  if (!supervised) process.once('SIGINT', () => process.exit(1))
  await stop(reason)
  // The open channel to the supervisor would keep this process alive.
  if (process.connected) process.disconnect?.()
  return 0
}

export type ServiceLog = ReturnType<typeof makeLogger>

/**
 * Starts a service and runs it until it is told to stop; resolves to the exit code. Who supervises it hears where it
 * serves, or why it could not start; without a supervisor the log says so.
 */
export async function runService(
  name: string,
  logLevel: LogLevel,
  start: (clock: CityClock, log: ServiceLog) => Promise<{ addresses: Record<string, string>; stop(): Promise<void> }>,
): Promise<number> {
  const clock = makeCityClock(inheritedAnchor(process.env))
  const log = makeLogger(name, logLevel, clock)
  try {
    const { addresses, stop } = await start(clock, log)
    tellSupervisor({ type: 'ready', addresses })
    log.info(addresses, `the ${name} serves`)
    return await serve(clock, stop)
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException
    tellSupervisor({ type: 'failed', message, ...(code !== undefined && { code }) })
    if (!process.connected) log.fatal(error as Error, `the ${name} could not start`)
    return exitCode.failed
  }
}
