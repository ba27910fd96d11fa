import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { exclusionKinds, exclusionStates } from '#domain/ranking-exclusion.ts'
import { shellRoute } from '../../shell/routes.tsx'

const searchSchema = z.object({
  from: z.iso.date().optional().catch(undefined),
  to: z.iso.date().optional().catch(undefined),
  state: z.enum(exclusionStates).optional().catch(undefined),
  kind: z.enum(exclusionKinds).optional().catch(undefined),
})

export const exclusionsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/exclusions',
  staticData: { permission: 'ranking.claim' },
  validateSearch: searchSchema,
  component: lazyRouteComponent(() => import('./page.tsx'), 'ExclusionsPage'),
})
