import type { Condition } from './condition.ts'
import type { Expression } from './expression.ts'
import { type Duration, durationText, identifier, literal } from './text.ts'

/** What a query reads: a measurement, or the answer to another query. */
export interface Source<Tag extends string, Field extends string> {
  readonly from: string
  readonly tags: readonly Tag[]
  readonly fields: readonly Field[]
}

/** A measurement by the names with which it is written. */
export interface Measurement<Tag extends string, Field extends string> {
  readonly name: string
  readonly tags: Readonly<Record<Tag, unknown>>
  readonly fields: Readonly<Record<Field, unknown>>
}

export const from = <Tag extends string, Field extends string>({
  name,
  tags,
  fields,
}: Measurement<Tag, Field>): Source<Tag, Field> => ({
  from: identifier(name),
  tags: Object.keys(tags) as Tag[],
  fields: Object.keys(fields) as Field[],
})

/**
 * Time that a query speaks of: what the dashboard shows, so far back from its end, so far back from now, or all there is.
 */
export type TimeSpan = 'shown' | { readonly endOfShown: Duration } | { readonly last: Duration } | 'all'

/** Width of the buckets of time: so long, or as Grafana finds it fit for the width of the panel. */
export type Bucket = Duration | 'auto'

/** What stands where a bucket has no value: nothing at all, a gap, the value before, or a zero. */
export type Fill = 'none' | 'null' | 'previous' | 0

export interface Selection<Tag extends string, Field extends string, Column extends string> {
  readonly select: Readonly<Record<Column, Expression<Field | Tag>>>
  readonly where?: readonly Condition<Field | Tag>[]
  readonly time: TimeSpan
  readonly groupBy?: readonly Tag[]
  readonly bucket?: Bucket
  readonly fill?: Fill
  readonly newestFirst?: boolean
  readonly limit?: number
  /** IANA name: buckets of a day begin at its midnight. */
  readonly timeZone?: string
}

export interface Query<Tag extends string, Column extends string> {
  readonly text: string
  readonly tags: readonly Tag[]
  readonly columns: readonly Column[]
}

/** One query of InfluxQL. Its columns carry the names of `select`. */
export function query<Tag extends string, Field extends string, Column extends string>(
  source: Source<Tag, Field>,
  // What can be asked follows from the source alone.
  selection: Selection<NoInfer<Tag>, NoInfer<Field>, Column>,
): Query<Tag, Column> {
  const { select, where = [], time, groupBy = [], bucket, fill, newestFirst, limit, timeZone } = selection
  const columns = Object.entries(select) as [Column, Expression<Field | Tag>][]
  if (columns.length === 0) throw new Error('A query selects at least one column')
  if (fill !== undefined && bucket === undefined) throw new Error('Only buckets of time can be filled')
  const conditions = [...where.map(({ text }) => text), ...timeCondition(time)]
  const groups = [...(bucket === undefined ? [] : [`time(${bucketText(bucket)})`]), ...groupBy.map(identifier)]
  const text = [
    `SELECT ${columns.map(([name, { text }]) => `${text} AS ${identifier(name)}`).join(', ')}`,
    `FROM ${source.from}`,
    conditions.length > 0 && `WHERE ${conditions.join(' AND ')}`,
    groups.length > 0 && `GROUP BY ${groups.join(', ')}`,
    fill !== undefined && `fill(${fill})`,
    newestFirst && 'ORDER BY time DESC',
    limit !== undefined && `LIMIT ${limit}`,
    timeZone !== undefined && `tz(${literal(timeZone)})`,
  ]
  return {
    text: text.filter((part) => typeof part === 'string').join(' '),
    tags: groupBy,
    columns: columns.map(([name]) => name),
  }
}

/** The answer to a query as the source of another. */
export const answerOf = <Tag extends string, Column extends string>({
  text,
  tags,
  columns,
}: Query<Tag, Column>): Source<Tag, Column> => ({ from: `(${text})`, tags, fields: columns })

/** Grafana's name for the end of the shown time, in epoch milliseconds. */
const shownEnd = `\${__to}ms`

function timeCondition(time: TimeSpan): string[] {
  if (time === 'shown') return ['$timeFilter']
  if (time === 'all') return []
  if ('last' in time) return [`time > now() - ${durationText(time.last)}`]
  return [`time > ${shownEnd} - ${durationText(time.endOfShown)}`, `time <= ${shownEnd}`]
}

const bucketText = (bucket: Bucket): string => (bucket === 'auto' ? '$__interval' : durationText(bucket))

/** The values of a tag for a variable, narrowed by other tags. */
export function tagValues<Tag extends string>(
  { name }: Measurement<Tag, string>,
  tag: NoInfer<Tag>,
  where: readonly Condition<NoInfer<Tag>>[] = [],
): string {
  const text = `SHOW TAG VALUES FROM ${identifier(name)} WITH KEY = ${identifier(tag)}`
  return where.length === 0 ? text : `${text} WHERE ${where.map((condition) => condition.text).join(' AND ')}`
}

/** The answers to two queries as one source: rows of both, each with its own columns. */
export const answersOfBoth = <Tag extends string, Left extends string, Right extends string>(
  left: Query<Tag, Left>,
  right: Query<Tag, Right>,
): Source<Tag, Left | Right> => ({
  from: `(${left.text}), (${right.text})`,
  tags: left.tags,
  fields: [...left.columns, ...right.columns],
})
