import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { pushBytesMax, pushSourcesMax, pushTopic } from '#domain/push-source.ts'
import { idSchema } from '#domain/registry.ts'
import { findPushSource, listPushSources } from '#store/ledger/push-sources.ts'
import type { ApiDeps, ApiOptions } from '../deps.ts'
import { ProblemError } from '../problems.ts'
import { isWithin } from '../push/networks.ts'
import { answerOnenet, provePush } from '../push/proof.ts'
import { makePushRepeats } from '../push/repeats.ts'

/** A whole city's probes behind one carrier's address, with room for what it sends again: 10,000 a second. */
const pushesPerMinuteMax = 600_000
/** Whoever is no source is counted like everybody else; a new source is known to the counter after this time. */
const sourcesKnownMs = 1_000
/** The same trouble with the same source is logged once in this time. */
const logAgainMs = 10_000

const params = z.object({ source: idSchema })
const query = z.looseObject({})

/** Where platforms push what their devices say. It goes into the edge's journal, as if a gateway had published it. */
export const pushRoutes: FastifyPluginAsyncZod<
  Pick<ApiDeps, 'ledger' | 'deliver' | 'log'> & {
    readonly wallClock: () => number
    readonly options: Pick<ApiOptions, 'requestsPerMinuteMax'>
  }
> = async (app, { ledger, deliver, log, wallClock, options }) => {
  const tags = ['push']
  const perMinuteMax = async (request: FastifyRequest) => {
    const { source: id } = request.params as { source?: string }
    const networks = (await knownNetworks()).get(id ?? '')
    return networks && isWithin(networks, request.ip) ? pushesPerMinuteMax : options.requestsPerMinuteMax
  }
  const config = { access: 'public', rateLimit: { max: perMinuteMax } } as const
  const repeats = makePushRepeats()
  const logged = new Map<string, number>()

  // A signature is over the bytes as they came, whatever they are called.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: pushBytesMax }, (_request, body, done) =>
    done(null, body),
  )

  let known:
    | { readonly untilMs: number; readonly networks: Promise<ReadonlyMap<string, readonly string[]>> }
    | undefined

  /** Networks by source, as they were a moment ago: a flood of strangers asks the ledger once a second. */
  function knownNetworks(): Promise<ReadonlyMap<string, readonly string[]>> {
    const now = wallClock()
    if (known === undefined || now >= known.untilMs) {
      const networks = listPushSources(ledger.db, '', pushSourcesMax).then(
        (sources) => new Map(sources.map((source) => [source.id, source.networks])),
      )
      known = { untilMs: now + sourcesKnownMs, networks }
      // A ledger that is away must not be what the next second is told as well.
      networks.catch(() => {
        known = undefined
      })
    }
    return known.networks
  }

  async function sourceFrom(id: string, address: string) {
    const source = await findPushSource(ledger.db, id)
    if (source === undefined) throw new ProblemError('not_found', 'There is no such source')
    if (isWithin(source.networks, address)) return source
    disbelieved(id, address, 'the address is in none of its networks')
    throw new ProblemError('forbidden', 'This address may not push for this source')
  }

  function disbelieved(source: string, address: string, reason: string): void {
    const now = wallClock()
    if (now < (logged.get(source) ?? 0) + logAgainMs) return
    logged.set(source, now)
    log.warn({ source, address, reason }, 'a push was not believed')
  }

  app.get(
    '/push/:source',
    {
      config,
      schema: {
        tags,
        summary: 'Show OneNET that the address is the right one',
        description: 'Answers `msg` where `signature` is the Base64 MD5 of token, `nonce` and `msg`.',
        params,
        querystring: query,
        response: { 200: z.string() },
      },
    },
    async (request, reply) => {
      const source = await sourceFrom(request.params.source, request.ip)
      const answer = source.scheme === 'onenet' ? answerOnenet(source.secret, request.query) : undefined
      if (answer === undefined) throw new ProblemError('push_refused', 'The signature is not that of this msg')
      return reply.type('text/plain; charset=utf-8').send(answer)
    },
  )

  app.post(
    '/push/:source',
    {
      config,
      bodyLimit: pushBytesMax,
      schema: {
        tags,
        summary: 'Push what devices say',
        description:
          'For platforms that send by HTTP (NB-IoT and others). 200 means that it is on our disk; with 503 nothing is ' +
          'promised: send it again after `retry-after` seconds. What the body means says the mapping of the topic ' +
          '`push/{source}`; what no mapping understands waits in quarantine. A push that was kept already is answered ' +
          'with `repeated`.',
        params,
        querystring: query,
        response: { 200: z.object({ kept: z.literal(true), repeated: z.boolean() }) },
      },
    },
    async (request) => {
      const source = await sourceFrom(request.params.source, request.ip)
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
      const { headers } = request
      const proof = provePush(source.scheme, source.secret, { headers, query: request.query, body }, wallClock())
      if (!proof.ok) {
        disbelieved(source.id, request.ip, proof.reason)
        throw new ProblemError('push_refused', proof.reason)
      }
      if (deliver === undefined) throw unavailable('No edge is named to this API: nothing can be kept')
      const { payload, mark } = proof
      const keep = () => deliver({ gateway: source.gateway, topic: pushTopic(source.id), payload })
      if (mark === undefined) {
        await withheldAsProblem(keep())
        return { kept: true as const, repeated: false }
      }
      const once = repeats.once(`${source.id} ${mark}`, wallClock(), keep)
      return { kept: true as const, repeated: (await withheldAsProblem(once)).isRepeat }
    },
  )
}

/** Long enough for a disk to be given room, short enough for a platform that keeps a few minutes. */
const retryAfterSeconds = 30

const unavailable = (detail: string) =>
  new ProblemError('unavailable', detail, {}, { 'retry-after': String(retryAfterSeconds) })

/** Whatever kept it from being kept, the platform has to send it again. */
async function withheldAsProblem<T>(kept: Promise<T>): Promise<T> {
  try {
    return await kept
  } catch (error) {
    throw unavailable(error instanceof Error ? error.message : 'It could not be kept')
  }
}
