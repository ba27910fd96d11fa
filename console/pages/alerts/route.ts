import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { alertTiers } from '#domain/alert.ts'
import { shellRoute } from '../../shell/routes.tsx'

const searchSchema = z.object({
  /** Those that are open, unless all are asked for. */
  state: z.literal('all').optional().catch(undefined),
  tier: z.array(z.enum(alertTiers)).optional().catch(undefined),
  territory: z.string().optional().catch(undefined),
  firm: z.string().optional().catch(undefined),
})

export const alertsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/alerts',
  staticData: { permission: 'plant.read' },
  validateSearch: searchSchema,
  component: lazyRouteComponent(() => import('./page.tsx'), 'AlertsPage'),
})

export const alertRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/alerts/$id',
  staticData: { permission: 'plant.read' },
  component: lazyRouteComponent(() => import('./alert-page.tsx'), 'AlertPage'),
})
