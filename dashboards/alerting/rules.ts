import { measurements } from '#domain/telemetry-names.ts'
import { tagIs, tagIsOneOf } from '../influxql/condition.ts'
import { change, column, count, last, max, times } from '../influxql/expression.ts'
import { answerOf, answersOfBoth, from, type Query, query } from '../influxql/query.ts'
import type { Duration } from '../influxql/text.ts'
import { dataSources } from '../parts/data-sources.ts'
import { type BoardName, boardUid } from '../parts/links.ts'
import { alertTexts } from '../texts/alerts.ts'
import { cityTexts } from '../texts/city.ts'
import type { PanelTexts, Said } from '../texts/said.ts'
import { serviceTexts } from '../texts/service.ts'
import { notificationSettings } from './contact-point.ts'

/**
 * What Warmcity must not be trusted to say about itself. Queries name their times, with no macro of Grafana: they look
 * back from now, and files of provisioning may replace what begins with a dollar sign.
 */

type Compare = 'gt' | 'lt'

interface RuleSpec {
  readonly uid: string
  readonly texts: { readonly title: Said; readonly summary: Said }
  readonly query: Query<string, string>
  /** Told when the newest value is above or below. */
  readonly tellWhen: readonly [Compare, number]
  /** It has to hold so long. */
  readonly holds: Duration
  readonly severity: 'warning' | 'critical'
  /** Without rows: the trouble itself, or nothing to say. */
  readonly withoutData: 'Alerting' | 'OK'
  /** What somebody looks at who is told. */
  readonly board: BoardName
  readonly panel: PanelTexts
}

/** The number of a panel on its dashboard. */
export type PanelId = (board: BoardName, panel: PanelTexts) => number

const { rollUp, serviceFigure } = measurements
const figures = from(serviceFigure)

/** A roll-up has the time at which its ten minutes begin, and comes when they are over: three in a row are missing. */
const silentFor = '40m'
/** A district or an edge that spoke in the last day is expected to go on. */
const knownFrom = '1d'

/**
 * What is known from a day counts as zero, so that whoever says nothing stays a row. Buckets of time would begin empty,
 * and be taken for silence.
 */
const withTheSilent = <Tag extends string>(
  ask: (within: Duration, factor: 0 | 1) => Query<Tag, 'told'>,
  silentFor: Duration,
  tag: NoInfer<Tag>,
) =>
  query(answersOfBoth(ask(knownFrom, 0), ask(silentFor, 1)), {
    select: { told: max('told') },
    time: { last: knownFrom },
    groupBy: [tag],
  })

/** The most probes that reported in a district within a time, as they are or as nothing. */
const probesOf = (within: Duration, factor: 0 | 1) =>
  query(from(rollUp), {
    select: { told: times(max('probes_reporting'), factor) },
    where: [tagIs('level', 'district')],
    time: { last: within },
    groupBy: ['id'],
  })

/** How often an edge told of itself within a time, as it is or as nothing. */
const samplesOfEdges = (within: Duration, factor: 0 | 1) =>
  query(figures, {
    select: { told: times(count('value'), factor) },
    where: [tagIs('service', 'edge'), tagIs('figure', 'warmcity_broker_deliveries_accepted')],
    time: { last: within },
    groupBy: ['instance'],
  })

const ruleSpecs: readonly RuleSpec[] = [
  {
    uid: 'warmcity-district-silent',
    texts: alertTexts.districtSilent,
    query: withTheSilent(probesOf, silentFor, 'id'),
    tellWhen: ['lt', 1],
    holds: '15m',
    severity: 'critical',
    withoutData: 'Alerting',
    board: 'city',
    panel: cityTexts.coldByDistrict,
  },
  {
    uid: 'warmcity-journal-age',
    texts: alertTexts.journalAge,
    query: query(figures, {
      select: { value: last('value') },
      where: [
        tagIs('service', 'edge'),
        tagIsOneOf('figure', [
          'warmcity_ingest_telemetry_lag_seconds',
          'warmcity_ingest_watch_lag_seconds',
          'warmcity_ingest_quarantine_lag_seconds',
        ]),
      ],
      time: { last: '10m' },
      bucket: '1m',
      groupBy: ['figure', 'instance'],
      fill: 'none',
    }),
    tellWhen: ['gt', 900],
    holds: '5m',
    severity: 'critical',
    withoutData: 'OK',
    board: 'service',
    panel: serviceTexts.age,
  },
  {
    uid: 'warmcity-quarantine-surge',
    texts: alertTexts.quarantineSurge,
    query: query(
      answerOf(
        query(figures, {
          select: { newest: last('value') },
          where: [tagIs('service', 'edge'), tagIs('figure', 'warmcity_ingest_quarantine_rejected')],
          time: { last: '30m' },
          bucket: '10m',
          groupBy: ['instance'],
          fill: 'none',
        }),
      ),
      { select: { more: change(column('newest')) }, time: { last: '30m' }, groupBy: ['instance'] },
    ),
    tellWhen: ['gt', 1_000],
    holds: '5m',
    severity: 'warning',
    withoutData: 'OK',
    board: 'service',
    panel: serviceTexts.quarantine,
  },
  {
    uid: 'warmcity-api-down',
    texts: alertTexts.apiDown,
    query: query(figures, {
      select: { samples: count('value') },
      where: [tagIs('service', 'api'), tagIs('figure', 'warmcity_stream_head')],
      time: { last: '5m' },
    }),
    tellWhen: ['lt', 1],
    holds: '2m',
    severity: 'critical',
    withoutData: 'Alerting',
    board: 'service',
    panel: serviceTexts.requests,
  },
  {
    uid: 'warmcity-edge-down',
    texts: alertTexts.edgeDown,
    query: withTheSilent(samplesOfEdges, '5m', 'instance'),
    tellWhen: ['lt', 1],
    holds: '2m',
    severity: 'critical',
    withoutData: 'Alerting',
    board: 'service',
    panel: serviceTexts.messages,
  },
]

/** Grafana evaluates a group together, this often. */
const evaluateEvery = '1m'

/** What a rule asks looks back no further than this; the query says its own time. */
const lookBackSeconds = 86_400

const both = ({ zh, en }: Said) => `${zh} · ${en}`

/** The rules as a file of provisioning has them: a query, its newest value, a threshold. */
export const alertRuleGroups = (panelId: PanelId) => [
  {
    orgId: 1,
    name: 'warmcity',
    folder: both(alertTexts.folder),
    interval: evaluateEvery,
    rules: ruleSpecs.map((spec) => ruleOf(spec, panelId)),
  },
]

function ruleOf(spec: RuleSpec, panelId: PanelId) {
  const { uid, texts, query: asked, holds, severity, withoutData, board, panel } = spec
  const [compare, limit] = spec.tellWhen
  const relativeTimeRange = { from: lookBackSeconds, to: 0 }
  const expression = (refId: string, model: object) => ({
    refId,
    relativeTimeRange,
    datasourceUid: '__expr__',
    model: { refId, datasource: { type: '__expr__', uid: '__expr__' }, ...model },
  })
  return {
    uid,
    title: both(texts.title),
    condition: 'C',
    data: [
      {
        refId: 'A',
        relativeTimeRange,
        datasourceUid: dataSources.rollUps.uid,
        model: {
          refId: 'A',
          datasource: dataSources.rollUps,
          query: asked.text,
          rawQuery: true,
          resultFormat: 'time_series',
        },
      },
      expression('B', { type: 'reduce', expression: 'A', reducer: 'last', settings: { mode: 'dropNN' } }),
      expression('C', {
        type: 'threshold',
        expression: 'B',
        conditions: [{ evaluator: { type: compare, params: [limit] } }],
      }),
    ],
    noDataState: withoutData,
    // A database that is away must not be silence.
    execErrState: 'Error',
    for: holds,
    annotations: {
      summary: both(texts.summary),
      __dashboardUid__: boardUid(board, 'zh'),
      __panelId__: String(panelId(board, panel)),
    },
    labels: { severity, service: 'warmcity' },
    notification_settings: notificationSettings,
    isPaused: false,
  }
}
