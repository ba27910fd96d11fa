import { z } from 'zod'
import type { InfluxTarget } from '#store/telemetry/influx/connection.ts'
import type { Option, OptionValues } from './options.ts'
import { secretOf } from './secret-file.ts'

const text = (env: string, placeholder: string, help: string) =>
  ({ env, schema: z.string().min(1), placeholder, help }) satisfies Option<string>

/** Where readings are kept in InfluxDB, for every command that reads or writes them. */
export const influxOptions = {
  influxUrl: {
    env: 'INFLUX_URL',
    schema: z.url({ protocol: /^https?$/, error: 'give a URL like http://127.0.0.1:8086' }).refine((url) => {
      const { username, password } = new URL(url)
      return username === '' && password === ''
    }, 'credentials do not belong into the URL: set INFLUX_USER and INFLUX_PASSWORD'),
    placeholder: 'URL',
    help: 'InfluxDB that keeps the readings, in place of the folder',
  } satisfies Option<string>,
  influxDatabase: {
    ...text('INFLUX_DATABASE', 'NAME', 'database of InfluxDB 1 or 3'),
    default: 'warmcity',
  } satisfies Option<string>,
  influxBucket: text('INFLUX_BUCKET', 'NAME', 'bucket of InfluxDB 2, in place of a database'),
  influxOrg: text('INFLUX_ORG', 'NAME', 'organisation of the bucket'),
  influxUser: text('INFLUX_USER', 'NAME', 'user of InfluxDB 1'),
  influxPassword: { ...text('INFLUX_PASSWORD', 'TEXT', 'password of the user'), secret: true } satisfies Option<string>,
  influxPasswordFile: text('INFLUX_PASSWORD_FILE', 'FILE', 'file that holds the password'),
  influxToken: { ...text('INFLUX_TOKEN', 'TEXT', 'token of InfluxDB 2 or 3'), secret: true } satisfies Option<string>,
  influxTokenFile: text('INFLUX_TOKEN_FILE', 'FILE', 'file that holds the token'),
}

export type InfluxValues = OptionValues<typeof influxOptions>

/** The InfluxDB that the options name; undefined where readings stay in the folder. */
export function influxTarget(values: InfluxValues): InfluxTarget | undefined {
  const { influxUrl: url, influxBucket: bucket, influxOrg: org, influxUser: user } = values
  if (url === undefined) return undefined
  return {
    url,
    ...(bucket === undefined ? { database: values.influxDatabase } : { bucket, org }),
    user,
    password: secretOf(values.influxPassword, values.influxPasswordFile),
    token: secretOf(values.influxToken, values.influxTokenFile),
  }
}

/** The flags that hand the options on to a service; secrets reach it through the environment. */
export function influxArguments(values: InfluxValues): string[] {
  const flags = {
    '--influx-url': values.influxUrl,
    '--influx-database': values.influxDatabase,
    '--influx-bucket': values.influxBucket,
    '--influx-org': values.influxOrg,
    '--influx-user': values.influxUser,
    '--influx-password-file': values.influxPasswordFile,
    '--influx-token-file': values.influxTokenFile,
  }
  return Object.entries(flags).flatMap(([flag, value]) => (value === undefined ? [] : [flag, value]))
}
