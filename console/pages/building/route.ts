import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../shell/routes.tsx'

export const buildingRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/buildings/$id',
  staticData: { permission: 'dwelling.read' },
  component: lazyRouteComponent(() => import('./page.tsx'), 'BuildingPage'),
})
