import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { permissions, rolePermissions } from '#domain/account.ts'
import { changeAccount, findAccount, passwordHash } from '#store/ledger/accounts.ts'
import { appendAudit } from '#store/ledger/audit.ts'
import { createSession, endSession, endSessionsOf } from '#store/ledger/sessions.ts'
import { accountSchema, passwordSchema } from '../account-schemas.ts'
import type { ApiDeps, ApiOptions } from '../deps.ts'
import { ProblemError } from '../problems.ts'
import { instantOut } from '../schemas.ts'
import { csrfTokenOf, type Principal, principalOf, sessionCookie } from '../security/guard.ts'
import type { LoginLimiter } from '../security/login-limiter.ts'
import type { Passwords } from '../security/passwords.ts'
import { newSecret, sha256Hex } from '../security/secrets.ts'

/** A shift and the handover; a session does not outlive it however busy it is. */
const sessionMs = 12 * 3_600_000
const sessionSchema = z
  .object({
    account: accountSchema,
    permissions: z.array(z.enum(permissions)),
    via: z.enum(['session', 'token']),
    expiresAt: instantOut.optional().describe('Wall-clock time, epoch milliseconds'),
    csrfToken: z.string().optional().describe('Send it back in the header x-csrf-token with every change'),
  })
  .meta({ id: 'Session' })

interface AuthDeps extends Pick<ApiDeps, 'ledger' | 'clock'> {
  readonly wallClock: () => number
  readonly passwords: Passwords
  readonly loginLimiter: LoginLimiter
  readonly options: Pick<ApiOptions, 'secureCookies'>
}

export const authRoutes: FastifyPluginAsyncZod<AuthDeps> = async (app, deps) => {
  const { ledger, clock, wallClock, passwords, loginLimiter, options } = deps
  const cookieAttributes = { path: '/', httpOnly: true, sameSite: 'strict', secure: options.secureCookies } as const

  /** Whether it is the account's password; whoever guesses is told to wait. */
  async function isPassword(account: string, password: string, address: string): Promise<boolean> {
    const waitMs = loginLimiter.retryAfterMs(account, address)
    if (waitMs > 0) {
      const seconds = String(Math.ceil(waitMs / 1_000))
      const detail = `Too many wrong passwords: try again in ${seconds} s`
      throw new ProblemError('rate_limited', detail, {}, { 'retry-after': seconds })
    }
    loginLimiter.attempted(account, address)
    const isRight = await passwords.verify(password, await passwordHash(ledger.db, account))
    if (isRight) loginLimiter.succeeded(account, address)
    return isRight
  }

  app.post(
    '/auth/login',
    {
      config: { access: 'public' },
      schema: {
        tags: ['auth'],
        summary: 'Sign in with account and password',
        description: 'Sets the session cookie. Scripts better use a token.',
        body: z.strictObject({ account: z.string().min(1).max(64), password: z.string().min(1).max(200) }),
        response: { 200: sessionSchema },
      },
    },
    async (request, reply) => {
      const { account: id, password } = request.body
      const accepted = await isPassword(id, password, request.ip)
      const account = accepted ? await findAccount(ledger.db, id) : undefined
      if (!account) throw new ProblemError('wrong_login')
      const secret = newSecret('wcs')
      const now = wallClock()
      const expiresAt = now + sessionMs
      await ledger.write(async (transaction) => {
        await createSession(transaction, { sha256: sha256Hex(secret), account: id, createdAt: now, expiresAt })
        await appendAudit(transaction, {
          at: clock.now(),
          actor: id,
          action: 'session.begin',
          subject: `account/${id}`,
          detail: { address: request.ip },
        })
      })
      reply.setCookie(sessionCookie, secret, { ...cookieAttributes, maxAge: sessionMs / 1_000 })
      reply.header('cache-control', 'no-store')
      return describe({ account, via: 'session', secretSha256: '', csrfToken: csrfTokenOf(secret), expiresAt })
    },
  )

  app.post(
    '/auth/logout',
    {
      config: { access: 'signedIn' },
      schema: { tags: ['auth'], summary: 'End this session', response: { 204: z.undefined() } },
    },
    async (request, reply) => {
      const principal = principalOf(request)
      if (principal.via === 'token') throw new ProblemError('conflict', 'A token is revoked, not signed out')
      await ledger.write(async (transaction) => {
        await endSession(transaction, principal.secretSha256)
        const subject = `account/${principal.account.id}`
        await appendAudit(transaction, { at: clock.now(), actor: principal.account.id, action: 'session.end', subject })
      })
      reply.clearCookie(sessionCookie, cookieAttributes)
      return reply.code(204).send()
    },
  )

  app.get(
    '/auth/me',
    {
      config: { access: 'signedIn' },
      schema: { tags: ['auth'], summary: 'Who I am and what I may do', response: { 200: sessionSchema } },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store')
      return describe(principalOf(request))
    },
  )

  app.post(
    '/auth/password',
    {
      config: { access: 'signedIn' },
      schema: {
        tags: ['auth'],
        summary: 'Change my password',
        description: 'Ends all other sessions of the account.',
        body: z.strictObject({ current: z.string().min(1).max(200), next: passwordSchema }),
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const { account, secretSha256 } = principalOf(request)
      if (!(await isPassword(account.id, request.body.current, request.ip))) {
        throw new ProblemError('wrong_login', 'The current password is wrong')
      }
      const password = await passwords.hash(request.body.next)
      await ledger.write(async (transaction) => {
        await changeAccount(transaction, account.id, { password })
        await endSessionsOf(transaction, account.id, secretSha256)
        const subject = `account/${account.id}`
        await appendAudit(transaction, { at: clock.now(), actor: account.id, action: 'account.password', subject })
      })
      return reply.code(204).send()
    },
  )
}

function describe(principal: Principal) {
  return {
    account: principal.account,
    permissions: [...rolePermissions[principal.account.role]],
    via: principal.via,
    ...(principal.expiresAt !== undefined && { expiresAt: principal.expiresAt }),
    ...(principal.csrfToken !== undefined && { csrfToken: principal.csrfToken }),
  }
}
