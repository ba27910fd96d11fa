import { DownloadOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button, Dropdown } from 'antd'
import { addressOf, type Schemas } from '../../api/client.ts'
import { queryOf } from '../../api/queries.ts'
import { Facts, Page, Panel } from '../../parts/page.tsx'
import { Answer } from '../../parts/states.tsx'
import { useMay } from '../../session/session.ts'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { Digest } from './digest.tsx'
import { Firms } from './firms.tsx'
import { useMethods } from './method.ts'
import { Objections } from './objections.tsx'
import { rankingRoute } from './route.ts'
import { stateText } from './standing.tsx'
import { StateActions } from './state-actions.tsx'
import { Vetoes } from './vetoes.tsx'

type List = Schemas['RankingList']

/** One list: its firms in order, what it rests on, and what may be done with it next. */
export function RankingPage() {
  const texts = useTexts()
  const { day } = useFormats()
  const { id } = rankingRoute.useParams()
  const query = useQuery(queryOf('GET /api/v1/rankings/{id}', { params: { id } }))
  const mayClaim = useMay('ranking.claim')
  const maySeeVetoes = useMay('ranking.publish')
  const { data } = query
  return (
    <Page
      title={data ? texts.ranking.periodText(day(data.list.from), day(data.list.to)) : texts.ranking.title}
      above={<Link to="/rankings">{texts.ranking.title}</Link>}
      actions={
        <>
          {data && mayClaim && (
            <Link to="/exclusions" search={{ from: data.list.from, to: data.list.to }}>
              {texts.ranking.exclusions}
            </Link>
          )}
          <Export id={id} />
          {data && <StateActions list={data.list} />}
        </>
      }
    >
      <Answer query={query}>
        {({ list, firms }) => (
          <>
            <About list={list} />
            <Firms list={list} firms={firms} />
            {maySeeVetoes && <Vetoes list={list} firms={firms} />}
            {mayClaim && list.state !== 'draft' && <Objections list={list} firms={firms} />}
          </>
        )}
      </Answer>
    </Page>
  )
}

const exportFormats = ['csv', 'xlsx', 'json'] as const

function Export({ id }: { readonly id: string }) {
  const texts = useTexts()
  const items = exportFormats.map((format) => ({
    key: format,
    label: <a href={addressOf(`GET /api/v1/rankings/{id}/${format}`, { params: { id } })}>{format.toUpperCase()}</a>,
  }))
  return (
    <Dropdown trigger={['click']} menu={{ items }}>
      <Button icon={<DownloadOutlined />}>{texts.app.export}</Button>
    </Dropdown>
  )
}

function About({ list }: { readonly list: List }) {
  const texts = useTexts()
  const { dateTime, number } = useFormats()
  const { find, nameOf, territoryOf } = useMethods()
  const method = find(list.method, list.methodVersion)
  const facts = [
    { label: texts.ranking.territory, value: territoryOf(list) },
    { label: texts.ranking.state, value: stateText(list.state, texts) },
    {
      label: texts.ranking.method,
      value: texts.ranking.methodText(method ? nameOf(method.name) : list.method, number(list.methodVersion)),
    },
    { label: texts.ranking.drafted, value: `${dateTime(list.draftedAt)} · ${list.draftedBy}` },
  ]
  if (list.objectionsUntil !== undefined) {
    facts.push({ label: texts.ranking.objectionsUntil, value: dateTime(list.objectionsUntil) })
  }
  if (list.publishedAt !== undefined) {
    facts.push({ label: texts.ranking.published, value: `${dateTime(list.publishedAt)} · ${list.publishedBy ?? ''}` })
  }
  return (
    <Panel title={texts.ranking.facts}>
      <Facts facts={facts} />
      {list.digest !== undefined && (
        <>
          <Digest
            digest={list.digest}
            recordAddress={addressOf('GET /api/v1/rankings/{id}/record', { params: { id: list.id } })}
          />
          <p className="hint">{texts.ranking.storesHint}</p>
        </>
      )}
    </Panel>
  )
}
