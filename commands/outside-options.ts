import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { WorkerShare } from '#domain/gateway-share.ts'
import type { OutsideTarget } from '../ingest/outside/connection.ts'
import type { InfluxValues } from './influx-options.ts'
import type { FolderValues } from './ledger-options.ts'
import { type Option, type OptionValues, positiveInteger } from './options.ts'
import { secretOf } from './secret-file.ts'

const text = (env: string, placeholder: string, help: string) =>
  ({ env, schema: z.string().min(1), placeholder, help }) satisfies Option<string>

/** Each has a part of the gateways; more would not help a broker that is the bottleneck by then. */
const workersMax = 64

/** Where deliveries come from when the broker is not our own. */
export const outsideOptions = {
  outsideBroker: {
    env: 'MQTT_URL',
    schema: z
      .url({ protocol: /^mqtts?$/, error: 'give a URL like mqtt://127.0.0.1:1883 or mqtts://broker.example.cn' })
      .refine((url) => {
        const { username, password } = new URL(url)
        return username === '' && password === ''
      }, 'credentials do not belong into the URL: set MQTT_USER and MQTT_PASSWORD_FILE'),
    placeholder: 'URL',
    help: 'MQTT broker that gateways publish to, in place of our own: deliveries are taken from it, and nothing listens',
  } satisfies Option<string>,
  outsideUser: text('MQTT_USER', 'NAME', 'user at that broker'),
  outsidePassword: {
    ...text('MQTT_PASSWORD', 'TEXT', 'password of the user'),
    secret: true,
  } satisfies Option<string>,
  outsidePasswordFile: text('MQTT_PASSWORD_FILE', 'FILE', 'file that holds the password'),
  outsideCa: text('MQTT_CA_FILE', 'FILE', "PEM certificates that vouch for the broker, in place of the system's"),
  outsideCertificate: text('MQTT_CERTIFICATE_FILE', 'FILE', 'PEM certificate that shows the broker who we are'),
  outsideKey: text('MQTT_KEY_FILE', 'FILE', 'PEM private key of that certificate'),
  outsideClientId: {
    env: 'MQTT_CLIENT_ID',
    default: 'warmcity-ingest',
    // MQTT 3.1.1 wants a server to take 23 characters; the number of the worker is added.
    schema: z.string().regex(/^[0-9A-Za-z_-]{1,20}$/, 'give 1 to 20 letters, digits, "_" or "-"'),
    placeholder: 'NAME',
    help: 'client id at that broker, with "-" and the number of the worker behind it',
  } satisfies Option<string>,
  worker: {
    env: 'WARMCITY_WORKER',
    default: 1,
    schema: positiveInteger('the number of the worker', workersMax),
    placeholder: 'N',
    help: 'which of several ingest workers behind an outside broker this is, each with a data folder of its own; one above their number gives its gateways away',
  } satisfies Option<number>,
  workers: {
    env: 'WARMCITY_WORKERS',
    default: 1,
    schema: positiveInteger('the number of workers', workersMax),
    placeholder: 'N',
    help: 'among how many workers the gateways are divided',
  } satisfies Option<number>,
}

type OutsideValues = OptionValues<typeof outsideOptions> &
  Pick<FolderValues, 'ledgerUrl'> &
  Pick<InfluxValues, 'influxUrl'>

export interface OutsideSource {
  readonly target: OutsideTarget
  readonly share: WorkerShare
}

/** The outside broker that the options name; undefined where our own serves. */
export function outsideSource(values: OutsideValues): OutsideSource | undefined {
  const { outsideBroker: url, worker, workers } = values
  const isOneOfSeveral = worker > 1 || workers > 1
  if (url === undefined) {
    if (isOneOfSeveral) throw optionsError('Several workers need an outside broker: give --outside-broker.')
    return undefined
  }
  if (isOneOfSeveral && (values.ledgerUrl === undefined || values.influxUrl === undefined)) {
    throw optionsError(
      'Several workers need a ledger and a store of readings that all of them reach: give --ledger-url and --influx-url.',
    )
  }
  if ((values.outsideCertificate === undefined) !== (values.outsideKey === undefined)) {
    throw optionsError('--outside-certificate and --outside-key come together.')
  }
  return {
    target: {
      url,
      clientId: `${values.outsideClientId}-${worker}`,
      user: values.outsideUser,
      password: secretOf(values.outsidePassword, values.outsidePasswordFile),
      tls: {
        ca: contentOf(values.outsideCa),
        certificate: contentOf(values.outsideCertificate),
        key: contentOf(values.outsideKey),
      },
    },
    share: { worker, workers },
  }
}

const contentOf = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path, 'utf8'))

const optionsError = (message: string) => Object.assign(new Error(message), { code: 'outside_options' })
