import { wakeTopic } from '#domain/topics.ts'
import { openInfluxFacts } from '#store/telemetry/influx/facts.ts'
import { toldSeldom } from '../api/told-seldom.ts'
import { type Ingest, startIngest } from '../ingest/ingest.ts'
import { startMaintenance } from '../ingest/maintenance/maintenance.ts'
import { runService, type ServiceLog } from './child.ts'
import type { CityClock } from './clock.ts'
import { defineCommand, exitCode } from './command.ts'
import { edgeOptions, hostOption, logLevelOption } from './common-options.ts'
import type { DataFolder } from './data-folder.ts'
import { reportDisk } from './disk-report.ts'
import { startEdgeHttp } from './edge-http.ts'
import { type EdgeSource, joinWorkers, startOutsideSource, startOwnBroker } from './edge-source.ts'
import { mirrorFigures } from './figure-mirror.ts'
import { influxTarget } from './influx-options.ts'
import { showJournalAges } from './journal-ages.ts'
import { folderOf, folderOptions } from './ledger-options.ts'
import { ledgerThere } from './ledger-there.ts'
import type { OptionValues } from './options.ts'
import { outsideOptions, outsideSource } from './outside-options.ts'
import { readPolicy } from './policy-file.ts'
import type { DeliveryDoor } from './pushed-deliveries.ts'

const options = { ...folderOptions, host: hostOption, ...edgeOptions, ...outsideOptions, logLevel: logLevelOption }
type EdgeValues = OptionValues<typeof options>

export const edge = defineCommand({
  name: 'edge',
  summary: 'Broker (our own, or one that is there) and ingest: takes MQTT, journals, stores readings, watches',
  options,
  run: (values) => runService('edge', values.logLevel, (clock, log) => startEdge(values, clock, log)),
})

type Parts = Readonly<Record<string, { counters(): object }>>
interface RunningEdge {
  readonly addresses: Record<string, string>
  readonly parts: Parts
  readonly door: DeliveryDoor
  notReady(): string[]
  stop(): Promise<void>
}

/** Its health can be asked from the first moment, also while it waits for what it needs. */
async function startEdge(
  values: EdgeValues,
  clock: CityClock,
  log: ServiceLog,
): Promise<Pick<RunningEdge, 'addresses' | 'stop'>> {
  const starting = 'the edge is starting'
  let waitsFor = starting
  let running: RunningEdge | undefined
  const http = await startEdgeHttp({
    host: values.edgeHttpHost,
    port: values.edgeHttpPort,
    parts: () => running?.parts ?? {},
    notReady: () => running?.notReady() ?? [waitsFor],
    door: () => running?.door,
  })
  try {
    const folder = folderOf(values)
    await ledgerThere(folder.ledger, (reason) => {
      log.warn({ reason }, 'the edge waits for its ledger: nobody can connect until it is there')
      waitsFor = `the edge waits for its ledger: ${reason}`
    })
    waitsFor = starting
    const started = await startServing(values, folder, clock, log)
    running = started
    const tellFailure = toldSeldom(log)
    const influx = influxTarget(values)
    const mirror =
      influx &&
      mirrorFigures({
        instance: String(values.worker),
        clock,
        facts: openInfluxFacts({ target: influx }),
        metricsText: http.metricsText,
        onError: (error) => tellFailure(error, 'figures could not be written to InfluxDB'),
      })
    return {
      addresses: { ...started.addresses, edgeHttp: http.address },
      async stop() {
        await mirror?.close()
        await http.close()
        await started.stop()
      },
    }
  } catch (error) {
    await http.close()
    throw error
  }
}

async function startServing(
  values: EdgeValues,
  folder: DataFolder,
  clock: CityClock,
  log: ServiceLog,
): Promise<RunningEdge> {
  // Without its journal or its records the edge would ack what it cannot keep, or let in whom it cannot check.
  const fail = (what: string) => (error: Error) => {
    log.fatal(error, `${what} failed: the edge stops`)
    process.exit(exitCode.failed)
  }
  const influx = influxTarget(values)
  const outside = outsideSource(values)
  const joined = outside && (await joinWorkers(outside, { folder, fail }))
  let source: EdgeSource | undefined
  const ingest: Ingest = await startIngest({
    ledger: folder.ledger,
    telemetry: { directory: folder.telemetry, retentionDays: values.retentionDays, ...(influx && { influx }) },
    watchDirectory: folder.watch,
    policy: readPolicy(values),
    journal: { directory: folder.journal, sizeBytesMax: values.journalMegabytesMax * 1_000_000 },
    clock,
    ...(joined && { holding: joined.feed.own, sharesCity: joined.sharesCity }),
    sourceAwayMs: () => source?.awayMs() ?? 0,
    onGatewayErrors: (gateway, message) => source?.tellGateway(gateway, message),
    onCommand: (topic, payload) => source?.publish(topic, Buffer.from(payload)),
    onSignals: (head) => source?.publish(wakeTopic, JSON.stringify({ head })),
    onFailure: fail('ingest'),
    log,
  })
  clock.onMoved(() => ingest.clockMoved())
  const sourceOptions = { folder, clock, log, fail }
  const started = joined
    ? await startOutsideSource(joined, { ...sourceOptions, ingest })
    : await startOwnBroker(values, { ...sourceOptions, sink: ingest.sink })
  source = started
  const withAges = showJournalAges(ingest)
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
  return {
    addresses: started.addresses,
    parts: { ...started.parts, ingest: withAges, ...(maintenance && { telemetry_maintenance: maintenance }) },
    door: { sink: ingest.sink, now: () => clock.now(), isApi: started.isApi, takes: started.takes },
    notReady: () => [...started.notReady(), ...ingest.notReady()],
    async stop() {
      withAges.close()
      await started.close()
      await maintenance?.close()
      await ingest.stop()
    },
  }
}
