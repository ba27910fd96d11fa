import { useQuery } from '@tanstack/react-query'
import { queryOf } from '../../api/queries.ts'
import { useCityNow } from '../../live/city-clock.tsx'
import { Panel } from '../../parts/page.tsx'
import { Empty } from '../../parts/states.tsx'
import { RuleBadge } from '../../parts/tier.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import type { Dwelling } from './page.tsx'

/** What the home's probes said last, against what it must have, and what is wrong. */
export function Now({ dwelling: { devices, flags, period } }: { readonly dwelling: Dwelling }) {
  const { place } = useTexts()
  const { temperature } = useFormats()
  const policy = useQuery(queryOf('GET /api/v1/policy', {}))
  const isHeated = period?.contract === 'heated'
  const target = isHeated && policy.data?.season ? policy.data.targetC : undefined
  const rooms = devices.flatMap(({ device, latest }) =>
    latest
      .filter(({ metric }) => metric === 'indoor_temperature_c')
      .map(({ at, value, quality }) => ({ device, at, value, quality })),
  )
  return (
    <Panel
      title={place.nowMeasured}
      extra={
        <span className="soft">{target === undefined ? place.noTarget : place.targetOf(temperature(target))}</span>
      }
    >
      {rooms.length === 0 ? (
        <Empty text={place.noReading} />
      ) : (
        <ul className="rooms">
          {rooms.map((room) => (
            <Room key={room.device} {...room} target={target} />
          ))}
        </ul>
      )}
      <div className="badges">
        {flags.length === 0 ? (
          <span className="soft">{place.noOpenFlags}</span>
        ) : (
          flags.map(({ key, rule }) => <RuleBadge key={key} rule={rule} />)
        )}
      </div>
    </Panel>
  )
}

interface RoomProps {
  readonly device: string
  readonly at: number
  readonly value: number
  readonly quality: 'good' | 'unknown' | 'suspect' | 'fail' | 'missing'
  readonly target: number | undefined
}

function Room({ device, at, value, quality, target }: RoomProps) {
  const { place, quality: qualities } = useTexts()
  const { temperature, quantity, duration } = useFormats()
  const now = useCityNow()
  const difference = target === undefined ? undefined : value - target
  const text =
    difference === undefined
      ? undefined
      : difference < 0
        ? place.underBy(quantity(-difference, 'K'))
        : place.overBy(quantity(difference, 'K'))
  return (
    <li>
      <strong className="room-value" data-below={difference !== undefined && difference < 0}>
        {temperature(value)}
      </strong>
      <span>
        {text !== undefined && <span>{text}</span>}
        <small>{[place.measuredAgo(duration(now - at)), qualities[quality], device].join(' · ')}</small>
      </span>
    </li>
  )
}
