import { zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sampleC } from '#domain/cold.ts'
import { newProbe, next, type ProbeInput, type ProbeState } from '#domain/dwelling-watch.ts'
import { quality } from '#domain/quality.ts'
import { minuteMs } from '#domain/time.ts'
import { createIdTable } from '../../ingest/watch/id-table.ts'
import { packPage, unpackEach, unpackPage } from '../../ingest/watch/page-codec.ts'
import { createProbeColumns } from '../../ingest/watch/probe-columns.ts'
import { createProbeTerms } from '../../ingest/watch/probe-terms.ts'
import { harbin } from '../support/watched-city.ts'

const start = Date.parse('2026-01-15T18:00:00+08:00')
const placement = { samplingMs: 5 * minuteMs, reportingMs: 5 * minuteMs, toleranceK: 0.3 }
const termsSource = createProbeTerms(harbin, { contractAt: () => 'heated' })

const inputs = fc.array(
  fc.record({
    stepMs: fc.integer({ min: -600_000, max: 3_600_000 }),
    c: fc.double({ min: -5, max: 40, noNaN: true }),
    near: fc.double({ min: -0.8, max: 0.8, noNaN: true }),
    kind: fc.constantFrom('near', 'near', 'near', 'near', 'far', 'fail', 'tick', 'close', 'late'),
  }),
  { maxLength: 80 },
)

/** So far apart, samples do not tell an open window. */
const seldom = { ...placement, samplingMs: 10 * minuteMs, reportingMs: 10 * minuteMs }

/** States that a probe's life can lead to. */
function statesOf(
  life: { stepMs: number; c: number; near: number; kind: string }[],
  standing: typeof placement = placement,
): ProbeState[] {
  let state = newProbe
  let at = start
  let c = 19
  return life.map(({ stepMs, c: far, near, kind }) => {
    at += stepMs
    c = kind === 'far' ? far : c + near
    const receivedAt = kind === 'late' ? at + 3 * 3_600_000 : at + 1000
    const terms = termsSource.terms(standing, 0, at, termsSource.openSinceDay(receivedAt))
    const sample = { kind: 'sample', at, c: sampleC(c), receivedAt, catchingUp: false } as const
    const input: ProbeInput =
      kind === 'tick'
        ? { kind: 'tick', at, catchingUp: false, quietMs: Math.max(0, stepMs) }
        : kind === 'close'
          ? { kind: 'closeDays', through: terms.day.day - 1 }
          : { ...sample, quality: kind === 'fail' ? quality.fail : quality.good }
    state = next(state, input, terms).state
    return state
  })
}

test('a state that is put into columns and got again is the same', () => {
  fc.assert(
    fc.property(fc.array(inputs, { minLength: 1, maxLength: 4 }), (lives) => {
      const columns = createProbeColumns()
      columns.reserve(lives.length)
      const all = lives.map((life) => statesOf(life))
      // In turn, so that records are taken and freed across slots.
      for (let turn = 0; turn < 80; turn += 1) {
        for (const [slot, states] of all.entries()) {
          const state = states[turn]
          if (!state) continue
          columns.put(slot, state)
          expect(columns.get(slot)).toEqual(state)
        }
      }
    }),
    { numRuns: 60 },
  )
})

/** Unpacks a page into columns and compares with what was packed; returns how many states took the short way. */
function expectPage(states: readonly ProbeState[]): number {
  const packed = packPage(states)
  expect(unpackPage(packed)).toEqual(states)
  // A page as it was written before pages were compressed.
  expect(unpackPage(zstdDecompressSync(packed))).toEqual(states)
  const [columns, other] = [createProbeColumns(), createProbeColumns()]
  columns.reserve(states.length)
  other.reserve(states.length)
  let plainStates = 0
  unpackEach(packed, {
    plain(slot, plain) {
      plainStates += 1
      columns.putPlain(slot, plain)
    },
    state: columns.put,
  })
  for (const [slot, state] of states.entries()) other.put(slot, state)
  expect(states.map((_, slot) => columns.get(slot))).toEqual(states)
  expect(columns.bits).toEqual(other.bits)
  return plainStates
}

test('a page that is packed and unpacked is the same, in few bytes, with objects and without', () => {
  fc.assert(
    fc.property(fc.array(inputs, { minLength: 1, maxLength: 20 }), (lives) => {
      expectPage(lives.map((life) => statesOf(life).at(-1) ?? newProbe))
    }),
    { numRuns: 60 },
  )
  const warm = Array.from({ length: 2048 }, (_, index) => {
    const life = Array.from({ length: 30 }, () => ({ stepMs: 600_000 + index, c: 0, near: 0.01, kind: 'near' }))
    return statesOf([{ stepMs: index * 300, c: 22, near: 0, kind: 'far' }, ...life], seldom).at(-1) ?? newProbe
  })
  expect(packPage(warm).length / warm.length).toBeLessThan(15)
  expect(expectPage(warm)).toBeGreaterThan(1_000)
})

test('ids get the number of their arrival, and keep it', () => {
  const ids = fc.array(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,20}$/), { maxLength: 400 })
  fc.assert(
    fc.property(ids, (list) => {
      const table = createIdTable()
      const known = [...new Set(list)]
      for (const id of list) table.take(id)
      expect(known.map((id) => table.find(id))).toEqual(known.map((_, index) => index))
      expect(known.map((_, index) => table.at(index))).toEqual(known)
      expect(table.length).toBe(known.length)
      expect(table.find('not taken, and with a blank')).toBe(-1)
    }),
  )
})
