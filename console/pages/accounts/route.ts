import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../shell/routes.tsx'

export const accountsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/accounts',
  staticData: { permission: 'account.write' },
  component: lazyRouteComponent(() => import('./page.tsx'), 'AccountsPage'),
})
