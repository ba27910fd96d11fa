import { BellOutlined, DashboardOutlined, FlagOutlined, UnorderedListOutlined } from '@ant-design/icons'
import type { ReactNode } from 'react'
import type { Permission } from '#domain/account.ts'
import type { Texts } from '../text/catalogue.ts'

interface Destination {
  readonly to: string
  readonly text: keyof Texts['navigation']
  readonly icon: ReactNode
  readonly permission?: Permission
}

interface NavigationGroup {
  readonly text: keyof Texts['navigation']
  readonly destinations: readonly Destination[]
}

/** Where one can go, in the order in which people need it. A page that is not built yet is not listed. */
export const navigation: readonly NavigationGroup[] = [
  {
    text: 'watch',
    destinations: [
      { to: '/', text: 'city', icon: <DashboardOutlined />, permission: 'plant.read' },
      { to: '/alerts', text: 'alerts', icon: <BellOutlined />, permission: 'plant.read' },
      { to: '/flags', text: 'flags', icon: <FlagOutlined />, permission: 'plant.read' },
      { to: '/signals', text: 'signals', icon: <UnorderedListOutlined />, permission: 'plant.read' },
    ],
  },
]
