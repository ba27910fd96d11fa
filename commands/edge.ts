import { readFileSync } from 'node:fs'
import { isLoopback } from '#domain/host.ts'
import { wakeTopic } from '#domain/topics.ts'
import { type Broker, startBroker } from '../broker/broker.ts'
import { type Ingest, startIngest } from '../ingest/ingest.ts'
import { startMaintenance } from '../ingest/maintenance/maintenance.ts'
import { startRecords } from '../ingest/records/records.ts'
import { serve, tellSupervisor } from './child.ts'
import { inheritedAnchor, makeCityClock } from './clock.ts'
import { defineCommand, exitCode } from './command.ts'
import { edgeOptions, hostOption, logLevelOption } from './common-options.ts'
import { reportDisk } from './disk-report.ts'
import { startEdgeHttp } from './edge-http.ts'
import { influxTarget } from './influx-options.ts'
import { folderOf, folderOptions } from './ledger-options.ts'
import { makeLogger } from './log.ts'
import type { OptionValues } from './options.ts'
import { readPolicy } from './policy-file.ts'

const options = { ...folderOptions, host: hostOption, ...edgeOptions, logLevel: logLevelOption }
type EdgeValues = OptionValues<typeof options>

export const edge = defineCommand({
  name: 'edge',
  summary: 'Broker and ingest: takes MQTT, journals, stores readings, watches',
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
  let broker: Broker | undefined
  const ingest: Ingest = await startIngest({
    ledger: folder.ledger,
    telemetry: { directory: folder.telemetry, retentionDays: values.retentionDays, ...(influx && { influx }) },
    watchDirectory: folder.watch,
    policy: readPolicy(values),
    journal: { directory: folder.journal, sizeBytesMax: values.journalMegabytesMax * 1_000_000 },
    clock,
    onGatewayErrors: (gateway, message) => broker?.tellGateway(gateway, message),
    onSignals: (head) => broker?.publish(wakeTopic, JSON.stringify({ head })),
    onFailure: fail('ingest'),
    log,
  })
  clock.onMoved(() => ingest.clockMoved())
  let identitiesFirst: Parameters<Broker['setIdentities']>[0] = []
  const records = await startRecords({
    ledger: folder.ledger,
    onIdentities(identities) {
      if (broker) broker.setIdentities(identities)
      else identitiesFirst = identities
    },
    onFailure: fail('the records worker'),
  })
  broker = await startBroker({
    sink: ingest.sink,
    clock,
    listen: listenOn(values),
    allowPlaintext: values.allowPlaintext,
    onRefusal: records.refused,
    onPresence: records.presence,
    log,
  })
  broker.setIdentities(identitiesFirst)
  const started = broker
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
  const parts = { broker, ingest, records, ...(maintenance && { telemetry_maintenance: maintenance }) }
  const http = await startEdgeHttp({
    host: values.edgeHttpHost,
    port: values.edgeHttpPort,
    parts,
    notReady: ingest.notReady,
  })
  return {
    addresses: { ...brokerAddresses(broker), edgeHttp: http.address },
    async stop() {
      await http.close()
      await started.close()
      await records.close()
      await maintenance?.close()
      await ingest.stop()
    },
  }
}

function listenOn(values: EdgeValues): Parameters<typeof startBroker>[0]['listen'] {
  const { host, tlsCertificate, tlsKey } = values
  const plain = {
    tcp: { host, port: values.mqttPort },
    websocket: { host, port: values.websocketPort },
  }
  if (tlsCertificate === undefined || tlsKey === undefined) return plain
  const keys = { cert: readFileSync(tlsCertificate), key: readFileSync(tlsKey) }
  const tls = { host, port: values.mqttTlsPort, ...keys }
  const secureWebsocket = { host, port: values.websocketTlsPort, ...keys }
  const loopback = isLoopback(host)
  if (loopback || values.allowPlaintext) return { ...plain, tls, secureWebsocket }
  // The api of this machine comes in without TLS: the certificate names a host that need not lead back here.
  return { tcp: { host: '127.0.0.1', port: values.mqttPort }, tls, secureWebsocket }
}

function brokerAddresses(broker: Broker): Record<string, string> {
  const schemes = {
    tcp: ['mqtt', 'mqtt'],
    tls: ['mqttTls', 'mqtts'],
    websocket: ['websocket', 'ws'],
    secureWebsocket: ['secureWebsocket', 'wss'],
  } as const
  const addresses: Record<string, string> = {}
  for (const [kind, [name, scheme]] of Object.entries(schemes)) {
    const address = broker.addresses[kind as keyof typeof schemes]
    if (address)
      addresses[name] = `${scheme}://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`
  }
  return addresses
}
