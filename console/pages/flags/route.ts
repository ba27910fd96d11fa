import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { flagRules, flagSubjectKinds } from '#domain/flag.ts'
import { shellRoute } from '../../shell/routes.tsx'

const searchSchema = z.object({
  /** Those that are open, unless all are asked for. */
  state: z.literal('all').optional().catch(undefined),
  rule: z.array(z.enum(flagRules)).optional().catch(undefined),
  subjectKind: z.enum(flagSubjectKinds).optional().catch(undefined),
  territory: z.string().optional().catch(undefined),
  firm: z.string().optional().catch(undefined),
})

export const flagsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/flags',
  staticData: { permission: 'plant.read' },
  validateSearch: searchSchema,
  component: lazyRouteComponent(() => import('./page.tsx'), 'FlagsPage'),
})
