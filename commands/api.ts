import { readFileSync } from 'node:fs'
import { connectAsync } from 'mqtt'
import { z } from 'zod'
import { wakeTopic } from '#domain/topics.ts'
import { openLedger } from '#store/ledger/database.ts'
import { openInfluxFacts } from '#store/telemetry/influx/facts.ts'
import { openInfluxTelemetryReader } from '#store/telemetry/influx/reader.ts'
import { openInfluxRollUpReader } from '#store/telemetry/influx/roll-ups.ts'
import { openSqliteTelemetryReader } from '#store/telemetry/sqlite/reader.ts'
import { openSqliteRollUpReader } from '#store/telemetry/sqlite/roll-ups.ts'
import type { GrafanaLiveTarget } from '../api/grafana-live.ts'
import { makeRankingThread } from '../api/ranking/ranking-thread.ts'
import { type Api, startApi } from '../api/start.ts'
import { tryMapping } from '../ingest/codecs/try-mapping.ts'
import { runService, type ServiceLog } from './child.ts'
import type { CityClock } from './clock.ts'
import { defineCommand } from './command.ts'
import { apiOptions, edgeOptions, hostOption, logLevelOption } from './common-options.ts'
import { edgeFigures, edgeNotReady } from './edge-figures.ts'
import { influxOptions, influxTarget } from './influx-options.ts'
import { folderOf, folderOptions } from './ledger-options.ts'
import { ledgerThere } from './ledger-there.ts'
import { listenFailure } from './listen-failure.ts'
import { flagOption, type Option, type OptionValues } from './options.ts'
import { readPolicy } from './policy-file.ts'
import { deliverToEdges } from './pushed-deliveries.ts'
import { secretOf } from './secret-file.ts'
import { apiClientId, apiSecretOptions } from './service-accounts.ts'

/** Short ones can be guessed. */
const grafanaTokenSchema = z.string().min(16, 'give at least 16 characters')

const options = {
  ...folderOptions,
  host: hostOption,
  ...apiOptions,
  ...influxOptions,
  city: edgeOptions.city,
  policy: edgeOptions.policy,
  mqttUrl: {
    env: 'WARMCITY_MQTT_URL',
    schema: z.url({ protocol: /^(mqtts?|wss?)$/, error: 'give a URL like mqtt://host:1883' }),
    placeholder: 'URL',
    help: 'broker on which alerts are published and news is heard; without it, sockets and webhooks only',
  },
  ...apiSecretOptions,
  edgeUrl: {
    env: 'WARMCITY_EDGE_URL',
    schema: z.url({ protocol: /^https?$/, error: 'give a URL like http://127.0.0.1:9464' }),
    placeholder: 'URL',
    help: "the edge's health and metrics: its readiness becomes part of the service's",
  },
  otherEdgeUrls: {
    env: 'WARMCITY_OTHER_EDGE_URLS',
    schema: z
      .string()
      .transform((text) => text.split(','))
      .pipe(
        z.array(z.url({ protocol: /^https?$/, error: 'give URLs like http://worker-2:9464, with commas between' })),
      ),
    placeholder: 'URLS',
    help: 'further workers of an outside broker: what is pushed for their gateways goes there',
  } satisfies Option<string[]>,
  grafanaHookToken: {
    env: 'WARMCITY_GRAFANA_HOOK_TOKEN',
    schema: grafanaTokenSchema,
    placeholder: 'TOKEN',
    help: "token of Grafana's contact point at /hooks/grafana; without it there is nothing there",
    secret: true,
  } satisfies Option<string>,
  grafanaHookTokenFile: {
    env: 'WARMCITY_GRAFANA_HOOK_TOKEN_FILE',
    schema: z.string().min(1),
    placeholder: 'FILE',
    help: 'file that holds that token',
  } satisfies Option<string>,
  grafanaUrl: {
    env: 'WARMCITY_GRAFANA_URL',
    schema: z.url({ protocol: /^https?$/, error: 'give a URL like http://grafana:3000' }),
    placeholder: 'URL',
    help: 'Grafana whose Live is pushed roll-ups and signals to; with a token',
  } satisfies Option<string>,
  grafanaToken: {
    env: 'WARMCITY_GRAFANA_TOKEN',
    schema: grafanaTokenSchema,
    placeholder: 'TOKEN',
    help: 'token of a service account of that Grafana',
    secret: true,
  } satisfies Option<string>,
  grafanaTokenFile: {
    env: 'WARMCITY_GRAFANA_TOKEN_FILE',
    schema: z.string().min(1),
    placeholder: 'FILE',
    help: 'file that holds the token of the service account',
  } satisfies Option<string>,
  secureCookies: flagOption('WARMCITY_SECURE_COOKIES', 'cookies over TLS only: set it behind a TLS proxy'),
  trustProxy: flagOption('WARMCITY_TRUST_PROXY', 'believe X-Forwarded-* headers: only behind a proxy that sets them'),
  logLevel: logLevelOption,
}

export const api = defineCommand({
  name: 'api',
  summary: 'HTTP API, live signals, pages and notifications',
  options,
  run: (values) =>
    runService('api', values.logLevel, (clock, log) =>
      startServing(values, clock, log).catch((error: unknown) => {
        throw listenFailure(error, 'the API', '--http-port')
      }),
    ),
})

async function startServing(
  values: OptionValues<typeof options>,
  clock: CityClock,
  log: ServiceLog,
): Promise<{ addresses: Record<string, string>; stop(): Promise<void> }> {
  const folder = folderOf(values)
  await ledgerThere(folder.ledger, (reason) => log.warn({ reason }, 'the api waits for its ledger'))
  const ledger = await openLedger(folder.ledger)
  const policy = readPolicy(values)
  const { edgeUrl } = values
  const secret = secretOf(values.mqttSecret, values.mqttSecretFile)
  const influx = influxTarget(values)
  const ranking = makeRankingThread({
    ledger: folder.ledger,
    policy,
    telemetry: influx ? { influx } : { directory: folder.telemetry },
  })
  const telemetry = influx
    ? openInfluxTelemetryReader({ target: influx })
    : openSqliteTelemetryReader({ directory: folder.telemetry })
  const rollUps = influx
    ? openInfluxRollUpReader({ target: influx })
    : openSqliteRollUpReader({ directory: folder.telemetry })
  let api: Api | undefined
  const broker = await connectBroker(values, () => api?.wake())
  api = await startApi(
    {
      ledger,
      telemetry,
      rollUps,
      clock,
      log,
      tryMapping,
      ranking,
      ...(influx && { facts: openInfluxFacts({ target: influx }) }),
      ...(edgeUrl !== undefined && { notReady: () => edgeNotReady(edgeUrl), edgeFigures: () => edgeFigures(edgeUrl) }),
      ...(edgeUrl !== undefined &&
        secret !== undefined && {
          deliver: (delivery) => deliverToEdges([edgeUrl, ...(values.otherEdgeUrls ?? [])], secret, delivery),
        }),
      ...(broker && {
        publish: async (topic: string, payload: string) => {
          await broker.publishAsync(topic, payload, { qos: 1 })
        },
      }),
    },
    {
      host: values.host,
      port: values.httpPort,
      version: JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version,
      secureCookies: values.secureCookies,
      trustProxy: values.trustProxy,
      policy,
      grafanaHookToken: secretOf(values.grafanaHookToken, values.grafanaHookTokenFile),
      grafanaLive: grafanaLiveOf(values),
      brokerAddresses: values.mqttUrl === undefined ? [] : [values.mqttUrl],
    },
  )
  const started = api
  return {
    addresses: { http: api.address },
    async stop() {
      await started.close()
      await ranking.close()
      await broker?.endAsync()
      await telemetry.close()
      await rollUps.close()
      await ledger.close()
    },
  }
}

/** Grafana Live takes nothing without a token. */
function grafanaLiveOf(values: OptionValues<typeof options>): GrafanaLiveTarget | undefined {
  const token = secretOf(values.grafanaToken, values.grafanaTokenFile)
  const { grafanaUrl } = values
  return grafanaUrl === undefined || token === undefined ? undefined : { url: grafanaUrl.replace(/\/$/, ''), token }
}

/** The api's own session with the broker: it hears that the ledger has news, and publishes alerts. */
async function connectBroker(values: OptionValues<typeof options>, onNews: () => void) {
  if (values.mqttUrl === undefined) return undefined
  const password = secretOf(values.mqttSecret, values.mqttSecretFile)
  const client = await connectAsync(values.mqttUrl, {
    clientId: apiClientId,
    username: apiClientId,
    ...(password !== undefined && { password }),
    clean: true,
    // Alerts wait in the ledger, with their place; a second memory of them would send them twice.
    queueQoSZero: false,
  })
  client.on('message', (topic) => {
    if (topic === wakeTopic) onNews()
  })
  await client.subscribeAsync(wakeTopic)
  return client
}
