import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { type ApiDeps, type ApiOptions, apiDefaults } from './deps.ts'
import { answerErrors } from './errors.ts'
import { makeMetrics } from './metrics.ts'
import { describeApi, documentProblems } from './openapi.ts'
import { makeRanking } from './ranking/ranking.ts'
import { accountRoutes } from './routes/accounts.ts'
import { alertRoutes } from './routes/alerts.ts'
import { auditRoutes } from './routes/audit.ts'
import { authRoutes } from './routes/auth.ts'
import { buildingRoutes } from './routes/buildings.ts'
import { consoleRoutes } from './routes/console.ts'
import { flagRoutes } from './routes/flags.ts'
import { gatewayRoutes } from './routes/gateways.ts'
import { healthRoutes } from './routes/health.ts'
import { heatingOpeningRoutes } from './routes/heating-opening.ts'
import { grafanaHookRoutes } from './routes/hooks-grafana.ts'
import { mappingTrialRoutes } from './routes/mapping-trials.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { nameRoutes } from './routes/names.ts'
import { outageRoutes } from './routes/outages.ts'
import { pageRoutes } from './routes/pages.ts'
import { placeRollUpRoutes } from './routes/place-roll-ups.ts'
import { placeRoutes } from './routes/places.ts'
import { policyRoutes } from './routes/policy.ts'
import { publicBuildingRoutes } from './routes/public-buildings.ts'
import { pushRoutes } from './routes/push.ts'
import { pushSourceRoutes } from './routes/push-sources.ts'
import { quarantineRoutes } from './routes/quarantine.ts'
import { rankingExportRoutes } from './routes/ranking-exports.ts'
import { rankingFirmRoutes } from './routes/ranking-firms.ts'
import { rankingObjectionRoutes } from './routes/ranking-objections.ts'
import { rankingPublicRoutes } from './routes/ranking-public.ts'
import { rankingRecordRoutes } from './routes/ranking-records.ts'
import { rankingVetoRoutes } from './routes/ranking-vetoes.ts'
import { rankingRoutes } from './routes/rankings.ts'
import { readingsRoutes } from './routes/readings.ts'
import { registryRoutes } from './routes/registry.ts'
import { registryChangeRoutes } from './routes/registry-changes.ts'
import { registryImportRoutes } from './routes/registry-import.ts'
import { rollUpRoutes } from './routes/roll-ups.ts'
import { serviceAccountRoutes } from './routes/service-accounts.ts'
import { serviceNoticeRoutes } from './routes/service-notices.ts'
import { serviceStateRoutes } from './routes/service-state.ts'
import { signalRoutes } from './routes/signals.ts'
import { timeRoutes } from './routes/time.ts'
import { tokenRoutes } from './routes/tokens.ts'
import { unassignedDeviceRoutes } from './routes/unassigned-devices.ts'
import { weatherRoutes } from './routes/weather.ts'
import { webhookRoutes } from './routes/webhooks.ts'
import { makeSee } from './scope/see.ts'
import { guardRoutes } from './security/guard.ts'
import { makeLoginLimiter } from './security/login-limiter.ts'
import { makePasswords } from './security/passwords.ts'

/** Bodies that are not imports are small; imports have a limit of their own. */
const bodyBytesMax = 256 * 1024
/**
 * Proxies whose forwarding is believed: the one next to us. What stands before its own entry anybody may have written,
 * and limits and networks go by the address.
 */
const proxiesBelieved = 1
/** An import of the whole city over a slow line; headers have a minute, by Node's own limit. */
const requestMsMax = 600_000

/**
 * The whole HTTP api, ready to listen or to be injected into. Everything that is mounted is listed here, in order:
 * what guards every request, the description of the api, then one plugin for each resource.
 */
export async function buildApp(deps: ApiDeps, given: Partial<ApiOptions> = {}): Promise<FastifyInstance> {
  const options = { ...apiDefaults, ...given }
  const wallClock = deps.wallClock ?? Date.now
  const passwords = makePasswords(options.passwordCost)
  const loginLimiter = makeLoginLimiter(wallClock)
  const metrics = deps.metrics ?? makeMetrics()
  const see = makeSee(deps.ledger.db, deps.clock)
  const { ledger, telemetry } = deps
  const ranking = deps.ranking ?? makeRanking({ ledger, telemetry, policy: options.policy, holder: 'api', wallClock })
  const shared = {
    ...deps,
    wallClock,
    passwords,
    loginLimiter,
    metrics,
    ranking,
    see,
    options,
    openMetrics: options.openMetrics,
  }

  const app = fastify({
    loggerInstance: deps.log as FastifyBaseLogger,
    // One line for every request of every console says little and costs much; metrics count them.
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: options.trustProxy ? (_address: string, hop: number) => hop < proxiesBelieved : false,
    bodyLimit: bodyBytesMax,
    requestTimeout: requestMsMax,
    routerOptions: { maxParamLength: 200 },
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.decorateRequest('principal', null)
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    metrics.requestDone(route, request.method, reply.statusCode, reply.elapsedTime / 1_000)
  })

  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: contentSecurityPolicy },
    // Over plain HTTP it would promise what nobody keeps.
    strictTransportSecurity: options.secureCookies,
  })
  await app.register(cookie)
  await app.register(rateLimit, { max: options.requestsPerMinuteMax, timeWindow: 60_000 })
  answerErrors(app)
  await describeApi(app, options.version)

  await app.register(pageRoutes, shared)
  await app.register(consoleRoutes, shared)
  await app.register(healthRoutes, shared)
  await app.register(metricsRoutes, shared)
  await app.register(grafanaHookRoutes, shared)
  await app.register(
    async (v1) => {
      guardRoutes(v1, deps.ledger.db, wallClock)
      documentProblems(v1)
      await v1.register(timeRoutes, shared)
      await v1.register(policyRoutes, shared)
      await v1.register(authRoutes, shared)
      await v1.register(tokenRoutes, shared)
      await v1.register(accountRoutes, shared)
      await v1.register(registryRoutes, shared)
      await v1.register(nameRoutes, shared)
      await v1.register(registryChangeRoutes, shared)
      await v1.register(registryImportRoutes, shared)
      await v1.register(mappingTrialRoutes, shared)
      await v1.register(gatewayRoutes, shared)
      await v1.register(serviceAccountRoutes, shared)
      await v1.register(pushSourceRoutes, shared)
      await v1.register(pushRoutes, shared)
      await v1.register(unassignedDeviceRoutes, shared)
      await v1.register(quarantineRoutes, shared)
      await v1.register(weatherRoutes, shared)
      await v1.register(placeRoutes, shared)
      await v1.register(buildingRoutes, shared)
      await v1.register(readingsRoutes, shared)
      await v1.register(rollUpRoutes, shared)
      await v1.register(flagRoutes, shared)
      await v1.register(alertRoutes, shared)
      await v1.register(outageRoutes, shared)
      await v1.register(serviceNoticeRoutes, shared)
      await v1.register(serviceStateRoutes, shared)
      await v1.register(signalRoutes, shared)
      await v1.register(webhookRoutes, shared)
      await v1.register(rankingRoutes, shared)
      await v1.register(rankingFirmRoutes, shared)
      await v1.register(rankingExportRoutes, shared)
      await v1.register(rankingObjectionRoutes, shared)
      await v1.register(rankingRecordRoutes, shared)
      await v1.register(rankingVetoRoutes, shared)
      await v1.register(rankingPublicRoutes, shared)
      await v1.register(heatingOpeningRoutes, shared)
      await v1.register(placeRollUpRoutes, shared)
      await v1.register(publicBuildingRoutes, shared)
      await v1.register(auditRoutes, shared)
    },
    { prefix: '/api/v1' },
  )
  return app
}

/** Nothing from elsewhere, nothing inline, nobody may frame us. */
const contentSecurityPolicy = {
  defaultSrc: ["'self'"],
  baseUri: ["'none'"],
  objectSrc: ["'none'"],
  frameAncestors: ["'none'"],
  formAction: ["'self'"],
  imgSrc: ["'self'", 'data:'],
}
