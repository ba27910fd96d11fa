import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, Outlet, redirect } from '@tanstack/react-router'
import type { Permission } from '#domain/account.ts'
import { NotFound } from '../parts/states.tsx'
import { may, sessionQuery } from '../session/session.ts'
import { Shell } from './shell.tsx'

interface RouterContext {
  readonly cache: QueryClient
}

/** Every page stands under one of these two: pages for anybody, and pages in the shell for who is signed in. */
export const rootRoute = createRootRouteWithContext<RouterContext>()({ component: Outlet, notFoundComponent: NotFound })

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

/** Loads a list of permitted things only where the page is permitted. */
export const isPermitted = (session: Parameters<typeof may>[0], permission: Permission | undefined): boolean =>
  permission === undefined || may(session, permission)
