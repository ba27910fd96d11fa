import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { shellRoute } from '../../shell/routes.tsx'

export const rankingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/rankings',
  staticData: { permission: 'plant.read' },
  component: lazyRouteComponent(() => import('./lists.tsx'), 'RankingsPage'),
})

export const rankingRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/rankings/$id',
  validateSearch: z.object({ compare: z.string().min(1).optional().catch(undefined) }),
  staticData: { permission: 'plant.read' },
  component: lazyRouteComponent(() => import('./list.tsx'), 'RankingPage'),
})

export const rankedFirmRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/rankings/$id/firms/$firm',
  staticData: { permission: 'plant.read' },
  component: lazyRouteComponent(() => import('./firm.tsx'), 'RankedFirmPage'),
})
