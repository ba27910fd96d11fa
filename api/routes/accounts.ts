import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { type Role, roles, type Scope, scopeSchema } from '#domain/account.ts'
import { idSchema } from '#domain/registry.ts'
import { changeAccount, countActiveAdmins, createAccount, findAccount, listAccounts } from '#store/ledger/accounts.ts'
import { appendAudit } from '#store/ledger/audit.ts'
import type { LedgerTransaction } from '#store/ledger/database.ts'
import { currentRow } from '#store/ledger/registry-lookups.ts'
import { endSessionsOf } from '#store/ledger/sessions.ts'
import { accountSchema, passwordSchema } from '../account-schemas.ts'
import type { ApiDeps } from '../deps.ts'
import { invalid, ProblemError } from '../problems.ts'
import { idParams, makePage, pageOf, pageQuery } from '../schemas.ts'
import { principalOf } from '../security/guard.ts'
import type { Passwords } from '../security/passwords.ts'

interface AccountDeps extends Pick<ApiDeps, 'ledger' | 'clock'> {
  readonly passwords: Passwords
}

const newAccountSchema = z.strictObject({
  id: idSchema.describe('What is typed at login; never given to somebody else later'),
  name: z.string().trim().min(1).max(120),
  role: z.enum(roles),
  scope: scopeSchema,
  password: passwordSchema,
})

const accountChangeSchema = z.strictObject({
  name: z.string().trim().min(1).max(120).optional(),
  role: z.enum(roles).optional(),
  scope: scopeSchema.optional(),
  password: passwordSchema.optional(),
  disabled: z.boolean().optional(),
})

export const accountRoutes: FastifyPluginAsyncZod<AccountDeps> = async (app, { ledger, clock, passwords }) => {
  const tags = ['accounts']
  const config = { access: 'account.write' } as const

  app.get(
    '/accounts',
    {
      config,
      schema: { tags, summary: 'Accounts', querystring: pageQuery, response: { 200: pageOf(accountSchema) } },
    },
    async (request) => {
      const { limit, cursor } = request.query
      return makePage(await listAccounts(ledger.db, cursor ?? '', limit + 1), limit, (last) => last.id)
    },
  )

  app.get(
    '/accounts/:id',
    { config, schema: { tags, summary: 'One account', params: idParams, response: { 200: accountSchema } } },
    async (request) => {
      const account = await findAccount(ledger.db, request.params.id)
      if (!account) throw new ProblemError('not_found')
      return account
    },
  )

  app.post(
    '/accounts',
    {
      config,
      schema: { tags, summary: 'Make an account', body: newAccountSchema, response: { 201: accountSchema } },
    },
    async (request, reply) => {
      const actor = principalOf(request).account.id
      const { id, name, role, scope } = request.body
      const password = await passwords.hash(request.body.password)
      const at = clock.now()
      const created = await ledger.write(async (transaction) => {
        await requireScope(transaction, role, scope)
        const account = await createAccount(transaction, { id, name, role, scope, createdAt: at, password })
        if (!account) throw new ProblemError('conflict', `The account "${id}" exists, or existed once`)
        const detail = { name, role, scope }
        await appendAudit(transaction, { at, actor, action: 'account.create', subject: `account/${id}`, detail })
        return account
      })
      return reply.code(201).header('location', `${request.routeOptions.url}/${id}`).send(created)
    },
  )

  app.patch(
    '/accounts/:id',
    {
      config,
      schema: {
        tags,
        summary: 'Change an account',
        description: 'New rights hold at once: open sockets end, a new password or disabling ends all sessions.',
        params: idParams,
        body: accountChangeSchema,
        response: { 200: accountSchema },
      },
    },
    async (request) => {
      const actor = principalOf(request).account.id
      const { id } = request.params
      const { password, disabled, ...change } = request.body
      const hash = password === undefined ? undefined : await passwords.hash(password)
      const at = clock.now()
      return ledger.write(async (transaction) => {
        const before = await findAccount(transaction, id)
        if (!before) throw new ProblemError('not_found')
        await requireScope(transaction, change.role ?? before.role, change.scope ?? before.scope)
        const account = await changeAccount(transaction, id, {
          ...change,
          ...(hash !== undefined && { password: hash }),
          ...(disabled !== undefined && { disabledAt: disabled ? (before.disabledAt ?? at) : null }),
        })
        if (!account) throw new ProblemError('not_found')
        if ((await countActiveAdmins(transaction)) === 0) {
          throw new ProblemError('conflict', 'This is the last admin: nobody could manage accounts any more')
        }
        if (password !== undefined || disabled) await endSessionsOf(transaction, id)
        const detail = {
          ...change,
          ...(disabled !== undefined && { disabled }),
          ...(password !== undefined && { password: 'changed' }),
        }
        await appendAudit(transaction, { at, actor, action: 'account.change', subject: `account/${id}`, detail })
        return account
      })
    },
  )
}

async function requireScope(transaction: LedgerTransaction, role: Role, scope: Scope): Promise<void> {
  // Accounts are the city's: an admin of a district could make accounts that see more than it does.
  if (role === 'admin' && scope.kind !== 'city') throw new ProblemError('conflict', 'An admin has the whole city')
  if (scope.kind === 'city' || (await currentRow(transaction, scope.kind, scope.id))) return
  throw invalid({ where: 'body/scope/id', reason: `the registry has no ${scope.kind} "${scope.id}"` })
}
