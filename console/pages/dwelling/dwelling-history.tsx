import { useQuery } from '@tanstack/react-query'
import { queryOf } from '../../api/queries.ts'
import { buildingMeanOf, historyOf, outdoorOf } from '../../parts/history.ts'
import { useName } from '../../parts/names.tsx'
import { Panel } from '../../parts/page.tsx'
import { RangeChoice, useRange } from '../../parts/range.tsx'
import { Answer } from '../../parts/states.tsx'
import { TimeChart } from '../../parts/time-chart.tsx'
import { useTexts } from '../../settings/settings.tsx'
import { useFlagAreas } from '../flags/areas.ts'
import type { Dwelling } from './page.tsx'
import { dwellingRoute } from './route.ts'

/** How warm a home was, beside its target, its building and the weather. */
export function DwellingHistory({ dwelling: { dwelling, building, where } }: { readonly dwelling: Dwelling }) {
  const { place } = useTexts()
  const navigate = dwellingRoute.useNavigate()
  const { range: chosen } = dwellingRoute.useSearch()
  const range = useRange(chosen)
  const history = useQuery(historyOf({ kind: 'dwelling', id: dwelling.id }, 'indoor_temperature_c', range))
  const outdoor = useQuery(outdoorOf(where.territory[1], range))
  const neighbours = useQuery(buildingMeanOf(building.id, range))
  const policy = useQuery(queryOf('GET /api/v1/policy', {}))
  const areas = useFlagAreas('dwelling', dwelling.id, range)
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
            areas={areas}
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
