import {
  ApartmentOutlined,
  BellOutlined,
  CalendarOutlined,
  DashboardOutlined,
  ExperimentOutlined,
  FlagOutlined,
  GlobalOutlined,
  HeartOutlined,
  InboxOutlined,
  QuestionOutlined,
  TeamOutlined,
  TrophyOutlined,
  UnorderedListOutlined,
  WifiOutlined,
} from '@ant-design/icons'
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
  {
    text: 'appraisal',
    destinations: [
      { to: '/rankings', text: 'rankings', icon: <TrophyOutlined />, permission: 'plant.read' },
      { to: '/exclusions', text: 'exclusions', icon: <CalendarOutlined />, permission: 'ranking.claim' },
      { to: '/public', text: 'publicList', icon: <GlobalOutlined /> },
    ],
  },
  {
    text: 'keeping',
    destinations: [
      { to: '/registry', text: 'registry', icon: <ApartmentOutlined />, permission: 'plant.read' },
      { to: '/gateways', text: 'gateways', icon: <WifiOutlined />, permission: 'gateway.read' },
      { to: '/unassigned-devices', text: 'unassignedDevices', icon: <QuestionOutlined />, permission: 'gateway.read' },
      { to: '/mapping-trial', text: 'mappingTrial', icon: <ExperimentOutlined />, permission: 'registry.write' },
      { to: '/quarantine', text: 'quarantine', icon: <InboxOutlined />, permission: 'quarantine.read' },
    ],
  },
  {
    text: 'system',
    destinations: [
      { to: '/accounts', text: 'accounts', icon: <TeamOutlined />, permission: 'account.write' },
      { to: '/health', text: 'health', icon: <HeartOutlined />, permission: 'gateway.read' },
    ],
  },
]
