import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { hourMs, minuteMs, secondMs } from '#domain/time.ts'
import { startTicks } from '../../ingest/ticks.ts'

const start = Date.parse('2026-01-15T20:00:00+08:00')

beforeEach(() => vi.useFakeTimers({ now: start }))
afterEach(() => vi.useRealTimers())

/** A journal that writes down its ticks: when, and whether the time before was an outage. */
function newEdge(speed = 1) {
  const ticks: [at: number, isOutage: boolean][] = []
  const edge = {
    awayMs: 0,
    withheld: false,
    now: () => start + (Date.now() - start) * speed + edge.stepped,
    stepped: 0,
    outages: () => ticks.filter(([, isOutage]) => isOutage).map(([at]) => at - start),
    count: () => ticks.length,
  }
  const journal = {
    tick(at: number, _catchingUp: boolean, started: boolean): boolean {
      if (!edge.withheld) ticks.push([at, started])
      return !edge.withheld
    },
  }
  const clock = { now: edge.now, anchor: () => ({ catchingUp: false, speed }) }
  return { ...startTicks({ journal, clock, sourceAwayMs: () => edge.awayMs }), edge }
}

test('the start is told, and from then on every second of the machine', () => {
  const { edge, stop } = newEdge(60)
  vi.advanceTimersByTime(5 * secondMs)
  stop()
  vi.advanceTimersByTime(5 * secondMs)
  expect(edge.count()).toBe(6)
  expect(edge.outages()).toEqual([0])
})

test('what a suspended machine did not hear is told before the first delivery that comes again', () => {
  const { edge, beforeDelivery, stop } = newEdge()
  vi.advanceTimersByTime(5 * secondMs)
  vi.setSystemTime(start + 8 * hourMs)
  beforeDelivery(start + 8 * hourMs)
  beforeDelivery(start + 8 * hourMs + 1)
  vi.advanceTimersByTime(secondMs)
  stop()
  expect(edge.outages()).toEqual([0, 8 * hourMs])
})

test('a source that was away is told of before the first delivery that it brings', () => {
  const { edge, beforeDelivery, stop } = newEdge()
  edge.awayMs = 11 * secondMs
  vi.advanceTimersByTime(minuteMs)
  edge.awayMs = 0
  expect(edge.count()).toBe(1)
  beforeDelivery(edge.now())
  vi.advanceTimersByTime(3 * secondMs)
  stop()
  expect(edge.outages()).toEqual([0, minuteMs])
})

test('while acks are withheld the clock stands still, and that is told as well', () => {
  const { edge, stop } = newEdge()
  edge.withheld = true
  vi.advanceTimersByTime(hourMs)
  edge.withheld = false
  vi.advanceTimersByTime(2 * secondMs)
  stop()
  expect(edge.outages()).toEqual([0, hourMs + secondMs])
})

test('a step of the clock is no outage', () => {
  const { edge, beforeDelivery, clockMoved, stop } = newEdge()
  edge.stepped = hourMs
  clockMoved()
  beforeDelivery(edge.now())
  edge.stepped = 0
  clockMoved()
  vi.advanceTimersByTime(5 * secondMs)
  stop()
  expect(edge.outages()).toEqual([0])
})
