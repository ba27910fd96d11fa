import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { shellRoute } from '../../shell/routes.tsx'

const text = z.string().min(1).optional().catch(undefined)

export const quarantineRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/quarantine',
  validateSearch: z.object({ gateway: text, code: text }),
  staticData: { permission: 'quarantine.read' },
  component: lazyRouteComponent(() => import('./list.tsx'), 'QuarantinePage'),
})

export const quarantineEntryRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/quarantine/$id',
  staticData: { permission: 'quarantine.read' },
  component: lazyRouteComponent(() => import('./entry.tsx'), 'QuarantineEntryPage'),
})
