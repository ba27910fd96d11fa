import { DownloadOutlined } from '@ant-design/icons'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Alert, Button } from 'antd'
import { addressOf, type Schemas } from '../../api/client.ts'
import { listOf, queryOf } from '../../api/queries.ts'
import { Choice } from '../../parts/filters.tsx'
import { Facts, Page, Panel } from '../../parts/page.tsx'
import { PlainTable } from '../../parts/plain-table.tsx'
import { Answer } from '../../parts/states.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { useMethods } from './method.ts'
import { Objections } from './objections.tsx'
import { rankingRoute } from './route.ts'
import { Marks, ScoreBar, Standing, stateText } from './standing.tsx'
import { StateActions } from './state-actions.tsx'

type List = Schemas['RankingList']
type Firm = Schemas['RankedFirm']

/** One list: its firms in order, what it rests on, and what may be done with it next. */
export function RankingPage() {
  const texts = useTexts()
  const { day } = useFormats()
  const { id } = rankingRoute.useParams()
  const query = useQuery(queryOf('GET /api/v1/rankings/{id}', { params: { id } }))
  const { data } = query
  return (
    <Page
      title={data ? texts.ranking.periodText(day(data.list.from), day(data.list.to)) : texts.ranking.title}
      above={<Link to="/rankings">{texts.ranking.title}</Link>}
      actions={
        <>
          <Button icon={<DownloadOutlined />} href={addressOf('GET /api/v1/rankings/{id}/csv', { params: { id } })}>
            {texts.ranking.exportCsv}
          </Button>
          {data && <StateActions list={data.list} />}
        </>
      }
    >
      <Answer query={query}>
        {({ list, firms }) => (
          <>
            <About list={list} />
            <Firms list={list} firms={firms} />
            {list.state !== 'draft' && <Objections list={list} firms={firms} />}
          </>
        )}
      </Answer>
    </Page>
  )
}

function About({ list }: { readonly list: List }) {
  const texts = useTexts()
  const { dateTime, number } = useFormats()
  const { find, nameOf } = useMethods()
  const method = find(list.method, list.methodVersion)
  const facts = [
    { label: texts.ranking.territory, value: list.territory },
    { label: texts.ranking.state, value: stateText(list.state, texts) },
    {
      label: texts.ranking.method,
      value: texts.ranking.methodText(method ? nameOf(method) : list.method, number(list.methodVersion)),
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
          <p className="digest">{`${texts.ranking.digest}: ${list.digest}`}</p>
          <p className="hint">{texts.ranking.digestHint}</p>
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
  const { find, vetoName } = useMethods()
  const nameOfVeto = vetoName(find(list.method, list.methodVersion))
  const { compare } = rankingRoute.useSearch()
  const before = useQuery(
    queryOf('GET /api/v1/rankings/{id}', { params: { id: compare ?? '' } }, { enabled: compare !== undefined }),
  ).data
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
    <Panel title={texts.ranking.title} extra={<CompareWith list={list} compare={compare} />}>
      {firms.some(({ standing }) => standing === 'interim') && (
        <Alert type="info" showIcon title={texts.ranking.interimHint} />
      )}
      <PlainTable
        label={texts.ranking.title}
        columns={columns}
        rows={firms.map((firm) => [
          firm.rank ?? texts.app.none,
          <Link key="firm" to="/rankings/$id/firms/$firm" params={{ id: list.id, firm: firm.firm }}>
            {firm.name ?? firm.firm}
          </Link>,
          <Standing key="standing" standing={firm.standing} />,
          texts.ranking.pointsOf(number(firm.score, 1), number(firm.assessedPoints)),
          <ScoreBar key="scaled" firm={firm} />,
          percent(firm.assessedShare, 0),
          percent(firm.excludedShare, 1),
          ...(before ? changes(firm, before.firms, texts.ranking.newFirm, number) : []),
          <Marks key="marks" firm={firm} nameOfVeto={nameOfVeto} />,
        ])}
      />
    </Panel>
  )
}

function changes(
  { firm, scaled }: Firm,
  firmsBefore: readonly Firm[],
  newFirm: string,
  number: (value: number, digits?: number) => string,
): string[] {
  const before = firmsBefore.find((other) => other.firm === firm)
  if (!before) return [newFirm, '']
  const change = scaled === undefined || before.scaled === undefined ? undefined : scaled - before.scaled
  const sign = change !== undefined && change > 0 ? '+' : ''
  return [String(before.rank ?? ''), change === undefined ? '' : `${sign}${number(change, 1)}`]
}

/** Lists with which one is compared: as far back as anybody remembers. */
const comparedMax = 50

function CompareWith({ list, compare }: { readonly list: List; readonly compare: string | undefined }) {
  const texts = useTexts()
  const { day } = useFormats()
  const navigate = rankingRoute.useNavigate()
  const { data } = useInfiniteQuery(listOf('GET /api/v1/rankings', {}))
  const others = (data?.pages.flatMap(({ items }) => items) ?? [])
    .filter(({ id, territory }) => id !== list.id && territory === list.territory)
    .slice(0, comparedMax)
  if (others.length === 0) return null
  return (
    <Choice
      label={texts.ranking.compare}
      value={compare}
      options={others.map(({ id, from, to, state }) => ({
        value: id,
        label: `${texts.ranking.periodText(day(from), day(to))} · ${stateText(state, texts)}`,
      }))}
      onChange={(next) => void navigate({ search: next ? { compare: next } : {} })}
    />
  )
}
