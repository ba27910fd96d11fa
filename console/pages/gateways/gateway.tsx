import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Answer as AnswerOf } from '../../api/client.ts'
import { type Item, listOf, queryOf } from '../../api/queries.ts'
import { type Column, DataTable, VirtualRows } from '../../parts/data-table.tsx'
import { Name } from '../../parts/names.tsx'
import { Facts, Page, Panel } from '../../parts/page.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { GatewayIdentity } from './identity.tsx'
import { gatewayRoute } from './route.ts'

type Gateway = AnswerOf<'GET /api/v1/gateways/{id}'>
type PresenceChange = Gateway['presenceChanges'][number]
type Refusal = Item<'GET /api/v1/refusals'>

const lookEveryMs = 10_000

/** One gateway: whether it is there, with which secret, and what was refused. */
export function GatewayPage() {
  const texts = useTexts()
  const { id } = gatewayRoute.useParams()
  const query = useQuery({
    ...queryOf('GET /api/v1/gateways/{id}', { params: { id } }),
    refetchInterval: lookEveryMs,
  })
  return (
    <Page
      title={id}
      above={<Link to="/gateways">{texts.gateway.title}</Link>}
      actions={
        <Link to="/quarantine" search={{ gateway: id }}>
          {texts.gateway.toQuarantine}
        </Link>
      }
    >
      <Answer query={query}>
        {(gateway) => (
          <>
            <State gateway={gateway} />
            <GatewayIdentity gateway={gateway} />
            <Presence changes={gateway.presenceChanges} />
            <Refusals gateway={id} />
          </>
        )}
      </Answer>
    </Page>
  )
}

function State({ gateway: { name, territory, presence, refusedTotal } }: { readonly gateway: Gateway }) {
  const texts = useTexts()
  const { number, dateTime } = useFormats()
  const seen = presence && `${texts.gateway[presence.state]} · ${dateTime(presence.at)}`
  return (
    <Panel title={texts.gateway.record}>
      <Facts
        facts={[
          { label: texts.registryColumn.name, value: name ?? texts.app.none },
          {
            label: texts.gateway.territory,
            value: territory === undefined ? texts.app.none : <Name kind="territory" id={territory} />,
          },
          { label: texts.gateway.presence, value: seen ?? texts.gateway.neverSeen },
          { label: texts.gateway.refused, value: number(refusedTotal) },
        ]}
      />
    </Panel>
  )
}

function Presence({ changes }: { readonly changes: readonly PresenceChange[] }) {
  const texts = useTexts()
  const { dateTime } = useFormats()
  const columns: Column<PresenceChange>[] = [
    { key: 'at', title: texts.gateway.at, cell: ({ at }) => dateTime(at) },
    { key: 'state', title: texts.gateway.presence, cell: ({ state }) => texts.gateway[state] },
    { key: 'address', title: texts.gateway.address, cell: ({ address }) => address },
    { key: 'cause', title: texts.gateway.cause, cell: ({ cause }) => cause },
  ]
  return (
    <Panel title={texts.gateway.changes}>
      {changes.length === 0 ? (
        <Empty text={texts.gateway.noChanges} />
      ) : (
        <VirtualRows
          label={texts.gateway.changes}
          columns={columns}
          rows={changes}
          rowKey={({ at, state, address }) => `${at} ${state} ${address}`}
        />
      )}
    </Panel>
  )
}

function Refusals({ gateway }: { readonly gateway: string }) {
  const texts = useTexts()
  const { dateTime } = useFormats()
  const query = useInfiniteQuery(listOf('GET /api/v1/refusals', { query: { gateway } }))
  const columns: Column<Refusal>[] = [
    { key: 'at', title: texts.gateway.at, cell: ({ at }) => dateTime(at) },
    { key: 'action', title: texts.gateway.action, width: '8rem', cell: ({ action }) => texts.gateway[action] },
    { key: 'topic', title: texts.gateway.topic, cell: ({ topic }) => topic ?? texts.app.none },
    { key: 'reason', title: texts.gateway.reason, cell: ({ reason }) => reason },
    { key: 'address', title: texts.gateway.address, cell: ({ address }) => address },
  ]
  return (
    <Panel title={texts.gateway.refusals}>
      <DataTable
        label={texts.gateway.refusals}
        columns={columns}
        query={query}
        rowKey={({ at, action, topic = '', reason }) => `${at} ${action} ${topic} ${reason}`}
        empty={<Empty text={texts.gateway.noRefusals} />}
      />
    </Panel>
  )
}
