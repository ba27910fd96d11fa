import { isIP } from 'node:net'
import { z } from 'zod'
import { cityPolicies } from '#domain/policy.ts'
import { influxOptions } from './influx-options.ts'
import { type LogLevel, logLevels } from './log.ts'
import { flagOption, type Option, portSchema, positiveInteger } from './options.ts'

export const dataOption = {
  env: 'WARMCITY_DATA',
  default: './data',
  schema: z.string().min(1),
  placeholder: 'DIR',
  help: 'folder of everything that is kept',
} satisfies Option<string>

export const hostOption = {
  env: 'WARMCITY_HOST',
  default: '127.0.0.1',
  schema: z.string().refine((host) => host === 'localhost' || isIP(host) > 0, 'give an IP address or "localhost"'),
  placeholder: 'ADDRESS',
  help: 'address to listen on',
} satisfies Option<string>

export const logLevelOption = {
  env: 'WARMCITY_LOG_LEVEL',
  default: 'info' as LogLevel,
  schema: z.enum(logLevels),
  placeholder: 'LEVEL',
  help: `least important lines to print: ${logLevels.join(', ')}`,
} satisfies Option<LogLevel>

const port = (env: string, standard: number, help: string) =>
  ({ env, default: standard, schema: portSchema, placeholder: 'PORT', help }) satisfies Option<number>

const path = (env: string, help: string) =>
  ({ env, schema: z.string().min(1), placeholder: 'FILE', help }) satisfies Option<string>

/** What the broker, the journal and the stores need to know. */
export const edgeOptions = {
  mqttPort: port('WARMCITY_MQTT_PORT', 1883, 'MQTT over TCP'),
  websocketPort: port('WARMCITY_WEBSOCKET_PORT', 8083, 'MQTT over WebSocket'),
  edgeHttpHost: {
    env: 'WARMCITY_EDGE_HTTP_HOST',
    default: '127.0.0.1',
    schema: hostOption.schema,
    placeholder: 'ADDRESS',
    help: "address for the edge's health and metrics, which ask for no login",
  } satisfies Option<string>,
  edgeHttpPort: port('WARMCITY_EDGE_HTTP_PORT', 9464, "the edge's health and metrics over HTTP"),
  tlsCertificate: path('WARMCITY_TLS_CERTIFICATE', 'PEM certificate chain: turns MQTT over TLS on'),
  tlsKey: path('WARMCITY_TLS_KEY', 'PEM private key of the certificate'),
  mqttTlsPort: port('WARMCITY_MQTT_TLS_PORT', 8883, 'MQTT over TLS, with a certificate'),
  websocketTlsPort: port('WARMCITY_WEBSOCKET_TLS_PORT', 8084, 'MQTT over secure WebSocket, with a certificate'),
  allowPlaintext: flagOption('WARMCITY_ALLOW_PLAINTEXT', 'let plaintext MQTT listen beyond this machine'),
  city: {
    env: 'WARMCITY_CITY',
    default: 'harbin',
    schema: z.enum(Object.keys(cityPolicies)),
    placeholder: 'NAME',
    help: `whose rules are in force: ${Object.keys(cityPolicies).join(', ')}`,
  } satisfies Option<string>,
  policy: path(
    'WARMCITY_POLICY',
    "rules of your own as JSON (targets, season, holds, each dated) in place of a city's",
  ),
  retentionDays: {
    env: 'WARMCITY_RETENTION_DAYS',
    default: 30,
    schema: positiveInteger('the retention in days', 3_650),
    placeholder: 'DAYS',
    help: 'days for which raw readings are kept',
  } satisfies Option<number>,
  journalMegabytesMax: {
    env: 'WARMCITY_JOURNAL_MB_MAX',
    default: 20_000,
    // Below this there is no room for two segments and the tail by which repeats are told.
    schema: positiveInteger('the journal bound in megabytes', 10_000_000, 206),
    placeholder: 'MB',
    help: 'largest journal; beyond it acks are withheld',
  } satisfies Option<number>,
  ...influxOptions,
}

export const apiOptions = {
  httpPort: port('WARMCITY_HTTP_PORT', 8080, 'API, reference and pages over HTTP'),
}
