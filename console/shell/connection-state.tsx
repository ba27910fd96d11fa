import { CheckCircleFilled, DisconnectOutlined, LoadingOutlined, SyncOutlined } from '@ant-design/icons'
import type { ReactNode } from 'react'
import { useCityNow } from '../live/city-clock.tsx'
import type { LiveState } from '../live/connection.ts'
import { useLiveState } from '../live/live.tsx'
import { useFormats, useTexts } from '../settings/settings.tsx'

/** A reconnection that takes less than this is nobody's concern. */
const disconnectedShownMs = 1_000

interface Shown {
  readonly kind: 'live' | 'behind' | 'connecting' | 'disconnected'
  readonly icon: ReactNode
  readonly text: string
  readonly hint: string
}

/** Whether the page is as new as the service, in words and in a shape. */
export function ConnectionState() {
  const state = useLiveState()
  // Renders once a second, so that the time since it was cut goes on.
  useCityNow()
  const { kind, icon, text, hint } = useShown(state)
  return (
    <output className="connection" data-kind={kind} title={hint} aria-live="polite">
      {icon} <span>{text}</span>
    </output>
  )
}

function useShown({ phase, since, through = 0, head = 0 }: LiveState): Shown {
  const { app } = useTexts()
  const { number, duration } = useFormats()
  const phaseMs = Date.now() - since
  if (phase === 'connecting') return { kind: 'connecting', icon: <LoadingOutlined />, text: app.connecting, hint: '' }
  if (phase === 'disconnected') {
    const text = phaseMs > disconnectedShownMs ? app.disconnectedFor(duration(phaseMs)) : app.disconnected
    return { kind: 'disconnected', icon: <DisconnectOutlined />, text, hint: app.disconnectedHint }
  }
  const behind = Math.max(0, head - through)
  if (behind > 0) {
    return { kind: 'behind', icon: <SyncOutlined spin />, text: app.behindBy(number(behind)), hint: app.behindHint }
  }
  return { kind: 'live', icon: <CheckCircleFilled />, text: app.live, hint: app.liveHint(number(through)) }
}
