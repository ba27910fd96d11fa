import { type MetricName, metrics } from '#domain/metric.ts'
import { useCityNow } from '../../live/city-clock.tsx'
import { Panel } from '../../parts/page.tsx'
import { Empty } from '../../parts/states.tsx'
import { TierBadge } from '../../parts/tier.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import type { Plant } from './page.tsx'

type Latest = Plant['devices'][number]['latest'][number]

const isBit = (metric: MetricName) => metric.startsWith('alarm_')
const isState = (metric: MetricName) => 'binary' in metrics[metric]

/** What the plant's sensors said last, and the alarm bits that are set. */
export function Measured({ plant: { devices } }: { readonly plant: Plant }) {
  const { place, metric: names } = useTexts()
  const values = devices.flatMap(({ latest }) => latest)
  const shown = values.filter(({ metric }) => !isBit(metric))
  const set = values.filter(({ metric, value }) => isBit(metric) && value === 1)
  return (
    <Panel title={place.measured}>
      {shown.length === 0 ? (
        <Empty text={place.noSensors} />
      ) : (
        <dl className="facts">
          {shown.map((value) => (
            <div key={value.metric}>
              <dt>{names[value.metric]}</dt>
              <Value {...value} />
            </div>
          ))}
        </dl>
      )}
      <h3 className="sub">{place.stationAlarms}</h3>
      <div className="badges">
        {set.length === 0 ? (
          <span className="soft">{place.noStationAlarms}</span>
        ) : (
          set.map(({ metric }) => <TierBadge key={metric} tier="warning" text={names[metric]} />)
        )}
      </div>
    </Panel>
  )
}

function Value({ metric, unit, at, value, quality }: Latest) {
  const { place, app, quality: qualities } = useTexts()
  const { quantity, duration } = useFormats()
  const now = useCityNow(5_000)
  const text = isState(metric) ? (value === 1 ? place.running : place.standing) : quantity(value, unit)
  const doubt = quality === 'good' || quality === 'unknown' ? [] : [qualities[quality]]
  return (
    <dd>
      <strong className="number">{text}</strong>
      <small className="soft block">{[app.ago(duration(now - at)), ...doubt].join(' · ')}</small>
    </dd>
  )
}
