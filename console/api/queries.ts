import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { Signal } from '#domain/signal.ts'
import type { Operations } from '../generated/operations.ts'
import { type Answer, type AnyInput, call, type Input, type OperationName } from './client.ts'

/** Which signals make an answer old; the live layer loads it again then. */
export type Concerns = (signal: Signal) => boolean

export interface QueryTerms {
  readonly concerns?: Concerns
  readonly enabled?: boolean
}

/** The options under which an operation's answer is kept: the same everywhere, so that pages share answers. */
export const queryOf = <O extends OperationName>(operation: O, input: Input<O>, terms: QueryTerms = {}) =>
  queryOptions({
    queryKey: [operation, input] as const,
    queryFn: ({ signal }) => call(operation, input, signal),
    meta: { concerns: terms.concerns },
    ...(terms.enabled !== undefined && { enabled: terms.enabled }),
  })

/** The kept answers of every address with this in it, to be loaded again after somebody changed something there. */
export const answersAt = (part: string) => ({
  predicate: ({ queryKey }: { readonly queryKey: readonly unknown[] }) => String(queryKey[0]).includes(part),
})

/** Operations that answer in pages: `items`, and `next` while there are more. */
type PagedOperation = {
  [O in OperationName]: Operations[O]['query'] extends { cursor?: string }
    ? Answer<O> extends { items: unknown[] }
      ? O
      : never
    : never
}[OperationName]
export type Item<O extends PagedOperation> = Answer<O>['items'][number]

interface Page<T> {
  readonly items: readonly T[]
  readonly next?: string
}

/** Rows in one request of a list: as many as the service gives. */
const rowsPerPage = 500

/** A list that loads on while one scrolls. */
export const listOf = <O extends PagedOperation>(operation: O, input: Input<O>, terms: QueryTerms = {}) =>
  infiniteQueryOptions({
    queryKey: [operation, 'list', input] as const,
    queryFn: ({ signal, pageParam }) => {
      const query = { ...(input as AnyInput).query, limit: rowsPerPage, ...(pageParam !== '' && { cursor: pageParam }) }
      return call(operation, { ...(input as AnyInput), query } as Input<O>, signal) as Promise<Page<Item<O>>>
    },
    initialPageParam: '',
    getNextPageParam: (last) => last.next,
    meta: { concerns: terms.concerns },
    ...(terms.enabled !== undefined && { enabled: terms.enabled }),
  })
