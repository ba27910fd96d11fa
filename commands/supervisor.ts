import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ClockAnchor } from '#domain/time.ts'
import type { FromChild, ToChild } from './child.ts'
import { clockAnchorEnv } from './clock.ts'

const entry = fileURLToPath(new URL('../warmcity.ts', import.meta.url))

/** A service that drains longer than this is stuck. */
const stopWithinMs = 20_000

export interface Service {
  readonly name: string
  readonly pid: number
  /** Resolves with the service's addresses when it serves; rejects when it cannot. */
  readonly ready: Promise<Readonly<Record<string, string>>>
  /** Resolves when the process has ended. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  tell(message: ToChild): void
  onMessage(listener: (message: FromChild) => void): void
  /** Moves the service's clock; resolves when it has taken the anchor. */
  setClock(anchor: ClockAnchor): Promise<void>
  /** Asks the service to drain and end; ends it by force when it does not. */
  stop(): Promise<void>
}

/** Starts a subcommand of warmcity as a child process with an IPC channel. */
export function startService(
  name: string,
  args: readonly string[],
  anchor: ClockAnchor,
  env: NodeJS.ProcessEnv,
): Service {
  const child = fork(entry, [name, ...args], {
    execArgv: process.execArgv,
    env: { ...env, [clockAnchorEnv]: JSON.stringify(anchor) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  const listeners: ((message: FromChild) => void)[] = []
  child.on('message', (message: FromChild) => {
    for (const listener of listeners) listener(message)
  })
  const ready = whenReady(name, listeners, exited)
  // Whoever awaits `ready` gets the reason; nobody awaiting it must not end the supervisor.
  ready.catch(() => {})
  const stepsTaken = new Map<number, () => void>()
  listeners.push((message) => {
    if (message.type !== 'clockSet') return
    stepsTaken.get(message.step)?.()
    stepsTaken.delete(message.step)
  })
  const tell = (message: ToChild) => {
    // A child that is on its way out may close the channel while a message is written: its exit tells the rest.
    if (child.connected) child.send(message, () => {})
  }
  let step = 0
  return {
    name,
    pid: child.pid ?? 0,
    ready,
    exited,
    tell,
    onMessage: (listener) => listeners.push(listener),
    setClock(next) {
      step += 1
      const taken = new Promise<void>((resolve) => stepsTaken.set(step, resolve))
      tell({ type: 'clock', anchor: next, step })
      return Promise.race([taken, exited.then(() => {})])
    },
    stop: () => stopChild(child, exited, tell),
  }
}

function whenReady(
  name: string,
  listeners: ((message: FromChild) => void)[],
  exited: Service['exited'],
): Promise<Readonly<Record<string, string>>> {
  return new Promise((resolve, reject) => {
    listeners.push((message) => {
      if (message.type === 'ready') resolve(message.addresses)
      if (message.type === 'failed') reject(new Error(message.message))
    })
    exited.then(({ code, signal }) => reject(new Error(`${name} ended before it was ready (${signal ?? code})`)))
  })
}

async function stopChild(
  child: ChildProcess,
  exited: Service['exited'],
  tell: (message: ToChild) => void,
): Promise<void> {
  tell({ type: 'stop' })
  const timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs)
  await exited
  clearTimeout(timer)
}
