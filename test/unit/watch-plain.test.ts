import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sampleC } from '#domain/cold.ts'
import { newProbe, next, type ProbeState } from '#domain/dwelling-watch.ts'
import { quality } from '#domain/quality.ts'
import { dayMs, minuteMs } from '#domain/time.ts'
import { createDirectory } from '../../ingest/watch/directory.ts'
import { createDirtyPages } from '../../ingest/watch/pages.ts'
import { createProbeColumns } from '../../ingest/watch/probe-columns.ts'
import { createProbeTerms } from '../../ingest/watch/probe-terms.ts'
import { createProbeWatch } from '../../ingest/watch/probe-watch.ts'
import { harbin } from '../support/watched-city.ts'

const evening = Date.parse('2026-01-15T21:00:00+08:00')

/** A mostly warm life with what is near the edges: steps at the rate limit, values at the target, midnight. */
const life = fc.array(
  fc.record({
    stepMs: fc.oneof(
      { weight: 30, arbitrary: fc.integer({ min: 1, max: 20 * minuteMs }) },
      { weight: 1, arbitrary: fc.integer({ min: -minuteMs, max: 4 * 3_600_000 }) },
    ),
    change: fc.oneof(
      { weight: 30, arbitrary: fc.integer({ min: -40, max: 42 }) },
      { weight: 1, arbitrary: fc.integer({ min: -400, max: 400 }) },
    ),
    good: fc.integer({ min: 0, max: 60 }).map((roll) => roll > 0),
    delayMs: fc.integer({ min: 0, max: 40 * minuteMs }),
  }),
  { minLength: 30, maxLength: 120 },
)

test('the short way through the columns gives what the pure watch gives', () => {
  let plain = 0
  fc.assert(
    fc.property(
      life,
      fc.constantFrom(300, 600, 1200),
      fc.constantFrom(evening, evening + 90 * dayMs),
      (steps, samplingS, start) => {
        const directory = createDirectory()
        directory.addContracts([{ dwelling: 'D', valid_from: 0, valid_to: null, contract: 'heated' }])
        const row = {
          device: 'P',
          gateway: 'G',
          place_kind: 'dwelling',
          place: 'D',
          valid_from: 0,
          valid_to: null,
          sampling_interval_s: samplingS,
          reporting_interval_s: samplingS,
          tolerance_k: 0.3,
          batch: 1,
        } as const
        directory.addPlacements([row], () => start)
        directory.finishLoad()
        const columns = createProbeColumns()
        columns.reserve(1)
        const termsSource = createProbeTerms(harbin, directory)
        const watch = createProbeWatch({ directory, columns, pages: createDirtyPages(), termsSource, emit: () => {} })
        const placement = { samplingMs: samplingS * 1000, reportingMs: samplingS * 1000, toleranceK: 0.3 }

        let pure: ProbeState = newProbe
        let at = start
        let centi = 2200
        let now = start
        for (const { stepMs, change, good, delayMs } of steps) {
          at += stepMs
          centi = Math.max(1800, Math.min(2600, centi + change))
          const receivedAt = at + delayMs
          now = Math.max(now, receivedAt)
          const reading = { at, value: centi / 100, quality: good ? quality.good : quality.fail, receivedAt }
          watch.sample(0, reading, { position: 0, now, catchingUp: false, emitting: true })
          const terms = termsSource.terms(placement, 0, at, termsSource.openSinceDay(now))
          const input = { kind: 'sample', at, c: sampleC(centi / 100), receivedAt, catchingUp: false } as const
          pure = next(pure, { ...input, quality: reading.quality }, terms).state
          expect(columns.get(0)).toEqual(pure)
        }
        plain += watch.counters().plainSamples
      },
    ),
    { numRuns: 200 },
  )
  expect(plain).toBeGreaterThan(1_000)
})
