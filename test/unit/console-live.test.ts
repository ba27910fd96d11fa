import { type QueryClient, QueryObserver } from '@tanstack/react-query'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Signal } from '#domain/signal.ts'
import { makeCache } from '../../console/api/cache.ts'
import { makeRefresh, type Refresh } from '../../console/live/refresh.ts'

let cache: QueryClient
let refresh: Refresh
let loads: { flags: number; rankings: number }

beforeEach(() => {
  vi.useFakeTimers()
  cache = makeCache(() => {})
  refresh = makeRefresh(cache)
  loads = { flags: 0, rankings: 0 }
})
afterEach(() => {
  refresh.close()
  cache.clear()
  vi.useRealTimers()
})

const signal = (number: number, kind: Signal['kind']): Signal => ({
  number,
  at: number,
  kind,
  key: String(number),
  subjectKind: 'dwelling',
  subject: 'D-1',
  history: false,
  territory: [],
  ofDwelling: true,
  payload: {},
})

/** Two pages that somebody looks at: one of flags, and one that signals do not speak of. */
async function look(): Promise<void> {
  const observe = (name: keyof typeof loads, concerns?: (one: Signal) => boolean) =>
    new QueryObserver(cache, {
      queryKey: [name],
      queryFn: async () => {
        loads[name] += 1
        return loads[name]
      },
      staleTime: Number.POSITIVE_INFINITY,
      meta: { concerns },
    }).subscribe(() => {})
  observe('flags', ({ kind }) => kind.startsWith('flag.'))
  observe('rankings')
  await vi.advanceTimersByTimeAsync(0)
  expect(loads).toEqual({ flags: 1, rankings: 1 })
}

describe('what signals make old', () => {
  test('is loaded again at once, and nothing else', async () => {
    await look()
    refresh.consider([signal(1, 'alert.opened')])
    await vi.advanceTimersByTimeAsync(10)
    expect(loads).toEqual({ flags: 1, rankings: 1 })
    refresh.consider([signal(2, 'flag.raised')])
    await vi.advanceTimersByTimeAsync(10)
    expect(loads).toEqual({ flags: 2, rankings: 1 })
  })

  test('is loaded every two seconds in a storm of 1,000 signals a minute, and the last one is not missed', async () => {
    await look()
    for (let number = 1; number <= 1_000; number += 1) {
      refresh.consider([signal(number, 'flag.raised')])
      await vi.advanceTimersByTimeAsync(60)
    }
    const inStorm = loads.flags
    expect(inStorm).toBeLessThanOrEqual(32)
    expect(inStorm).toBeGreaterThan(25)
    await vi.advanceTimersByTimeAsync(2_000)
    const afterwards = loads.flags
    expect(afterwards).toBeLessThanOrEqual(inStorm + 1)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(loads.flags).toBe(afterwards)
  })

  test('is everything after a gap, but who is signed in', async () => {
    await look()
    const session = vi.fn(async () => 'somebody')
    new QueryObserver(cache, { queryKey: ['session'], queryFn: session }).subscribe(() => {})
    await vi.advanceTimersByTimeAsync(0)
    refresh.everything()
    await vi.advanceTimersByTimeAsync(10)
    expect(loads).toEqual({ flags: 2, rankings: 2 })
    expect(session).toHaveBeenCalledTimes(1)
  })
})
