import type { Operations, Schemas } from '../generated/operations.ts'

export type OperationName = keyof Operations
export type Answer<O extends OperationName> = Operations[O]['answer']
export type { Schemas }

/** What an operation needs to be called: only the parts that it takes, and only those that it must have are demanded. */
export type Input<O extends OperationName> = Part<'params', Operations[O]['params']> &
  Part<'query', Operations[O]['query']> &
  (Operations[O]['body'] extends undefined ? unknown : { readonly body: Operations[O]['body'] })

type Part<Name extends string, T> = keyof T extends never
  ? unknown
  : Record<never, never> extends T
    ? { readonly [Key in Name]?: T }
    : { readonly [Key in Name]: T }

/** The parts that any operation may take. */
export interface AnyInput {
  readonly params?: Readonly<Record<string, unknown>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

type ProblemBody = Schemas['Problem']

/** An answer of the service that is an error, or no answer at all (status 0, code `unreachable`). */
export class ApiProblem extends Error {
  readonly status: number
  readonly code: string
  readonly errors: NonNullable<ProblemBody['errors']>
  /** All that the service said, as the wrong rows of an import. */
  readonly body: Readonly<Record<string, unknown>>
  constructor(status: number, body: Partial<ProblemBody>, cause?: unknown) {
    super(body.detail ?? body.title ?? `HTTP ${status}`, { cause })
    this.status = status
    this.code = body.code ?? (status === 0 ? 'unreachable' : 'internal')
    this.errors = body.errors ?? []
    this.body = body
  }
}

/** The path and query of an operation, as a link or a download needs them. */
export function addressOf<O extends OperationName>(operation: O, input: Input<O>): string {
  const { params = {}, query = {} } = input as AnyInput
  const template = operation.slice(operation.indexOf(' ') + 1)
  const path = template.replace(/\{(\w+)\}/g, (_match, name: string) => encodeURIComponent(String(params[name])))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) if (one !== undefined) search.append(name, String(one))
  }
  return search.size > 0 ? `${path}?${search}` : path
}

/** The session's token against forged requests; every change carries it. */
let csrfToken: string | undefined
export const rememberCsrfToken = (token: string | undefined): void => {
  csrfToken = token
}

/** Calls the service. Rejects with an ApiProblem where the answer is an error. */
export async function call<O extends OperationName>(
  operation: O,
  input: Input<O>,
  signal?: AbortSignal,
): Promise<Answer<O>> {
  const { body } = input as AnyInput
  return send(operation.slice(0, operation.indexOf(' ')), addressOf(operation, input), {
    ...(body !== undefined && { body: JSON.stringify(body), type: 'application/json' }),
    ...(signal && { signal }),
  }) as Promise<Answer<O>>
}

interface Sent {
  readonly body?: NonNullable<RequestInit['body']>
  readonly type?: string
  readonly signal?: AbortSignal
}

/** Sends something that the description of the api has no JSON type for, as a file to import. */
export async function send(method: string, address: string, sent: Sent): Promise<unknown> {
  const changes = method !== 'GET'
  const response = await fetch(address, {
    method,
    headers: {
      accept: 'application/json',
      ...(sent.type !== undefined && { 'content-type': sent.type }),
      ...(changes && csrfToken !== undefined && { 'x-csrf-token': csrfToken }),
    },
    ...(sent.body !== undefined && { body: sent.body }),
    ...(sent.signal && { signal: sent.signal }),
  }).catch((error: unknown) => {
    if (sent.signal?.aborted) throw error
    throw new ApiProblem(0, {}, error)
  })
  if (response.status === 204) return undefined
  const answer: unknown = await response.json().catch(() => ({}))
  if (!response.ok) throw new ApiProblem(response.status, answer as Partial<ProblemBody>)
  return answer
}
