import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button, Drawer } from 'antd'
import { type ReactNode, useState } from 'react'
import type { Answer as AnswerOf, Schemas } from '../../api/client.ts'
import { queryOf } from '../../api/queries.ts'
import { Facts, Page, Panel } from '../../parts/page.tsx'
import { PlainTable } from '../../parts/plain-table.tsx'
import { Answer } from '../../parts/states.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { ItemEvidence, PlaceDays } from './evidence.tsx'
import { type Method, type MethodItem, useMethods } from './method.ts'
import { rankedFirmRoute } from './route.ts'
import { Marks, Points, ScoreBar, Standing } from './standing.tsx'

type Item = Schemas['RankingItem']
type Unfolded = AnswerOf<'GET /api/v1/rankings/{id}/firms/{firm}'>

/** One firm's points, unfolded to items, and from there to the days and buildings behind them. */
export function RankedFirmPage() {
  const texts = useTexts()
  const { id, firm } = rankedFirmRoute.useParams()
  const { find, firmOf } = useMethods()
  const query = useQuery(queryOf('GET /api/v1/rankings/{id}/firms/{firm}', { params: { id, firm } }))
  const list = query.data?.list
  const method = list && find(list.method, list.methodVersion)
  return (
    <Page
      title={query.data ? firmOf(query.data.firm) : firm}
      above={
        <Link to="/rankings/$id" params={{ id }}>
          {texts.ranking.title}
        </Link>
      }
    >
      <Answer query={query}>
        {(unfolded) => (
          <>
            <Summary unfolded={unfolded} method={method} />
            <Items items={unfolded.items} method={method} />
            <Panel title={texts.ranking.evidence}>
              <PlaceDays label={texts.ranking.evidence} places={unfolded.evidence} />
            </Panel>
          </>
        )}
      </Answer>
    </Page>
  )
}

interface SummaryProps {
  readonly unfolded: Unfolded
  readonly method: Method | undefined
}

function Summary({ unfolded, method }: SummaryProps) {
  const texts = useTexts()
  const { number, percent } = useFormats()
  const { vetoName } = useMethods()
  const { firm, outage } = unfolded
  const facts: { label: string; value: ReactNode }[] = [
    { label: texts.ranking.standing, value: <Standing standing={firm.standing} /> },
    { label: texts.ranking.rank, value: firm.rank ?? texts.app.none },
    { label: texts.ranking.points, value: <Points firm={firm} /> },
    { label: texts.ranking.scaled, value: <ScoreBar firm={firm} /> },
    { label: texts.ranking.assessed, value: percent(firm.assessedShare, 0) },
    {
      label: texts.ranking.excluded,
      value: firm.excludedShare === undefined ? texts.app.none : percent(firm.excludedShare, 1),
    },
    { label: texts.ranking.days, value: number(unfolded.days) },
    { label: texts.ranking.probes, value: number(unfolded.probes) },
    { label: texts.ranking.homes, value: number(unfolded.connectedHomes) },
    { label: texts.ranking.area, value: number(unfolded.heatedAreaM2) },
  ]
  if (outage) {
    facts.push(
      { label: texts.ranking.saidi, value: number(outage.saidiHours, 2) },
      { label: texts.ranking.saifi, value: number(outage.saifi, 3) },
      { label: texts.ranking.over8h, value: number(outage.interruptionsOver8h) },
      { label: texts.ranking.over48h, value: number(outage.interruptionsOver48h) },
    )
  }
  return (
    <Panel title={texts.ranking.facts}>
      <Facts facts={facts} />
      <Marks firm={firm} nameOfVeto={vetoName(method)} />
    </Panel>
  )
}

interface ItemsProps {
  readonly items: Unfolded['items']
  readonly method: Method | undefined
}

function Items({ items, method }: ItemsProps) {
  const texts = useTexts()
  const { number, percent } = useFormats()
  const { nameOf } = useMethods()
  const [shown, setShown] = useState<Item>()
  const sourceText = ({ source }: MethodItem): string =>
    source.kind === 'published' ? nameOf(source.where) : texts.ranking.sourceOurs(nameOf(source.why))
  const rows = items.map((item) => {
    const described = method?.dimensions.flatMap(({ items: all }) => all).find(({ id }) => id === item.item)
    const isShare = item.measure.endsWith('Share') || item.measure === 'shareAtTarget'
    return [
      nameOf(item.dimensionName),
      nameOf(item.name),
      item.value === undefined ? texts.app.none : isShare ? percent(item.value, 1) : number(item.value, 2),
      item.score === undefined
        ? texts.ranking.notAssessed
        : texts.ranking.pointsOf(number(item.score, 1), number(item.points)),
      <Button
        key={item.item}
        type="link"
        size="small"
        aria-label={texts.ranking.evidenceOf(nameOf(item.name))}
        onClick={() => setShown(item)}
      >
        {texts.ranking.showEvidence}
      </Button>,
      described ? sourceText(described) : '',
    ]
  })
  return (
    <Panel title={texts.ranking.unfold}>
      <PlainTable
        label={texts.ranking.unfold}
        columns={[
          texts.ranking.dimension,
          texts.ranking.item,
          texts.ranking.value,
          texts.ranking.points,
          texts.ranking.showEvidence,
          texts.ranking.source,
        ]}
        rows={rows}
      />
      {shown && (
        <Drawer
          open
          size="large"
          title={texts.ranking.evidenceOf(nameOf(shown.name))}
          onClose={() => setShown(undefined)}
        >
          <ItemEvidence item={shown.item} />
        </Drawer>
      )}
    </Panel>
  )
}
