import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { signalKinds } from '#domain/signal.ts'
import { shellRoute } from '../../shell/routes.tsx'

const searchSchema = z.object({ kind: z.array(z.enum(signalKinds)).optional().catch(undefined) })

export const signalsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/signals',
  staticData: { permission: 'plant.read' },
  validateSearch: searchSchema,
  component: lazyRouteComponent(() => import('./page.tsx'), 'SignalsPage'),
})
