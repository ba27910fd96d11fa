import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../shell/routes.tsx'

export const unassignedDevicesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/unassigned-devices',
  staticData: { permission: 'gateway.read' },
  component: lazyRouteComponent(() => import('./page.tsx'), 'UnassignedDevicesPage'),
})
