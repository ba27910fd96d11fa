import { CheckCircleFilled, ClockCircleOutlined, ExclamationCircleFilled, LinkOutlined } from '@ant-design/icons'
import type { ReactNode } from 'react'
import type { Item } from '../../api/queries.ts'
import { useTexts } from '../../settings/settings.tsx'

export type GatewayState = Item<'GET /api/v1/gateways'>

const marks: Readonly<Record<GatewayState['state'], { readonly icon: ReactNode; readonly look: string }>> = {
  neverSeen: { icon: <ClockCircleOutlined aria-hidden />, look: 'idle' },
  connected: { icon: <LinkOutlined aria-hidden />, look: 'underway' },
  quarantined: { icon: <ExclamationCircleFilled aria-hidden />, look: 'wrong' },
  firstReading: { icon: <CheckCircleFilled aria-hidden />, look: 'done' },
}

/** How far the installation of a gateway has come. */
export function CommissioningBadge({ state }: Pick<GatewayState, 'state'>) {
  const texts = useTexts()
  return (
    <span className="badge" data-look={marks[state].look}>
      {marks[state].icon} {texts.gateway[state]}
    </span>
  )
}
