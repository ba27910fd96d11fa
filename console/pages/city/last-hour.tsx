import { Link } from '@tanstack/react-router'
import { hourMs } from '#domain/time.ts'
import { useCityNow } from '../../live/city-clock.tsx'
import { useNewestSignals } from '../../live/signal-window.ts'
import { PlaceLink } from '../../parts/names.tsx'
import { Panel } from '../../parts/page.tsx'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { SignalWhat } from '../signals/signal-what.tsx'

/** What fits beside the map; the stream has all of it. */
const shownMax = 40

/** What changed in the last hour of the city's time, as it comes. */
export function LastHour() {
  const { city, signal: words } = useTexts()
  const { time } = useFormats()
  const { signals, error, retry } = useNewestSignals()
  const now = useCityNow(5_000)
  const news = signals?.filter(({ at }) => at > now - hourMs).slice(0, shownMax)
  return (
    <Panel title={city.lastHour} extra={<Link to="/signals">{city.allSignals}</Link>}>
      {!news && (error ? <Failed error={error} onRetry={retry} /> : <Loading rows={6} />)}
      {news?.length === 0 && <Empty text={city.lastHourNone} />}
      {news && news.length > 0 && (
        <ul className="news" aria-label={city.lastHour} tabIndex={0}>
          {news.map((signal) => (
            <li key={signal.number} data-over={signal.kind.endsWith('cleared') || signal.kind.endsWith('closed')}>
              <time dateTime={new Date(signal.at).toISOString()}>{time(signal.at).slice(0, 5)}</time>
              <span>
                <span className="news-line">
                  <SignalWhat signal={signal} />
                  <span className="soft">{words[signal.kind]}</span>
                </span>
                <PlaceLink kind={signal.subjectKind} id={signal.subject} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
