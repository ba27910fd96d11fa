import { useQuery } from '@tanstack/react-query'
import type { Answer as AnswerOf } from '../../api/client.ts'
import { queryOf } from '../../api/queries.ts'
import { PlaceLink, useName } from '../../parts/names.tsx'
import { Facts, Page, Panel } from '../../parts/page.tsx'
import { Answer } from '../../parts/states.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { Ladder } from '../dwelling/ladder.tsx'
import { FlagsPanel } from '../flags/panel.tsx'
import { Facade } from './facade.tsx'
import { buildingRoute } from './route.ts'

export type Homes = AnswerOf<'GET /api/v1/buildings/{id}/homes'>
export type Home = Homes['entrances'][number]['homes'][number]

/** Readings come without signals: what homes measured last is asked for again after this. */
const readingsAgainMs = 30_000

/** A building: each home at its place, how warm it is, and what is wrong. */
export function BuildingPage() {
  const { id } = buildingRoute.useParams()
  const name = useName('building', id)
  const registered = useQuery(queryOf('GET /api/v1/registry/building/{id}', { params: { id } }))
  const query = useQuery({
    ...queryOf(
      'GET /api/v1/buildings/{id}/homes',
      { params: { id } },
      { concerns: ({ payload }) => payload.building === id },
    ),
    refetchInterval: readingsAgainMs,
  })
  return (
    <Page title={name} above={registered.data?.where && <Ladder where={registered.data.where} />}>
      <Answer query={query}>{(homes) => <BuildingContent homes={homes} />}</Answer>
    </Page>
  )
}

function BuildingContent({ homes }: { readonly homes: Homes }) {
  const { place } = useTexts()
  const { id } = homes.building
  return (
    <>
      <div className="beside wide">
        <Panel title={place.facade}>
          <Facade homes={homes} />
        </Panel>
        <BuildingFacts homes={homes} />
      </div>
      <FlagsPanel
        title={place.flags}
        wanted={{ building: id, state: 'all' }}
        concerns={({ payload }) => payload.building === id}
        without={['firm']}
      />
    </>
  )
}

function BuildingFacts({ homes: { building, entrances } }: { readonly homes: Homes }) {
  const { place, app } = useTexts()
  const { number, temperature } = useFormats()
  const all = entrances.flatMap(({ homes }) => homes)
  const measured = all.flatMap(({ coldest }) => (coldest ? [coldest.value] : []))
  const mean = measured.reduce((sum, value) => sum + value, 0) / measured.length
  const circuits = [...new Set(all.flatMap(({ circuit }) => (circuit === undefined ? [] : [circuit])))]
  return (
    <Panel title={place.facts}>
      <Facts
        facts={[
          { label: place.homes, value: number(all.length) },
          { label: place.homesMeasured, value: number(measured.length) },
          { label: place.homesBelow, value: number(all.filter(({ rules }) => rules.includes('belowTarget')).length) },
          { label: place.buildingMean, value: measured.length > 0 ? temperature(mean) : app.none },
          { label: place.floors, value: number(building.floors) },
          { label: place.built, value: building.built_year === undefined ? app.none : String(building.built_year) },
          {
            label: place.fedBy,
            value: (
              <ul>
                {circuits.map((circuit) => (
                  <li key={circuit}>
                    <PlaceLink kind="circuit" id={circuit} />
                  </li>
                ))}
              </ul>
            ),
          },
        ]}
      />
    </Panel>
  )
}
