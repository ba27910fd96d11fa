import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { shellRoute } from '../../shell/routes.tsx'

const groupings = ['district', 'firm', 'source'] as const
export type Grouping = (typeof groupings)[number]

export const cityRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/',
  staticData: { permission: 'plant.read' },
  validateSearch: z.object({ by: z.enum(groupings).optional().catch(undefined) }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'CityPage'),
})
