import type { QueryClient } from '@tanstack/react-query'
import { createRouter } from '@tanstack/react-router'
import { accountsRoute } from './pages/accounts/route.ts'
import { alertRoute, alertsRoute } from './pages/alerts/route.ts'
import { buildingRoute } from './pages/building/route.ts'
import { cityRoute } from './pages/city/route.ts'
import { unassignedDevicesRoute } from './pages/devices/route.ts'
import { dwellingRoute } from './pages/dwelling/route.ts'
import { exclusionsRoute } from './pages/exclusions/route.ts'
import { flagsRoute } from './pages/flags/route.ts'
import { gatewayRoute, gatewaysRoute } from './pages/gateways/route.ts'
import { healthRoute } from './pages/health/route.ts'
import { loginRoute } from './pages/login/route.ts'
import { mappingTrialRoute } from './pages/mapping-trial/route.ts'
import { plantRoute } from './pages/plant/route.ts'
import { objectionRoute, publicRoute } from './pages/public/route.ts'
import { quarantineEntryRoute, quarantineRoute } from './pages/quarantine/route.ts'
import { rankedFirmRoute, rankingRoute, rankingsRoute } from './pages/rankings/route.ts'
import { registryImportRoute, registryRoute, registryRowRoute } from './pages/registry/route.ts'
import { signalsRoute } from './pages/signals/route.ts'
import { Crashed } from './parts/crashed.tsx'
import { Loading, NotFound } from './parts/states.tsx'
import { rootRoute, shellRoute } from './shell/routes.tsx'

/** Every page of the console, by its folder in `pages/`. */
const routeTree = rootRoute.addChildren([
  loginRoute,
  publicRoute,
  objectionRoute,
  shellRoute.addChildren([
    cityRoute,
    alertsRoute,
    alertRoute,
    flagsRoute,
    signalsRoute,
    plantRoute,
    buildingRoute,
    dwellingRoute,
    registryRoute,
    registryImportRoute,
    registryRowRoute,
    unassignedDevicesRoute,
    gatewaysRoute,
    gatewayRoute,
    mappingTrialRoute,
    quarantineRoute,
    quarantineEntryRoute,
    accountsRoute,
    healthRoute,
    rankingsRoute,
    rankingRoute,
    rankedFirmRoute,
    exclusionsRoute,
  ]),
])

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
