import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../shell/routes.tsx'

export const mappingTrialRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/mapping-trial',
  staticData: { permission: 'registry.write' },
  component: lazyRouteComponent(() => import('./page.tsx'), 'MappingTrialPage'),
})
