import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rangeSearch } from '../../parts/range.tsx'
import { shellRoute } from '../../shell/routes.tsx'

export const dwellingRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/dwellings/$id',
  staticData: { permission: 'dwelling.read' },
  validateSearch: rangeSearch,
  component: lazyRouteComponent(() => import('./page.tsx'), 'DwellingPage'),
})
