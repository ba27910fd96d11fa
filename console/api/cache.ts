import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { ApiProblem } from './client.ts'
import type { Concerns } from './queries.ts'

declare module '@tanstack/react-query' {
  interface Register {
    queryMeta: { concerns?: Concerns | undefined }
    defaultError: Error
  }
}

/** Signals say when something is old; what they do not speak of is loaded again when it is looked at after this. */
const staleMs = 30_000
/** The service may be starting again: a few seconds of patience before an error is shown. */
const retriesMax = 2

/** Errors that asking again does not mend. */
const isFinal = (error: unknown) => error instanceof ApiProblem && error.status >= 400 && error.status < 500

/** The one cache of the service's answers. `onSignedOut` hears when the service no longer knows who asks. */
export function makeCache(onSignedOut: () => void): QueryClient {
  const onError = (error: unknown) => {
    if (error instanceof ApiProblem && error.code === 'unauthenticated') onSignedOut()
  }
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: staleMs,
        retry: (count, error) => count < retriesMax && !isFinal(error),
        // The browser's opinion of the network says nothing about a service in the same building.
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  })
}
