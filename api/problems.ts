import { z } from 'zod'

/** Every kind of error the service answers with: its stable code, HTTP status and title. */
export const problemKinds = {
  validation: { status: 400, title: 'The request does not match what this address takes' },
  malformed: { status: 400, title: 'The request could not be read' },
  unauthenticated: { status: 401, title: 'Sign in, or send a bearer token' },
  wrong_login: { status: 401, title: 'Account or password is wrong' },
  push_refused: { status: 401, title: 'Whoever pushed did not show that it is this source' },
  forbidden: { status: 403, title: 'This account may not do this' },
  csrf: { status: 403, title: 'The request did not come from a page of this service' },
  not_found: { status: 404, title: 'There is nothing here' },
  conflict: { status: 409, title: 'This stands against what is there' },
  resynchronise: {
    status: 410,
    title: 'What you ask for is no longer kept, or is of another stream: load everything anew',
  },
  too_large: { status: 413, title: 'The request is too large' },
  unsupported_media_type: { status: 415, title: 'This address does not take this kind of content' },
  rejected: { status: 422, title: 'The content was read and refused; nothing was changed' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'The service failed' },
  unavailable: { status: 503, title: 'The service cannot do this now' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof problemKinds
export const problemCodes = Object.keys(problemKinds) as ProblemCode[]

/** RFC 9457 problem details, with the code for programs and every single problem for people. */
export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.enum(problemCodes),
    detail: z.string().optional(),
    instance: z.string().optional(),
    errors: z.array(z.object({ where: z.string(), reason: z.string() })).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details' })
export type Problem = z.infer<typeof problemSchema>

export const problemContentType = 'application/problem+json'

/** Thrown by a handler to answer with a problem. */
export class ProblemError extends Error {
  readonly code: ProblemCode
  readonly extra: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>
  constructor(
    code: ProblemCode,
    detail?: string,
    extra: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail ?? problemKinds[code].title)
    this.code = code
    this.extra = extra
    this.headers = headers
  }
}

/** Something of the request is wrong beyond its schema; `where` begins as there: body, querystring or params. */
export const invalid = (...errors: { readonly where: string; readonly reason: string }[]): ProblemError =>
  new ProblemError('validation', undefined, { errors })

/** The body of an answer that tells of a problem. */
export function problemBody(code: ProblemCode, instance: string, detail?: string, extra: object = {}): Problem {
  const { status, title } = problemKinds[code]
  return { type: `/problems/${code}`, title, status, code, ...(detail !== undefined && { detail }), instance, ...extra }
}
