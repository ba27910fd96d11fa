import { timingSafeEqual } from 'node:crypto'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { type ServiceNotice, takeServiceNotices } from '#store/ledger/service-notices.ts'
import type { ApiDeps } from '../deps.ts'
import { ProblemError } from '../problems.ts'
import { problemResponses } from '../schemas.ts'
import { bearerOf } from '../security/guard.ts'
import { sha256Hex } from '../security/secrets.ts'

/** Grafana sends a group of alerts at once; our contact point asks for at most 100. */
const alertsPerNotificationMax = 500
/** Longer ones are cut: a summary is read on a phone. */
const summaryLengthMax = 500

const textsSchema = z.record(z.string().max(200), z.string().max(10_000))

const alertSchema = z.object({
  status: z.enum(['firing', 'resolved']),
  labels: textsSchema,
  annotations: textsSchema.default({}),
  startsAt: z.iso.datetime({ offset: true }),
  /** Year 1 while it is firing. */
  endsAt: z.iso.datetime({ offset: true }),
  /** Grafana's own key of the labels. */
  fingerprint: z.string().min(1).max(200),
})

/** What Grafana's webhook contact point sends; what we do not use may be anything. */
const notificationSchema = z.object({
  receiver: z.string().max(200),
  status: z.enum(['firing', 'resolved']),
  alerts: z.array(alertSchema).max(alertsPerNotificationMax),
  /** Alerts that did not fit into this notification. */
  truncatedAlerts: z.number().int().min(0).default(0),
  title: z.string().max(10_000).default(''),
})
type GrafanaAlert = z.infer<typeof alertSchema>

interface HookDeps extends Pick<ApiDeps, 'ledger' | 'clock' | 'log'> {
  readonly options: { readonly grafanaHookToken?: string | undefined }
}

/**
 * Where Grafana's contact point tells of Warmcity's own troubles: a service notice for each, told once when it begins
 * and once when it is over, however often Grafana repeats it. Without a token there is nothing at this address.
 */
export const grafanaHookRoutes: FastifyPluginAsyncZod<HookDeps> = async (app, { ledger, clock, log, options }) => {
  const { grafanaHookToken } = options
  app.post(
    '/hooks/grafana',
    {
      schema: {
        tags: ['service'],
        summary: "For Grafana's webhook contact point",
        description: 'Needs the token that the service was started with.',
        security: [{ token: [] }],
        body: notificationSchema,
        response: {
          200: z.object({
            alerts: z.number().int().describe('Alerts in the notification'),
            news: z.number().int().describe('Those that said what was not known'),
          }),
          ...problemResponses,
        },
      },
      // Before the body is read: what comes without the token costs nothing.
      onRequest: async (request) => {
        if (grafanaHookToken === undefined) throw new ProblemError('not_found', 'No such address')
        if (isSecret(bearerOf(request.headers.authorization), grafanaHookToken)) return
        throw new ProblemError('unauthenticated', undefined, {}, { 'www-authenticate': 'Bearer realm="warmcity"' })
      },
    },
    async (request) => {
      const { alerts, truncatedAlerts } = request.body
      if (truncatedAlerts > 0) log.warn({ truncatedAlerts }, 'Grafana left alerts out of a notification')
      const news = await ledger.write((transaction) =>
        takeServiceNotices(transaction, alerts.map(noticeOf), clock.now()),
      )
      return { alerts: alerts.length, news }
    },
  )
}

/** Compares hashes of equal length, so that the time it takes says nothing. */
const isSecret = (given: string | undefined, secret: string): boolean =>
  given !== undefined && timingSafeEqual(Buffer.from(sha256Hex(given)), Buffer.from(sha256Hex(secret)))

function noticeOf({ status, labels, annotations, startsAt, endsAt, fingerprint }: GrafanaAlert): ServiceNotice {
  const beganAt = Date.parse(startsAt)
  // An alert of Grafana's own, because a rule found no data or failed, names the rule in another label.
  const rule = labels.rulename ?? labels.alertname ?? 'unnamed'
  return {
    key: `grafana/${fingerprint}/${beganAt}`,
    source: 'grafana',
    rule,
    summary: (annotations.summary ?? rule).slice(0, summaryLengthMax),
    labels,
    beganAt,
    ...(status === 'resolved' && { endedAt: Math.max(beganAt, Date.parse(endsAt)) }),
  }
}
