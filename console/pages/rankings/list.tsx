import { DownloadOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Alert, Button, Dropdown } from 'antd'
import { addressOf, type Schemas } from '../../api/client.ts'
import { queryOf } from '../../api/queries.ts'
import { Choice } from '../../parts/filters.tsx'
import { Facts, Page, Panel } from '../../parts/page.tsx'
import { PlainTable } from '../../parts/plain-table.tsx'
import { Answer } from '../../parts/states.tsx'
import { useMay } from '../../session/session.ts'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { Digest } from './digest.tsx'
import { useMethods } from './method.ts'
import { Objections } from './objections.tsx'
import { comparedWith, rankingRoute } from './route.ts'
import { Marks, Points, ScoreBar, Standing, stateText } from './standing.tsx'
import { StateActions } from './state-actions.tsx'
import { Vetoes } from './vetoes.tsx'

type List = Schemas['RankingList']
type Firm = Schemas['RankedFirm']

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

interface FirmsProps {
  readonly list: List
  readonly firms: readonly Firm[]
}

function Firms({ list, firms }: FirmsProps) {
  const texts = useTexts()
  const { number, percent } = useFormats()
  const { find, vetoName, firmOf } = useMethods()
  const nameOfVeto = vetoName(find(list.method, list.methodVersion))
  const { compare } = rankingRoute.useSearch()
  const comparison = useQuery(
    queryOf('GET /api/v1/rankings/{id}/comparison', { params: { id: list.id } }, { enabled: compare !== undefined }),
  ).data
  const before = compare !== undefined && comparison?.[compare] !== undefined
  const columns = [
    texts.ranking.rank,
    texts.ranking.firm,
    texts.ranking.standing,
    texts.ranking.points,
    texts.ranking.scaled,
    texts.ranking.assessed,
    texts.ranking.excluded,
    ...(before ? [texts.ranking.before, texts.ranking.change] : []),
    texts.ranking.marks,
  ]
  return (
    <Panel title={texts.ranking.title} extra={<CompareWith compare={compare} />}>
      {firms.some(({ standing }) => standing === 'interim') && (
        <Alert type="info" showIcon title={texts.ranking.interimHint} />
      )}
      <PlainTable
        label={texts.ranking.title}
        columns={columns}
        rows={firms.map((firm) => [
          firm.rank ?? texts.app.none,
          <Link key="firm" to="/rankings/$id/firms/$firm" params={{ id: list.id, firm: firm.firm }}>
            {firmOf(firm)}
          </Link>,
          <Standing key="standing" standing={firm.standing} />,
          <Points key="points" firm={firm} />,
          <ScoreBar key="scaled" firm={firm} />,
          percent(firm.assessedShare, 0),
          firm.excludedShare === undefined ? texts.app.none : percent(firm.excludedShare, 1),
          ...(before ? changes(firm.firm, comparison, compare, texts.ranking.newFirm, number) : []),
          <Marks key="marks" firm={firm} nameOfVeto={nameOfVeto} />,
        ])}
      />
    </Panel>
  )
}

type Comparison = Schemas['RankingComparison']
type Compared = 'lastBatch' | 'lastSeason'

function changes(
  firm: string,
  { firms }: Comparison,
  compared: Compared,
  newFirm: string,
  number: (value: number, digits?: number) => string,
): string[] {
  const before = firms.find((other) => other.firm === firm)?.[compared]
  if (!before) return [newFirm, '']
  const { rank, scaledChange: change } = before
  const sign = change !== undefined && change > 0 ? '+' : ''
  return [rank === undefined ? '' : number(rank), change === undefined ? '' : `${sign}${number(change, 1)}`]
}

function CompareWith({ compare }: { readonly compare: Compared | undefined }) {
  const texts = useTexts()
  const navigate = rankingRoute.useNavigate()
  return (
    <Choice
      label={texts.ranking.compare}
      value={compare}
      unset={texts.app.none}
      options={comparedWith.map((value) => ({ value, label: texts.ranking[value] }))}
      onChange={(next) => void navigate({ search: next ? { compare: next } : {} })}
    />
  )
}
