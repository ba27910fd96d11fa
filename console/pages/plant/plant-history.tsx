import { useQueries, useQuery } from '@tanstack/react-query'
import { curveAt, emitterExponentOf } from '#domain/heating-curve.ts'
import { type MetricName, metrics } from '#domain/metric.ts'
import { queryOf } from '../../api/queries.ts'
import { historyOf, outdoorOf } from '../../parts/history.ts'
import { useName } from '../../parts/names.tsx'
import { Panel } from '../../parts/page.tsx'
import { RangeChoice, type ShownRange, useRange } from '../../parts/range.tsx'
import { Empty, Loading } from '../../parts/states.tsx'
import { TimeChart, type TimeSeries } from '../../parts/time-chart.tsx'
import { useTexts } from '../../settings/settings.tsx'
import { useFlagAreas } from '../flags/areas.ts'
import type { Plant } from './page.tsx'
import { usePlantPeriod } from './plant-facts.tsx'
import { plantRoute } from './route.ts'

/** What belongs into one picture: the same unit, or a cause beside its effect. */
const pictures = {
  temperatures: [
    'primary_supply_temperature_c',
    'primary_return_temperature_c',
    'secondary_supply_temperature_c',
    'secondary_return_temperature_c',
  ],
  pressures: [
    'primary_supply_pressure_mpa',
    'primary_return_pressure_mpa',
    'secondary_supply_pressure_mpa',
    'secondary_return_pressure_mpa',
  ],
  flows: ['primary_flow_m3h', 'secondary_flow_m3h', 'make_up_flow_m3h'],
  pumps: ['pump_frequency_hz', 'valve_opening_pct'],
} as const satisfies Record<string, readonly MetricName[]>

const pictureNames = Object.keys(pictures) as (keyof typeof pictures)[]

/** What the plant did: temperatures against what the weather asks for, pressures, flows, pumps. */
export function PlantHistory({ plant }: { readonly plant: Plant }) {
  const { place } = useTexts()
  const navigate = plantRoute.useNavigate()
  const { range: chosen } = plantRoute.useSearch()
  const range = useRange(chosen)
  const measured = new Set(plant.devices.flatMap(({ latest }) => latest.map(({ metric }) => metric)))
  const shown = pictureNames.filter((name) => pictures[name].some((metric) => measured.has(metric)))
  return (
    <Panel
      title={place.history}
      extra={
        <RangeChoice value={chosen} onChange={(next) => void navigate({ search: { range: next }, replace: true })} />
      }
    >
      {shown.length === 0 ? (
        <Empty text={place.noSensors} />
      ) : (
        <div className="pictures">
          {shown.map((name) => (
            <section key={name}>
              <h3 className="sub">{place[name]}</h3>
              <Picture
                plant={plant}
                name={name}
                range={range}
                metricNames={pictures[name].filter((metric) => measured.has(metric))}
              />
            </section>
          ))}
        </div>
      )}
    </Panel>
  )
}

interface PictureProps {
  readonly plant: Plant
  readonly name: keyof typeof pictures
  readonly range: ShownRange
  readonly metricNames: readonly MetricName[]
}

function Picture({ plant, name, range, metricNames }: PictureProps) {
  const texts = useTexts()
  const title = useName(plant.kind, plant.id)
  const histories = useQueries({
    queries: metricNames.map((metric) => historyOf({ kind: plant.kind, id: plant.id }, metric, range)),
  })
  const expected = useExpected(plant, range, name === 'temperatures')
  const areas = useFlagAreas(plant.kind, plant.id, range)
  if (histories.some(({ data }) => data === undefined)) return <Loading />
  const gapMs = 4 * range.intervalMs
  const series = metricNames.map((metric, index): TimeSeries => {
    const unit = metrics[metric].unit
    const right = name === 'pumps' && index > 0
    return {
      name: texts.metric[metric],
      unit,
      points: histories[index]?.data?.points ?? [],
      gapMs,
      ...(right && { axis: 'right' }),
    }
  })
  return (
    <TimeChart
      label={`${texts.place.historyOf(title)}: ${texts.place[name]}`}
      from={range.from}
      to={range.to}
      series={[...series, ...expected]}
      areas={areas}
      height={260}
    />
  )
}

/** Outdoor temperature, and the supply temperature that the heating curve asks for at it. */
function useExpected(plant: Plant, range: ShownRange, wanted: boolean): readonly TimeSeries[] {
  const { place } = useTexts()
  const outdoor = useQuery(outdoorOf(wanted ? plant.where.territory[1] : undefined, range))
  const policy = useQuery(queryOf('GET /api/v1/policy', {}))
  const period = usePlantPeriod(plant.kind, plant.id)
  const points = outdoor.data ?? []
  if (!wanted || points.length === 0) return []
  const gapMs = 4 * range.intervalMs
  const weather: TimeSeries = { name: place.outdoor, unit: '°C', points, colour: 4, axis: 'right', gapMs }
  const { design_supply_c: designSupplyC, design_return_c: designReturnC } = period ?? {}
  if (plant.kind === 'substation' || !policy.data || designSupplyC === undefined || designReturnC === undefined) {
    return [weather]
  }
  const curve = {
    designSupplyC,
    designReturnC,
    designOutdoorC: policy.data.designOutdoorC,
    indoorC: policy.data.curveIndoorC,
    emitterExponent: emitterExponentOf(designSupplyC),
  }
  const asked: TimeSeries = {
    name: place.curve,
    unit: '°C',
    expected: true,
    colour: 5,
    gapMs,
    points: points.map(([at, outdoorC]) => [at, curveAt(curve, outdoorC).supplyC] as const),
  }
  return [asked, weather]
}
