import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { gatewayTopic } from '#domain/topics.ts'
import { codecs } from '../../ingest/codecs/index.ts'
import { makeDecoder, rowsOf, stretchOf } from '../support/decoded-delivery.ts'
import { changedSomewhere } from './changed-somewhere.ts'

/** Received at this time, unless the fixture says otherwise. */
const receivedAt = Date.parse('2026-01-15T08:00:00+08:00')

interface Fixture {
  readonly description: string
  /** The payload: JSON as it is, or text where the bytes matter. */
  readonly input?: unknown
  readonly inputText?: string
  readonly topic?: string
  /** Readings that are stored: [device, metric, ISO time, value, quality]. */
  readonly output: readonly (readonly [string, string, string, number, string])[]
  /** What is wrong: [code, path, a part of the detail]. */
  readonly error?: readonly (readonly [string, string, string])[]
  readonly withoutTime?: number
}

const topicOf: Readonly<Record<string, string>> = {
  native: gatewayTopic('G-1', 'readings'),
  senml: gatewayTopic('G-1', 'senml'),
}

const fixturesOf = (codec: string): { file: string; fixture: Fixture }[] => {
  const folder = new URL(`./${codec}/`, import.meta.url)
  return readdirSync(folder).map((file) => ({ file, fixture: JSON.parse(readFileSync(new URL(file, folder), 'utf8')) }))
}

for (const codec of codecs) {
  describe(codec.name, () => {
    const fixtures = fixturesOf(codec.name)

    test('has fixtures of good, partly bad and unreadable payloads', () => {
      expect(fixtures.some(({ fixture }) => !fixture.error)).toBe(true)
      expect(fixtures.some(({ fixture }) => fixture.error && fixture.output.length > 0)).toBe(true)
      expect(fixtures.some(({ fixture }) => fixture.error && fixture.output.length === 0)).toBe(true)
    })

    for (const { file, fixture } of fixtures) {
      test(`${file}: ${fixture.description}`, async () => {
        const payload = fixture.inputText ?? JSON.stringify(fixture.input)
        const topic = fixture.topic ?? topicOf[codec.name] ?? ''
        const block = await makeDecoder().decode(stretchOf([{ topic, payload, receivedAt }]))
        const rows = rowsOf(block).map((row) => [
          row.device,
          row.metric,
          new Date(row.at ?? 0).toISOString(),
          row.value,
          row.quality,
        ])
        expect(rows).toEqual(fixture.output.map(([device, metric, at, ...rest]) => [device, metric, iso(at), ...rest]))
        const problems = block.rejected.flatMap((rejected) => rejected.problems)
        expect(problems.map(({ code, path }) => [code, path])).toEqual(
          (fixture.error ?? []).map(([code, path]) => [code, path]),
        )
        for (const [index, [, , detail]] of (fixture.error ?? []).entries()) {
          expect(problems[index]?.detail).toContain(detail)
        }
        expect(block.readingsWithoutTime).toBe(fixture.withoutTime ?? 0)
        const [rejected] = block.rejected
        if (rejected) expect(Buffer.from(rejected.payload).toString()).toBe(payload)
        expect(rejected?.storedReadings ?? rows.length).toBe(rows.length)
      })
    }

    const topic = topicOf[codec.name] ?? ''
    const survives = async (payload: Uint8Array) => {
      const block = await makeDecoder().decode(stretchOf([{ topic, payload, receivedAt }]))
      expect(block.deliveries.taken + block.deliveries.rejected).toBe(1)
      for (const { problems } of block.rejected) {
        expect(problems.length).toBeGreaterThan(0)
        for (const { code, path, detail } of problems) {
          expect(code).toMatch(/^[a-z_]+$/)
          // What a codec throws is kept under this code.
          expect(code).not.toBe('codec_failed')
          expect(path).toMatch(/^\$/)
          expect(detail.length).toBeGreaterThan(0)
          expect(detail.length).toBeLessThan(1_000)
        }
      }
    }

    test('takes or rejects any bytes, and never throws', async () => {
      await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), survives))
    })

    test('takes or rejects any JSON, and never throws', async () => {
      await fc.assert(
        fc.asyncProperty(fc.json({ maxDepth: 4 }), (json) => survives(Buffer.from(json))),
        { numRuns: 300 },
      )
    })

    test('takes or rejects any payload that is nearly right, and never throws', async () => {
      const inputs = fixtures.flatMap(({ fixture }) => (fixture.input === undefined ? [] : [fixture.input]))
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...inputs), fc.nat(), fc.jsonValue(), (input, place, other) =>
          survives(Buffer.from(JSON.stringify(changedSomewhere(input, place, other)))),
        ),
        { numRuns: 500 },
      )
    })
  })
}

test('a topic that no codec reads is kept with the reason', async () => {
  const block = await makeDecoder().decode(stretchOf([{ topic: 'brand/G-1/up', payload: '{}', receivedAt }]))
  expect(block.rejected[0]?.problems[0]?.code).toBe('no_codec')
})

test('a codec that throws all the same costs its delivery, and nothing behind it', async () => {
  const [codec] = codecs
  if (!codec) throw new Error('there is no codec')
  const decode = codec.decode.bind(codec)
  const failing = vi.spyOn(codec, 'decode').mockImplementation((payload, intake) => {
    const problems = decode(payload, intake)
    if (payload.includes('P-2')) throw new Error('a mistake of ours')
    return problems
  })
  onTestFinished(() => failing.mockRestore())
  const sent = ['P-1', 'P-2', 'P-3'].map((device) => ({
    topic: gatewayTopic('G-1', 'readings'),
    payload: JSON.stringify({ device, values: { indoor_temperature_c: 20 } }),
    receivedAt,
  }))
  const block = await makeDecoder().decode(stretchOf(sent))
  expect(rowsOf(block).map(({ device }) => device)).toEqual(['P-1', 'P-3'])
  expect(block.readingsWithoutTime).toBe(2)
  expect(block.deliveries).toMatchObject({ total: 3, taken: 2, rejected: 1 })
  expect(block.rejected).toMatchObject([
    { storedReadings: 0, problems: [{ code: 'codec_failed', detail: expect.stringContaining('a mistake of ours') }] },
  ])
  expect(Buffer.from(block.rejected[0]?.payload ?? []).toString()).toBe(sent[1]?.payload)
})

const iso = (at: string) => new Date(at).toISOString()
