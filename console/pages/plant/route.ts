import { createRoute, lazyRouteComponent, notFound } from '@tanstack/react-router'
import { isPlantKind } from '../../parts/names.tsx'
import { rangeSearch } from '../../parts/range.tsx'
import { shellRoute } from '../../shell/routes.tsx'

export const plantRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/plants/$kind/$id',
  staticData: { permission: 'plant.read' },
  params: {
    parse({ kind, id }) {
      if (!isPlantKind(kind)) throw notFound()
      return { kind, id }
    },
  },
  validateSearch: rangeSearch,
  component: lazyRouteComponent(() => import('./page.tsx'), 'PlantPage'),
})
