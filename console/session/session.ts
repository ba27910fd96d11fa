import { type QueryClient, queryOptions, useSuspenseQuery } from '@tanstack/react-query'
import type { Permission } from '#domain/account.ts'
import { ApiProblem, call, rememberCsrfToken, type Schemas } from '../api/client.ts'

export type Session = Schemas['Session']

/** Who is signed in at this browser; null where nobody is. */
export const sessionQuery = queryOptions({
  queryKey: ['session'] as const,
  async queryFn({ signal }): Promise<Session | null> {
    try {
      const session = await call('GET /api/v1/auth/me', {}, signal)
      rememberCsrfToken(session.csrfToken)
      return session
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) return null
      throw error
    }
  },
  // The socket says at once when rights change.
  staleTime: Number.POSITIVE_INFINITY,
})

export async function signIn(cache: QueryClient, account: string, password: string): Promise<void> {
  const session = await call('POST /api/v1/auth/login', { body: { account, password } })
  rememberCsrfToken(session.csrfToken)
  cache.clear()
  cache.setQueryData(sessionQuery.queryKey, session)
}

export async function signOut(cache: QueryClient): Promise<void> {
  await call('POST /api/v1/auth/logout', {})
  forgetSession(cache)
}

/** Nothing that somebody was shown may be left for whoever signs in next. */
export function forgetSession(cache: QueryClient): void {
  rememberCsrfToken(undefined)
  cache.clear()
  cache.setQueryData(sessionQuery.queryKey, null)
}

/** The session of a page that only signed-in people reach. */
export function useSession(): Session {
  const { data } = useSuspenseQuery(sessionQuery)
  if (!data) throw new Error('a page asks for the session while nobody is signed in')
  return data
}

export const may = (session: Session, permission: Permission): boolean => session.permissions.includes(permission)

/** Whether the person at this browser may do something. */
export const useMay = (permission: Permission): boolean => may(useSession(), permission)
