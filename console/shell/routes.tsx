import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, Outlet, redirect } from '@tanstack/react-router'
import type { Permission } from '#domain/account.ts'
import { sessionQuery } from '../session/session.ts'
import { Nowhere } from './nowhere.tsx'
import { Shell } from './shell.tsx'

interface RouterContext {
  readonly cache: QueryClient
}

/** Every page stands under one of these two: pages for anybody, and pages in the shell for who is signed in. */
export const rootRoute = createRootRouteWithContext<RouterContext>()({ component: Outlet, notFoundComponent: Nowhere })

export const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'shell',
  component: Shell,
  async beforeLoad({ context, location }) {
    const session = await context.cache.ensureQueryData(sessionQuery)
    if (!session) throw redirect({ to: '/login', search: { next: location.href } })
    return { session }
  },
})

declare module '@tanstack/react-router' {
  interface StaticDataRouteOption {
    /** What one needs to see the page; the service checks it again for whatever the page asks. */
    permission?: Permission
  }
}
