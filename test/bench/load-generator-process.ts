import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { LatencySummary } from './load-generator-latency.ts'

export interface LoadGateway {
  readonly id: string
  readonly secret?: string
  readonly topic: string
  readonly devices: number
}

export interface LoadPlan {
  readonly host: string
  readonly port: number
  /** One connection each. */
  readonly gateways: readonly LoadGateway[]
  /** Device ids, one a line, all of the same length; each gateway takes its number of lines in turn. */
  readonly deviceFile: string
  /** Unacknowledged messages of a connection, at most. */
  readonly window: number
  /** A fixed rate over all connections; as fast as the acks come when absent. */
  readonly messagesPerSecond?: number
  /** With a fixed rate: messages that a gateway sends at once; 1 when absent. */
  readonly burst?: number
  readonly reconnects: boolean
  /** Service's clock minus this machine's. */
  readonly clockOffsetMs: number
  readonly seed: number
}

/** What happened since the start or the lap before. */
export interface LapReport {
  readonly seconds: number
  readonly acked: number
  /** Since the start, whatever was reported before. */
  readonly ackedInAll: number
  readonly inFlight: number
  readonly messagesPerSecond: number
  readonly latency: LatencySummary
  readonly cpuSeconds: number
  readonly lost: number
  readonly lastLostReason?: string | undefined
}

export type LoadCommand =
  | { kind: 'start'; plan: LoadPlan }
  | { kind: 'rate'; messagesPerSecond: number }
  | { kind: 'progress' }
  | { kind: 'lap' }
  | { kind: 'stop' }
export type LoadEvent =
  | { kind: 'connected'; connections: number }
  | { kind: 'resumed'; at: number }
  | { kind: 'progress'; acked: number }
  | { kind: 'lap'; report: LapReport }
  | { kind: 'stopped'; report: LapReport }

export interface LoadGenerator {
  /** Resolves when every connection has its CONNACK. */
  readonly connected: Promise<void>
  /** Messages acked since the start. */
  acked(): Promise<number>
  /** Reports what happened since the last report, and starts counting afresh. */
  lap(): Promise<LapReport>
  /** Waits for the first PUBACK after connections were lost; gives its epoch time. */
  resumed(): Promise<number>
  /** Changes the rate of a plan that has one. */
  setRate(messagesPerSecond: number): void
  /** Sends no more, waits for outstanding PUBACKs, ends the process. */
  stop(): Promise<LapReport>
  kill(): void
}

/** Starts the publishing process. It runs apart so that its work is not the work of what it measures. */
export function startLoadGenerator(plan: LoadPlan): LoadGenerator {
  const child = fork(fileURLToPath(new URL('./load-generator.ts', import.meta.url)), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const tell = (command: LoadCommand) => child.send(command)
  tell({ kind: 'start', plan })
  const connected = next(child, 'connected').then(() => undefined)
  connected.catch(() => undefined)
  return {
    connected,
    async acked() {
      const event = next(child, 'progress')
      tell({ kind: 'progress' })
      return (await event).acked
    },
    async lap() {
      const event = next(child, 'lap')
      tell({ kind: 'lap' })
      return (await event).report
    },
    resumed: async () => (await next(child, 'resumed')).at,
    setRate: (messagesPerSecond) => tell({ kind: 'rate', messagesPerSecond }),
    async stop() {
      const event = next(child, 'stopped')
      tell({ kind: 'stop' })
      return (await event).report
    },
    kill: () => child.kill('SIGKILL'),
  }
}

function next<K extends LoadEvent['kind']>(child: ChildProcess, kind: K): Promise<Extract<LoadEvent, { kind: K }>> {
  return new Promise((resolve, reject) => {
    const onMessage = (event: LoadEvent) => {
      if (event.kind !== kind) return
      child.off('message', onMessage)
      child.off('exit', onExit)
      resolve(event as Extract<LoadEvent, { kind: K }>)
    }
    const onExit = (code: number | null) => reject(new Error(`The load generator ended with code ${code}`))
    child.on('message', onMessage)
    child.on('exit', onExit)
  })
}
