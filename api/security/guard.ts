import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import { can, type Permission, permissions } from '#domain/account.ts'
import type { Account } from '#store/ledger/accounts.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import { findApiToken, findSession } from '#store/ledger/sessions.ts'
import type { SignalAudience } from '#store/ledger/signals.ts'
import { ProblemError } from '../problems.ts'
import { sha256Hex } from './secrets.ts'

/** Who may call a route: anybody, whoever signed in, or accounts with a permission. */
type Access = 'public' | 'signedIn' | Permission

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Every route under `/api` states it; one that does not stops the service from starting. */
    access?: Access
  }
}

/** Who makes a request, and with what. */
export interface Principal {
  readonly account: Account
  readonly via: 'session' | 'token'
  readonly secretSha256: string
  /** A page of ours sends it back with every change. */
  readonly csrfToken?: string
  readonly expiresAt?: number
}

export const sessionCookie = 'warmcity_session'
const csrfHeader = 'x-csrf-token'

/** What a request or a socket shows for itself. */
export interface Presented {
  readonly bearer?: string
  readonly cookie?: string
}

/** Finds who stands behind a bearer token or a session cookie; undefined where nobody does. */
export async function identify(db: LedgerDb, presented: Presented, wallMs: number): Promise<Principal | undefined> {
  const secret = presented.bearer ?? presented.cookie
  if (secret === undefined) return undefined
  const secretSha256 = sha256Hex(secret)
  const via = presented.bearer === undefined ? 'session' : 'token'
  const csrfToken = via === 'session' ? csrfTokenOf(secret) : undefined
  return resolve(db, { via, secretSha256, ...(csrfToken !== undefined && { csrfToken }) }, wallMs)
}

/** Asks again whether a principal still is who it was, with today's rights. */
export async function identifyAgain(
  db: LedgerDb,
  principal: Principal,
  wallMs: number,
): Promise<Principal | undefined> {
  return resolve(db, principal, wallMs)
}

async function resolve(
  db: LedgerDb,
  known: Omit<Principal, 'account' | 'expiresAt'>,
  wallMs: number,
): Promise<Principal | undefined> {
  const find = known.via === 'session' ? findSession : findApiToken
  const credential = await find(db, known.secretSha256, wallMs)
  return credential && { ...known, ...credential }
}

/** Nobody without the session's secret can make it, and it gives nothing of the secret away. */
export const csrfTokenOf = (sessionSecret: string): string => sha256Hex(`csrf ${sessionSecret}`)

/** What a principal may see of the stream of signals. */
export const audienceOf = (account: Account): SignalAudience => ({
  scope: account.scope,
  dwellings: can(account.role, 'dwelling.read'),
})

/** The principal of a request to a route that is not public. */
export function principalOf(request: FastifyRequest): Principal {
  const principal = request.getDecorator<Principal | null>('principal')
  if (!principal) throw new Error(`${request.method} ${request.url} asks who calls, but its access is public`)
  return principal
}

/** The account of a request, where it has the whole city. */
export function wholeCityAccount(request: FastifyRequest): Account {
  const { account } = principalOf(request)
  if (account.scope.kind === 'city') return account
  throw new ProblemError('forbidden', 'Only for accounts whose scope is the whole city')
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Puts the declared access before every route that is registered after it in this context. */
export function guardRoutes(app: FastifyInstance, db: LedgerDb, wallClock: () => number): void {
  const guards = new WeakSet<object>()
  app.addHook('onRoute', (route: RouteOptions) => {
    const access = route.config?.access
    if (access === undefined) throw new Error(`${route.method} ${route.url} does not state who may call it`)
    const existing = route.onRequest === undefined ? [] : [route.onRequest].flat()
    // HEAD comes from GET and brings what was put before it.
    if (existing.some((hook) => guards.has(hook))) return
    const check = (request: FastifyRequest) => checkAccess(request, db, wallClock(), access)
    guards.add(check)
    // HEAD shares the schema of its GET: it would say everything twice.
    if (route.method !== 'HEAD') declareSecurity(route, access)
    route.onRequest = [check, ...existing]
  })
}

function declareSecurity(route: RouteOptions, access: Access): void {
  if (!route.schema || access === 'public') return
  route.schema.security = [{ session: [] }, { token: [] }]
  if (!(permissions as readonly string[]).includes(access)) return
  const description = route.schema.description
  route.schema.description = `${description ? `${description}\n\n` : ''}Needs the permission \`${access}\`.`
}

async function checkAccess(request: FastifyRequest, db: LedgerDb, wallMs: number, access: Access): Promise<void> {
  const principal = await identify(db, presentedBy(request), wallMs)
  if (principal) request.setDecorator('principal', principal)
  if (!safeMethods.has(request.method)) refuseOtherOrigins(request)
  if (access === 'public') return
  if (!principal) {
    throw new ProblemError('unauthenticated', undefined, {}, { 'www-authenticate': 'Bearer realm="warmcity"' })
  }
  const carriesCsrfToken = request.headers[csrfHeader] === principal.csrfToken
  if (principal.via === 'session' && !safeMethods.has(request.method) && !carriesCsrfToken) {
    throw new ProblemError('csrf', `Send the csrfToken of your session in the header "${csrfHeader}"`)
  }
  if (access !== 'signedIn' && !can(principal.account.role, access)) {
    throw new ProblemError('forbidden', `The role ${principal.account.role} has no permission "${access}"`)
  }
}

function presentedBy(request: FastifyRequest): Presented {
  const bearer = bearerOf(request.headers.authorization)
  const cookie = request.cookies[sessionCookie]
  return { ...(bearer !== undefined && { bearer }), ...(cookie !== undefined && { cookie }) }
}

/** The token of an Authorization header, if it is a bearer's. */
export const bearerOf = (header: string | undefined): string | undefined => /^Bearer ([^ ]+)$/i.exec(header ?? '')?.[1]

/** The session's secret in a Cookie header. Secrets are base64url, so nothing needs decoding. */
export const sessionCookieOf = (header: string | undefined): string | undefined =>
  new RegExp(`(?:^|;) *${sessionCookie}=([\\w-]+)`).exec(header ?? '')?.[1]

/** Browsers say where a page that makes a change came from; programs say nothing, and carry no cookies of others. */
function refuseOtherOrigins(request: FastifyRequest): void {
  const origin = request.headers.origin
  if (origin === undefined || isOwnOrigin(origin, request.host)) return
  throw new ProblemError('csrf', 'The request comes from a page of another origin')
}

export function isOwnOrigin(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host
}
