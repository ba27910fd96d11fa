import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../shell/routes.tsx'

export const healthRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/health',
  staticData: { permission: 'gateway.read' },
  component: lazyRouteComponent(() => import('./page.tsx'), 'HealthPage'),
})
