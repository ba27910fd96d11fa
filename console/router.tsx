import type { QueryClient } from '@tanstack/react-query'
import { createRouter } from '@tanstack/react-router'
import { alertRoute, alertsRoute } from './pages/alerts/route.ts'
import { flagsRoute } from './pages/flags/route.ts'
import { loginRoute } from './pages/login/route.ts'
import { Crashed } from './parts/crashed.tsx'
import { Loading, NotFound } from './parts/states.tsx'
import { rootRoute, shellRoute } from './shell/routes.tsx'

/** Every page of the console, by its folder in `pages/`. */
const routeTree = rootRoute.addChildren([loginRoute, shellRoute.addChildren([alertsRoute, alertRoute, flagsRoute])])

export const makeRouter = (cache: QueryClient) =>
  createRouter({
    routeTree,
    context: { cache },
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
    defaultPendingComponent: Loading,
    defaultErrorComponent: Crashed,
    defaultNotFoundComponent: NotFound,
    scrollRestoration: true,
  })

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
