import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { rootRoute } from '../../shell/routes.tsx'

export const publicRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/public',
  validateSearch: z.object({ list: z.string().min(1).optional().catch(undefined) }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'PublicPage'),
})
