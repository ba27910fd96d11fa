import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import type { Signal } from '#domain/signal.ts'
import type { Answer as AnswerOf } from '../../api/client.ts'
import { listOf, queryOf } from '../../api/queries.ts'
import { DataTable } from '../../parts/data-table.tsx'
import { buildingMeanOf, historyOf, outdoorOf } from '../../parts/history.ts'
import { Name, PlaceLink, useName } from '../../parts/names.tsx'
import { Facts, Page, Panel } from '../../parts/page.tsx'
import { RangeChoice, useRange } from '../../parts/range.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { tierOfRule } from '../../parts/tier.tsx'
import { TimeChart } from '../../parts/time-chart.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { useFlagColumns } from '../flags/columns.tsx'
import { Ladder } from './ladder.tsx'
import { Now } from './now.tsx'
import { dwellingRoute } from './route.ts'
import { SeasonCalendar } from './season-calendar.tsx'

export type Dwelling = AnswerOf<'GET /api/v1/dwellings/{id}'>

/** Readings come without signals: what a home measured last is asked for again after this. */
const readingsAgainMs = 15_000

export function DwellingPage() {
  const { id } = dwellingRoute.useParams()
  const name = useName('dwelling', id)
  const concerns = ({ subject }: Signal) => subject === id
  const query = useQuery({
    ...queryOf('GET /api/v1/dwellings/{id}', { params: { id } }, { concerns }),
    refetchInterval: readingsAgainMs,
  })
  return (
    <Page title={name} above={query.data && <Ladder where={query.data.where} />}>
      <Answer query={query}>{(dwelling) => <DwellingContent dwelling={dwelling} />}</Answer>
    </Page>
  )
}

function DwellingContent({ dwelling }: { readonly dwelling: Dwelling }) {
  const texts = useTexts()
  const { id } = dwelling.dwelling
  const flags = useInfiniteQuery(
    listOf(
      'GET /api/v1/flags',
      { query: { subjectKind: 'dwelling', subject: id, state: 'all' } },
      { concerns: ({ subject }) => subject === id },
    ),
  )
  const columns = useFlagColumns().filter(({ key }) => !['kind', 'subject', 'firm'].includes(key))
  return (
    <>
      <div className="beside">
        <Now dwelling={dwelling} />
        <DwellingFacts dwelling={dwelling} />
      </div>
      <DwellingHistory dwelling={dwelling} />
      <Panel title={texts.place.calendar}>
        <SeasonCalendar id={id} />
      </Panel>
      <Panel title={texts.place.flags}>
        <DataTable
          label={texts.place.flags}
          columns={columns}
          query={flags}
          rowKey={({ key }) => key}
          empty={<Empty text={texts.place.noOpenFlags} />}
        />
      </Panel>
    </>
  )
}

function DwellingFacts({ dwelling: { building, period, where, devices } }: { readonly dwelling: Dwelling }) {
  const { place, position, contract, heating, app } = useTexts()
  const { quantity, number } = useFormats()
  return (
    <Panel title={place.facts}>
      <Facts
        facts={[
          { label: place.building, value: <PlaceLink kind="building" id={building.id} /> },
          { label: place.fedBy, value: period ? <PlaceLink kind="circuit" id={period.circuit} /> : app.none },
          { label: place.operator, value: where.firm === undefined ? app.none : <Name kind="firm" id={where.firm} /> },
          { label: place.contract, value: period ? contract[period.contract] : app.none },
          { label: place.area, value: period ? quantity(period.heated_area_m2, 'm²') : app.none },
          { label: place.floor, value: period ? number(period.floor) : app.none },
          { label: place.position, value: period ? position[period.position] : app.none },
          { label: place.heating, value: period ? heating[period.heating_type] : app.none },
          { label: place.device, value: devices.map(({ device }) => device).join(' ') || app.none },
        ]}
      />
    </Panel>
  )
}

function DwellingHistory({ dwelling: { dwelling, building, where } }: { readonly dwelling: Dwelling }) {
  const texts = useTexts()
  const { place } = texts
  const navigate = dwellingRoute.useNavigate()
  const { range: chosen } = dwellingRoute.useSearch()
  const range = useRange(chosen)
  const history = useQuery(historyOf({ kind: 'dwelling', id: dwelling.id }, 'indoor_temperature_c', range))
  const outdoor = useQuery(outdoorOf(where.territory[1], range))
  const neighbours = useQuery(buildingMeanOf(building.id, range))
  const policy = useQuery(queryOf('GET /api/v1/policy', {}))
  const flags = useQuery(
    queryOf('GET /api/v1/flags', {
      query: { subjectKind: 'dwelling', subject: dwelling.id, state: 'all', limit: 100 },
    }),
  )
  const name = useName('dwelling', dwelling.id)
  const target = policy.data?.season && policy.data.targetC
  return (
    <Panel
      title={place.history}
      extra={
        <RangeChoice value={chosen} onChange={(next) => void navigate({ search: { range: next }, replace: true })} />
      }
    >
      <Answer
        query={history}
        isEmpty={({ points, suspect, failed }) => points.length + suspect.length + failed.length === 0}
      >
        {({ points, suspect, failed }) => (
          <TimeChart
            label={place.historyOf(name)}
            from={range.from}
            to={range.to}
            series={[
              { name: place.indoor, unit: '°C', points, gapMs: 4 * range.intervalMs },
              ...(target === undefined ? [] : [flat(place.target, target, range)]),
              {
                name: place.buildingMean,
                unit: '°C',
                points: neighbours.data ?? [],
                colour: 2,
                gapMs: 4 * range.intervalMs,
              },
              {
                name: place.outdoor,
                unit: '°C',
                points: outdoor.data ?? [],
                axis: 'right',
                colour: 4,
                gapMs: 4 * range.intervalMs,
              },
            ]}
            marks={[
              { name: place.suspectMarks, unit: '°C', shape: 'triangle', points: suspect },
              { name: place.failedMarks, unit: '°C', shape: 'diamond', points: failed },
            ]}
            areas={(flags.data?.items ?? [])
              .filter(({ since, clearedAt }) => since < range.to && (clearedAt ?? range.to) > range.from)
              .map(({ rule, since, clearedAt }) => ({
                name: texts.rule[rule],
                from: since,
                to: clearedAt ?? range.to,
                tier: tierOfRule(rule),
              }))}
            height={320}
          />
        )}
      </Answer>
    </Panel>
  )
}

/** A line at one height over a whole range. */
const flat = (name: string, value: number, { from, to }: { readonly from: number; readonly to: number }) => ({
  name,
  unit: '°C',
  colour: 1,
  expected: true,
  points: [
    [from, value],
    [to, value],
  ] as const,
})
