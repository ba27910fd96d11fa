import { wakeTopic } from '#domain/topics.ts'
import { type Ingest, startIngest } from '../ingest/ingest.ts'
import { startMaintenance } from '../ingest/maintenance/maintenance.ts'
import { serve, tellSupervisor } from './child.ts'
import { inheritedAnchor, makeCityClock } from './clock.ts'
import { defineCommand, exitCode } from './command.ts'
import { edgeOptions, hostOption, logLevelOption } from './common-options.ts'
import { reportDisk } from './disk-report.ts'
import { startEdgeHttp } from './edge-http.ts'
import { type EdgeSource, startOutsideSource, startOwnBroker } from './edge-source.ts'
import { influxTarget } from './influx-options.ts'
import { folderOf, folderOptions } from './ledger-options.ts'
import { makeLogger } from './log.ts'
import type { OptionValues } from './options.ts'
import { outsideOptions, outsideSource } from './outside-options.ts'
import { readPolicy } from './policy-file.ts'

const options = { ...folderOptions, host: hostOption, ...edgeOptions, ...outsideOptions, logLevel: logLevelOption }
type EdgeValues = OptionValues<typeof options>

export const edge = defineCommand({
  name: 'edge',
  summary: 'Broker (our own, or one that is there) and ingest: takes MQTT, journals, stores readings, watches',
  options,
  async run(values) {
    const clock = makeCityClock(inheritedAnchor(process.env))
    const log = makeLogger('edge', values.logLevel, clock)
    try {
      const running = await startEdge(values, clock, log)
      tellSupervisor({ type: 'ready', addresses: running.addresses })
      log.info(running.addresses, 'the edge serves')
      return await serve(clock, running.stop)
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException
      tellSupervisor({ type: 'failed', message, ...(code !== undefined && { code }) })
      if (!process.connected) log.fatal(error as Error, 'the edge could not start')
      return exitCode.failed
    }
  },
})

async function startEdge(
  values: EdgeValues,
  clock: ReturnType<typeof makeCityClock>,
  log: ReturnType<typeof makeLogger>,
): Promise<{ addresses: Record<string, string>; stop(): Promise<void> }> {
  const folder = folderOf(values)
  // Without its journal or its records the edge would ack what it cannot keep, or let in whom it cannot check.
  const fail = (what: string) => (error: Error) => {
    log.fatal(error, `${what} failed: the edge stops`)
    process.exit(exitCode.failed)
  }
  const influx = influxTarget(values)
  const outside = outsideSource(values)
  let source: EdgeSource | undefined
  const ingest: Ingest = await startIngest({
    ledger: folder.ledger,
    telemetry: { directory: folder.telemetry, retentionDays: values.retentionDays, ...(influx && { influx }) },
    watchDirectory: folder.watch,
    policy: readPolicy(values),
    journal: { directory: folder.journal, sizeBytesMax: values.journalMegabytesMax * 1_000_000 },
    clock,
    sourceAwayMs: () => source?.awayMs() ?? 0,
    onGatewayErrors: (gateway, message) => source?.tellGateway(gateway, message),
    onSignals: (head) => source?.publish(wakeTopic, JSON.stringify({ head })),
    onFailure: fail('ingest'),
    log,
  })
  clock.onMoved(() => ingest.clockMoved())
  const sourceOptions = { folder, sink: ingest.sink, clock, log, fail }
  const started = outside
    ? await startOutsideSource(outside, sourceOptions)
    : await startOwnBroker(values, sourceOptions)
  source = started
  // InfluxDB merges, and drops what is past its retention, by itself.
  const maintenance = influx
    ? undefined
    : startMaintenance({
        directory: folder.telemetry,
        retentionDays: values.retentionDays,
        clock,
        onForecast: reportDisk(log),
        onFailure: fail('telemetry maintenance'),
        log,
      })
  const parts = { ...started.parts, ingest, ...(maintenance && { telemetry_maintenance: maintenance }) }
  const http = await startEdgeHttp({
    host: values.edgeHttpHost,
    port: values.edgeHttpPort,
    parts,
    notReady: () => [...started.notReady(), ...ingest.notReady()],
  })
  return {
    addresses: { ...started.addresses, edgeHttp: http.address },
    async stop() {
      await http.close()
      await started.close()
      await maintenance?.close()
      await ingest.stop()
    },
  }
}
