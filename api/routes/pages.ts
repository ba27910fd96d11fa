import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { countOpenAlerts } from '#store/ledger/alerts.ts'
import { type SignalAudience, streamHead } from '#store/ledger/signals.ts'
import type { ApiDeps, ApiOptions } from '../deps.ts'
import { problemPage, statusPage, statusStyle } from '../pages/status-page.ts'
import { ProblemError, problemCodes, problemKinds } from '../problems.ts'
import { notReadyReasons } from '../readiness.ts'
import { audienceOf, identify, sessionCookieOf } from '../security/guard.ts'
import { languageOf } from '../texts.ts'
import { hasConsole } from './console.ts'

interface PageDeps extends Pick<ApiDeps, 'ledger' | 'telemetry' | 'clock' | 'notReady'> {
  readonly options: Pick<ApiOptions, 'version' | 'timeZone' | 'brokerAddresses' | 'consoleFolder'>
  readonly wallClock: () => number
}

/** Pages that need nothing but a browser: how the service is, and what an error means. */
export const pageRoutes: FastifyPluginAsyncZod<PageDeps> = async (app, deps) => {
  const { ledger, clock, options } = deps
  const querystring = z.object({ lang: z.string().max(10).optional() })
  const hide = true

  app.get('/status', { schema: { hide, querystring } }, async (request, reply) => {
    const anchor = clock.anchor()
    // The page is there also when the stores are not: then it says so.
    const openAlerts = await openAlertsFor(request.headers.cookie, anchor.simulated).catch(() => undefined)
    const usage = await deps.telemetry.usage().catch(() => ({ readings: 0 }))
    const markup = statusPage({
      language: languageOf(request.query.lang, request.headers['accept-language']),
      version: options.version,
      now: clock.now(),
      anchor,
      timeZone: options.timeZone,
      brokerAddresses: options.brokerAddresses,
      readings: usage.readings,
      streamHead: await streamHead(ledger.db).catch(() => 0),
      notReady: await notReadyReasons(deps),
      hasConsole: hasConsole(options.consoleFolder),
      ...(openAlerts !== undefined && { openAlerts }),
    })
    return reply.type('text/html; charset=utf-8').header('cache-control', 'no-store').send(markup)
  })

  app.get('/status.css', { schema: { hide } }, async (_request, reply) =>
    reply.type('text/css; charset=utf-8').header('cache-control', 'max-age=3600').send(statusStyle),
  )

  app.get(
    '/problems/:code',
    { schema: { hide, querystring, params: z.object({ code: z.string().max(60) }) } },
    async (request, reply) => {
      const code = problemCodes.find((known) => known === request.params.code)
      if (!code) throw new ProblemError('not_found')
      const language = languageOf(request.query.lang, request.headers['accept-language'])
      return reply.type('text/html; charset=utf-8').send(problemPage(language, { code, ...problemKinds[code] }))
    },
  )

  /** Those who are signed in see their own alerts; in a simulated city a number without places harms nobody. */
  async function audienceBehind(cookies: string | undefined, simulated: boolean): Promise<SignalAudience | undefined> {
    const cookie = sessionCookieOf(cookies)
    const principal = cookie === undefined ? undefined : await identify(ledger.db, { cookie }, deps.wallClock())
    if (principal) return audienceOf(principal.account)
    return simulated ? { scope: { kind: 'city' }, dwellings: true } : undefined
  }

  async function openAlertsFor(cookies: string | undefined, simulated: boolean): Promise<number | undefined> {
    const audience = await audienceBehind(cookies, simulated)
    if (!audience) return undefined
    const counts = await countOpenAlerts(ledger.db, audience)
    return counts.reduce((sum, { open }) => sum + open, 0)
  }
}
