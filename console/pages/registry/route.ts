import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { shellRoute } from '../../shell/routes.tsx'
import { browsableTables } from './tables.ts'

const text = z.string().min(1).optional().catch(undefined)

export const registryRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/registry',
  validateSearch: z.object({
    table: z.enum(browsableTables).optional().catch(undefined),
    search: text,
    parent: text,
  }),
  staticData: { permission: 'plant.read' },
  component: lazyRouteComponent(() => import('./browse.tsx'), 'RegistryPage'),
})

export const registryImportRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/registry/import',
  staticData: { permission: 'registry.write' },
  component: lazyRouteComponent(() => import('./import.tsx'), 'RegistryImportPage'),
})

export const registryRowRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/registry/$table/$id',
  staticData: { permission: 'plant.read' },
  component: lazyRouteComponent(() => import('./row.tsx'), 'RegistryRowPage'),
})
