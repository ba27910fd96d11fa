import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { shellRoute } from '../../shell/routes.tsx'

export const rankingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/rankings',
  staticData: { permission: 'plant.read' },
  component: lazyRouteComponent(() => import('./lists.tsx'), 'RankingsPage'),
})

/** What a list is compared with. */
export const comparedWith = ['lastBatch', 'lastSeason'] as const

export const rankingRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/rankings/$id',
  validateSearch: z.object({ compare: z.enum(comparedWith).optional().catch(undefined) }),
  staticData: { permission: 'plant.read' },
  component: lazyRouteComponent(() => import('./list.tsx'), 'RankingPage'),
})

export const rankedFirmRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/rankings/$id/firms/$firm',
  staticData: { permission: 'plant.read' },
  component: lazyRouteComponent(() => import('./firm.tsx'), 'RankedFirmPage'),
})
