import { Segmented } from 'antd'
import { useCityNow } from '../../live/city-clock.tsx'
import { Page, Panel } from '../../parts/page.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { HeatMap } from './heat-map.tsx'
import { KeyFigures } from './key-figures.tsx'
import { LastHour } from './last-hour.tsx'
import { type Overview, useOverview } from './overview.ts'
import { cityRoute, type Grouping } from './route.ts'
import { Worst } from './worst.tsx'

/** The whole city at a glance: key figures, where it is cold, and what just changed. */
export function CityPage() {
  const { city } = useTexts()
  const query = useOverview()
  return (
    <Page title={city.title} actions={query.data && <AsOf overview={query.data} />}>
      <KeyFigures overview={query.data} />
      <div className="city">
        <div className="city-map">
          <CityMap query={query} />
        </div>
        <div className="city-aside">
          <LastHour />
          {query.data && <Worst overview={query.data} />}
        </div>
      </div>
    </Page>
  )
}

function CityMap({ query }: { readonly query: ReturnType<typeof useOverview> }) {
  const { city } = useTexts()
  const { by = 'district' } = cityRoute.useSearch()
  const navigate = cityRoute.useNavigate()
  const choices: readonly { value: Grouping; label: string }[] = [
    { value: 'district', label: city.byDistrict },
    { value: 'firm', label: city.byFirm },
    { value: 'source', label: city.bySource },
  ]
  return (
    <Panel
      title={city.map}
      extra={
        <Segmented
          aria-label={city.groupBy}
          value={by}
          options={[...choices]}
          onChange={(next) => void navigate({ search: { by: next }, replace: true })}
        />
      }
    >
      <Answer
        query={query}
        isEmpty={({ at }) => at === undefined}
        empty={<Empty text={city.noOverview} hint={city.noOverviewHint} />}
        rows={10}
      >
        {(overview) => (
          <>
            <p className="soft map-hint">{city.mapHint}</p>
            <HeatMap overview={overview} by={by} />
          </>
        )}
      </Answer>
    </Panel>
  )
}

/** How old the figures are, in the city's own time. */
function AsOf({ overview: { at, periodMs } }: { readonly overview: Overview }) {
  const { city } = useTexts()
  const { time, duration } = useFormats()
  const now = useCityNow()
  if (at === undefined) return null
  const until = at + periodMs
  return <span className="soft">{city.asOf(time(until).slice(0, 5), duration(now - until))}</span>
}
