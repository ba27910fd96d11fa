import { useCityClock, useCityNow } from '../live/city-clock.tsx'
import { useFormats, useTexts } from '../settings/settings.tsx'

/** Which time this is: the city's, real or simulated, never a guess. */
export function ClockFace() {
  const { app } = useTexts()
  const { date, weekday, time: timeText, number } = useFormats()
  const { time } = useCityClock()
  const now = useCityNow()
  if (!time) return <div className="clock" />
  const { simulated, speed } = time
  const running = speed > 1 ? app.simulatedAtSpeed(number(speed, 1)) : app.simulatedClock
  return (
    <div className="clock" title={simulated ? app.simulatedClockHint : app.realClockHint}>
      <time dateTime={new Date(now).toISOString()}>
        <strong>{timeText(now)}</strong>
        <small>
          {date(now)} {weekday(now)}
        </small>
      </time>
      <span className={simulated ? 'clock-kind simulated' : 'clock-kind'}>{simulated ? running : app.realClock}</span>
    </div>
  )
}
