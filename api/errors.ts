import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { isServerFailure } from '#store/ledger/ledger-away.ts'
import { InfluxError } from '#store/telemetry/influx/influx-error.ts'
import { type ProblemCode, ProblemError, problemBody, problemContentType } from './problems.ts'

/** Answers every error, and every address without a route, with problem details. The rate limit comes first. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (error instanceof ProblemError) {
      reply.headers(error.headers)
      return sendProblem(request, reply, error.code, error.message, error.extra)
    }
    if (hasZodFastifySchemaValidationErrors(error)) {
      return sendProblem(request, reply, 'validation', undefined, { errors: validationErrors(error) })
    }
    if (isServerFailure(error)) {
      request.log.warn({ err: error }, 'the ledger cannot be used')
      return sendProblem(
        request,
        reply,
        'unavailable',
        `The ledger cannot be used now; see request ${request.id} in the log`,
      )
    }
    if (error instanceof InfluxError) {
      request.log.warn({ err: error }, 'readings cannot be asked for')
      return sendProblem(
        request,
        reply,
        'unavailable',
        `Readings cannot be asked for; see request ${request.id} in the log`,
      )
    }
    const code = codeOf(error)
    if (code !== 'internal') return sendProblem(request, reply, code, error.message)
    request.log.error({ err: error }, 'a request failed')
    // What went wrong inside is for the log; the number of the request leads there.
    return sendProblem(request, reply, 'internal', `The log has it under request ${request.id}`)
  })
  // Not a route, so the limit that routes have must be put before it by hand.
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request, reply) =>
    sendProblem(request, reply, 'not_found', 'No such address'),
  )
}

function sendProblem(request: FastifyRequest, reply: FastifyReply, code: ProblemCode, detail?: string, extra?: object) {
  const body = problemBody(code, pathOf(request.url), detail, extra)
  return reply.code(body.status).type(problemContentType).header('cache-control', 'no-store').send(JSON.stringify(body))
}

/** Without the query: it may hold what should not end up in somebody's error report. */
const pathOf = (url: string): string => url.split('?', 1)[0] ?? url

function validationErrors(error: { validation: readonly unknown[]; validationContext?: string }) {
  const part = error.validationContext ?? 'request'
  return error.validation.map((problem) => {
    const { instancePath, message } = problem as { instancePath?: string; message?: string }
    return { where: `${part}${instancePath === '/' ? '' : (instancePath ?? '')}`, reason: message ?? 'is not valid' }
  })
}

function codeOf(error: FastifyError): ProblemCode {
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return 'unsupported_media_type'
  if (error.statusCode === 429) return 'rate_limited'
  if (error.statusCode === 413) return 'too_large'
  if (error.statusCode === 404) return 'not_found'
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) return 'malformed'
  return 'internal'
}
