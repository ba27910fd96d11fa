import { connectInflux, errorText, type InfluxAnswer, type InfluxConnection, type InfluxTarget } from './connection.ts'
import { InfluxError } from './influx-error.ts'
import { rollUpTarget } from './roll-ups.ts'
import { checkInfluxOne } from './setup-checks.ts'

/** What was found and done; run again, it finds everything done. */
export interface SetupReport {
  readonly version: string
  readonly done: readonly string[]
  /** What will hurt later, and what to change. */
  readonly advice: readonly string[]
}

const daySeconds = 86_400
/** Days kept for ever, as InfluxDB counts them. */
const forEver = 0

/**
 * Makes the databases or buckets of readings and of roll-ups, and keeps readings for at least `keepDays` (0: for ever)
 * and roll-ups longer. It never shortens what is kept: that would delete it.
 */
export async function setUpInflux(target: InfluxTarget, keepDays: number): Promise<SetupReport> {
  const rollUpDays = keepDays === forEver ? forEver : Math.max(keepDays, rollUpDaysKept)
  const readings = await setUpOne(target, keepDays)
  const rollUps = await setUpOne(rollUpTarget(target), rollUpDays)
  return { ...readings, done: [...readings.done, ...rollUps.done] }
}

/** Roll-ups of a season, and of the one before to compare it with. */
const rollUpDaysKept = 400

async function setUpOne(target: InfluxTarget, keepDays: number): Promise<SetupReport> {
  const connection = connectInflux(target)
  const version = (await connection.ping()) ?? 'unknown'
  if (target.bucket !== undefined) {
    return { version, done: await makeBucket(connection, target.bucket, target.org ?? '', keepDays), advice: [] }
  }
  if (version.startsWith('3')) return { version, done: await makeDatabaseThree(connection, keepDays), advice: [] }
  return { version, done: await makeDatabase(connection, keepDays), advice: await checkInfluxOne(connection) }
}

const quoted = (name: string) => `"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
const ask = (connection: InfluxConnection, statement: string) => connection.query(statement, { post: true })
const daysText = (days: number) => (days === forEver ? 'for ever' : `${days} days`)

async function makeDatabase(connection: InfluxConnection, keepDays: number): Promise<string[]> {
  const { database } = connection
  const duration = keepDays === forEver ? 'INF' : `${keepDays}d`
  const [databases] = await ask(connection, 'SHOW DATABASES')
  if (!databases?.values?.some(([name]) => name === database)) {
    const shards = keepDays === forEver ? '7d' : '1d'
    await ask(
      connection,
      `CREATE DATABASE ${quoted(database)} WITH DURATION ${duration} SHARD DURATION ${shards} NAME "warmcity"`,
    )
    return [`made the database ${database}, which keeps data ${daysText(keepDays)}`]
  }
  const [policies] = await ask(connection, `SHOW RETENTION POLICIES ON ${quoted(database)}`)
  const column = (name: string) => policies?.columns.indexOf(name) ?? -1
  const standard = policies?.values?.find((row) => String(row[column('default')]) === 'true')
  if (standard === undefined) throw new InfluxError('influx_missing', `${database} has no default retention policy`)
  const policy = String(standard[column('name')])
  const keptDays = durationHours(String(standard[column('duration')])) / 24
  if (keptDays === forEver || (keepDays !== forEver && keptDays >= keepDays)) return []
  await ask(connection, `ALTER RETENTION POLICY ${quoted(policy)} ON ${quoted(database)} DURATION ${duration}`)
  return [`the retention policy ${policy} kept data ${keptDays} days and keeps it ${daysText(keepDays)} now`]
}

/** Hours of a duration as InfluxDB prints it, like 168h0m0s. */
function durationHours(text: string): number {
  return Number(/^(\d+)h/.exec(text)?.[1] ?? 0)
}

async function makeBucket(
  connection: InfluxConnection,
  bucket: string,
  org: string,
  keepDays: number,
): Promise<string[]> {
  const everySeconds = keepDays * daySeconds
  const retentionRules = keepDays === forEver ? [] : [{ type: 'expire', everySeconds }]
  const found = (await answered(
    connection,
    'GET',
    `/api/v2/buckets?${new URLSearchParams({ org, name: bucket })}`,
    [200, 404],
  )) as { buckets?: readonly { id: string; retentionRules?: readonly { everySeconds: number }[] }[] }
  const [existing] = found.buckets ?? []
  if (existing === undefined) {
    const orgs = (await answered(connection, 'GET', `/api/v2/orgs?${new URLSearchParams({ org })}`, [200])) as {
      orgs?: readonly { id: string }[]
    }
    const orgID = orgs.orgs?.[0]?.id
    if (orgID === undefined) throw new InfluxError('influx_missing', `${connection.name} knows no organisation ${org}`)
    await answered(connection, 'POST', '/api/v2/buckets', [201], { orgID, name: bucket, retentionRules })
    return [`made the bucket ${bucket}, which keeps data ${daysText(keepDays)}`]
  }
  const keptSeconds = existing.retentionRules?.[0]?.everySeconds ?? forEver
  if (keptSeconds === forEver || (keepDays !== forEver && keptSeconds >= everySeconds)) return []
  await answered(connection, 'PATCH', `/api/v2/buckets/${existing.id}`, [200], { retentionRules })
  return [`the bucket ${bucket} kept data ${keptSeconds / daySeconds} days and keeps it ${daysText(keepDays)} now`]
}

async function makeDatabaseThree(connection: InfluxConnection, keepDays: number): Promise<string[]> {
  const { database } = connection
  const listed = await answered(connection, 'GET', '/api/v3/configure/database?format=json', [200])
  const names = Array.isArray(listed) ? listed.flatMap((row: object) => Object.values(row)) : []
  if (names.includes(database)) return []
  const retention = keepDays === forEver ? {} : { retention_period: `${keepDays}d` }
  await answered(connection, 'POST', '/api/v3/configure/database', [200, 201], { db: database, ...retention })
  return [`made the database ${database}, which keeps data ${daysText(keepDays)}`]
}

/** The body of an answer with one of the statuses. */
async function answered(
  connection: InfluxConnection,
  method: 'GET' | 'POST' | 'PATCH',
  path: string,
  statuses: readonly number[],
  body?: object,
): Promise<unknown> {
  const answer: InfluxAnswer = await connection.call(method, path, body)
  if (statuses.includes(answer.status)) return answer.body
  const denied = answer.status === 401 || answer.status === 403
  throw new InfluxError(
    denied ? 'influx_denied' : 'influx_failed',
    `${connection.name} answered ${answer.status} to ${method} ${path.split('?')[0]}: ${errorText(answer.body)}`,
  )
}
