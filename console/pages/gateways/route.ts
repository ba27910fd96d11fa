import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { shellRoute } from '../../shell/routes.tsx'

export const commissioningStates = ['neverSeen', 'connected', 'quarantined', 'firstReading'] as const

export const gatewaysRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/gateways',
  validateSearch: z.object({ state: z.enum(commissioningStates).optional().catch(undefined) }),
  staticData: { permission: 'gateway.read' },
  component: lazyRouteComponent(() => import('./list.tsx'), 'GatewaysPage'),
})

export const gatewayRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/gateways/$id',
  staticData: { permission: 'gateway.read' },
  component: lazyRouteComponent(() => import('./gateway.tsx'), 'GatewayPage'),
})
