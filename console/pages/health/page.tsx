import { useQuery } from '@tanstack/react-query'
import { Alert } from 'antd'
import type { Schemas } from '../../api/client.ts'
import { queryOf } from '../../api/queries.ts'
import { Facts, Page, Panel } from '../../parts/page.tsx'
import { PlainTable } from '../../parts/plain-table.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'

type State = Schemas['ServiceState']

/** Whoever has this page open looks for trouble. */
const lookEveryMs = 5_000
const outagesShown = 20

/** Whether Warmcity itself is well: readiness, readers of the journal, notifications, its own outages. */
export function HealthPage() {
  const texts = useTexts()
  const query = useQuery({ ...queryOf('GET /api/v1/service-state', {}), refetchInterval: lookEveryMs })
  return (
    <Page title={texts.health.title}>
      <Answer query={query}>
        {(state) => (
          <>
            <Readiness state={state} />
            <Pipeline state={state} />
            <div className="two-panels">
              <Notices />
              <Notifications notifications={state.notifications} />
            </div>
            <Outages />
            <EdgeFigures edge={state.edge} />
          </>
        )}
      </Answer>
    </Page>
  )
}

function Readiness({ state: { notReady, version, streamHead, telemetry } }: { readonly state: State }) {
  const texts = useTexts()
  const { number } = useFormats()
  return (
    <Panel title={texts.health.state} className="stack">
      {notReady.length === 0 ? (
        <Alert type="success" showIcon title={texts.health.ready} />
      ) : (
        <Alert type="error" showIcon title={texts.health.notReady} description={<Reasons reasons={notReady} />} />
      )}
      <Facts
        facts={[
          { label: texts.health.version, value: version },
          { label: texts.health.signals, value: number(streamHead) },
          { label: texts.health.readings, value: telemetry ? number(telemetry.readings) : texts.health.storeAway },
          {
            label: texts.health.bytes,
            value: telemetry ? `${number(telemetry.bytes / 1e6, 1)} MB` : texts.health.storeAway,
          },
        ]}
      />
    </Panel>
  )
}

function Reasons({ reasons }: { readonly reasons: readonly string[] }) {
  return (
    <ul>
      {reasons.map((reason) => (
        <li key={reason}>{reason}</li>
      ))}
    </ul>
  )
}

/** The edge knows the end of the journal, and so what a reader has still before it. */
const lagFigure = (reader: string) => `warmcity_ingest_${reader}_lag_bytes`

function Pipeline({ state: { readers, edge } }: { readonly state: State }) {
  const texts = useTexts()
  const { number } = useFormats()
  const countersText = ({ clockAt: _time, ...counters }: Readonly<Record<string, number>>) =>
    Object.entries(counters)
      .map(([name, value]) => `${name} ${number(value)}`)
      .join(' · ')
  return (
    <Panel title={texts.health.pipeline}>
      {edge === undefined && <Alert type="warning" showIcon title={texts.health.edgeAway} />}
      <PlainTable
        label={texts.health.pipeline}
        columns={[texts.health.reader, texts.health.behind, texts.health.counters]}
        rows={readers.map(({ reader, counters }) => {
          const lag = edge?.[lagFigure(reader)]
          return [reader, lag === undefined ? texts.app.none : number(lag), countersText(counters)]
        })}
      />
    </Panel>
  )
}

function Notices() {
  const texts = useTexts()
  const { dateTime } = useFormats()
  const concerns = ({ kind }: { readonly kind: string }) => kind.startsWith('service.')
  const query = useQuery(queryOf('GET /api/v1/service-notices', { query: { only: 'open' } }, { concerns }))
  return (
    <Panel title={texts.health.notices}>
      <Answer query={query} isEmpty={({ items }) => items.length === 0} empty={<Empty text={texts.health.noNotices} />}>
        {({ items }) => (
          <PlainTable
            label={texts.health.notices}
            columns={[texts.health.from, texts.health.summary, texts.health.source]}
            rows={items.map(({ beganAt, summary, source }) => [dateTime(beganAt), summary, source])}
          />
        )}
      </Answer>
    </Panel>
  )
}

function Notifications({ notifications }: Pick<State, 'notifications'>) {
  const texts = useTexts()
  const { number } = useFormats()
  return (
    <Panel title={texts.health.notifications}>
      {notifications.length === 0 ? (
        <Empty text={texts.health.noNotifications} />
      ) : (
        <PlainTable
          label={texts.health.notifications}
          columns={[texts.health.channel, texts.health.state, texts.health.count]}
          rows={notifications.map(({ channel, state, count }) => [channel, state, number(count)])}
        />
      )}
    </Panel>
  )
}

function Outages() {
  const texts = useTexts()
  const { dateTime, duration } = useFormats()
  const query = useQuery(queryOf('GET /api/v1/outages', { query: { limit: outagesShown } }))
  return (
    <Panel title={texts.health.outages}>
      <p className="hint">{texts.health.outagesHint}</p>
      <Answer query={query} isEmpty={({ items }) => items.length === 0} empty={<Empty text={texts.health.noOutages} />}>
        {({ items }) => (
          <PlainTable
            label={texts.health.outages}
            columns={[texts.health.kind, texts.health.from, texts.health.lasted]}
            rows={items.map(({ kind, beganAt, endedAt }) => [
              texts.health[kind],
              dateTime(beganAt),
              duration(endedAt - beganAt),
            ])}
          />
        )}
      </Answer>
    </Panel>
  )
}

function EdgeFigures({ edge }: { readonly edge: State['edge'] }) {
  const texts = useTexts()
  const { number } = useFormats()
  if (!edge) return null
  // Those of the process itself are for Prometheus.
  const shown = Object.entries(edge).filter(([name]) => !name.startsWith('warmcity_edge_'))
  return (
    <Panel title={texts.health.edge}>
      <Facts
        facts={shown.map(([name, value]) => ({ label: name.replace('warmcity_', ''), value: number(value, 2) }))}
      />
    </Panel>
  )
}
