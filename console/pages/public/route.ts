import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { rootRoute } from '../../shell/routes.tsx'

/** Which list. */
const validateSearch = z.object({ list: z.string().min(1).optional().catch(undefined) })

export const publicRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/public',
  validateSearch,
  component: lazyRouteComponent(() => import('./page.tsx'), 'PublicPage'),
})

export const objectionRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/public/objection',
  validateSearch,
  component: lazyRouteComponent(() => import('./objection.tsx'), 'ObjectionPage'),
})
