import { readFileSync } from 'node:fs'
import { type Connection, openConnection } from './load-generator-connection.ts'
import { latencyHistogram } from './load-generator-latency.ts'
import { deviceTable, messageClock, messageSource, seededRandom } from './load-generator-messages.ts'
import { startPacing } from './load-generator-pacing.ts'
import type { LapReport, LoadCommand, LoadEvent, LoadPlan } from './load-generator-process.ts'

/**
 * The process that publishes. It is told what to do over IPC (`startLoadGenerator`) and reports what was acked, how
 * long a PUBACK took, and what its own work cost.
 */
const pingEveryMs = 25_000
/** How many connects may be under way at once: a fleet that arrives in a second is another test. */
const connectsMax = 100
const drainDeadlineMs = 20_000

function tell(event: LoadEvent) {
  if (process.connected) process.send?.(event)
}

function run(plan: LoadPlan) {
  const table = deviceTable(readFileSync(plan.deviceFile))
  const dealt = plan.gateways.reduce((sum, gateway) => sum + gateway.devices, 0)
  if (dealt !== table.count) throw new Error(`${table.count} devices cannot be dealt as ${dealt}`)
  const random = seededRandom(plan.seed)
  const clock = messageClock()
  const latency = latencyHistogram()
  const connections: Connection[] = []
  let firstDevice = 0
  let established = 0
  let acked = 0
  let ackedInAll = 0
  let lost = 0
  let lostSinceAck = false
  let lastLostReason: string | undefined
  let lapStartedAt = performance.now()
  let lapCpu = process.cpuUsage()

  const clockTimer = setInterval(() => clock.set(Date.now() + plan.clockOffsetMs), 1)
  clock.set(Date.now() + plan.clockOffsetMs)
  const pingTimer = setInterval(() => {
    for (const connection of connections) connection.ping()
  }, pingEveryMs)

  function connectNext() {
    const index = connections.length
    const gateway = plan.gateways[index]
    if (gateway === undefined) return
    const messages = messageSource(table, firstDevice, firstDevice + gateway.devices, clock, random)
    firstDevice += gateway.devices
    let seen = false
    connections.push(
      openConnection({
        host: plan.host,
        port: plan.port,
        credentials: { clientId: gateway.id, password: gateway.secret },
        topic: gateway.topic,
        window: plan.window,
        payloadTemplate: messages.payloadTemplate,
        fill: messages.fill,
        closedLoop: plan.messagesPerSecond === undefined,
        reconnects: plan.reconnects,
        latency,
        onConnected() {
          if (seen) return
          seen = true
          if (++established === plan.gateways.length) tell({ kind: 'connected', connections: established })
          connectNext()
        },
        onAcked(count) {
          if (lostSinceAck) tell({ kind: 'resumed', at: Date.now() })
          lostSinceAck = false
          acked += count
          ackedInAll += count
        },
        onLost(reason) {
          lost++
          lostSinceAck = true
          lastLostReason = reason
        },
      }),
    )
  }
  for (let started = 0; started < connectsMax; started++) connectNext()
  const { messagesPerSecond, burst = 1 } = plan
  const pacing = messagesPerSecond && startPacing(connections, messagesPerSecond, burst, random)

  function lap(): LapReport {
    const seconds = (performance.now() - lapStartedAt) / 1000
    const cpu = process.cpuUsage(lapCpu)
    const report: LapReport = {
      seconds,
      acked,
      ackedInAll,
      inFlight: connections.reduce((sum, connection) => sum + connection.inFlight(), 0),
      messagesPerSecond: acked / seconds,
      latency: latency.summary(),
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      lost,
      lastLostReason,
    }
    latency.clear()
    acked = lost = 0
    lastLostReason = undefined
    lapStartedAt = performance.now()
    lapCpu = process.cpuUsage()
    return report
  }

  /** Sends no more, waits for the PUBACKs that are due, closes. */
  function stop() {
    if (pacing) pacing.stop()
    clearInterval(pingTimer)
    for (const connection of connections) connection.stop()
    const deadline = performance.now() + drainDeadlineMs
    const poll = setInterval(() => {
      const waiting = connections.some((connection) => connection.inFlight() > 0)
      if (waiting && performance.now() < deadline) return
      clearInterval(poll)
      clearInterval(clockTimer)
      tell({ kind: 'stopped', report: lap() })
      for (const connection of connections) connection.close()
      process.disconnect?.()
    }, 1)
  }

  return {
    lap,
    stop,
    ackedInAll: () => ackedInAll,
    setRate(next: number) {
      if (pacing) pacing.setRate(next)
    },
  }
}

// Without the bench nobody reads what is measured.
process.on('disconnect', () => process.exit(0))

let running: ReturnType<typeof run> | undefined
process.on('message', (command: LoadCommand) => {
  if (command.kind === 'start') running = run(command.plan)
  else if (command.kind === 'lap' && running) tell({ kind: 'lap', report: running.lap() })
  else if (command.kind === 'progress' && running) tell({ kind: 'progress', acked: running.ackedInAll() })
  else if (command.kind === 'rate') running?.setRate(command.messagesPerSecond)
  else if (command.kind === 'stop') running?.stop()
})
