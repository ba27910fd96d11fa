import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type FieldRow, type MappingRow, makeMapping, payloadFormats } from '#domain/payload-mapping.ts'
import { payloadFieldSchema, payloadMappingSchema } from '#domain/registry.ts'
import { tryMapping } from '../../ingest/codecs/try-mapping.ts'
import { type AddressPeriod, addressKey, type ForeignDirectory } from '../../ingest/pipeline/foreign-book.ts'
import { makeDecoder, rowsOf, type SentPayload, stretchOf } from '../support/decoded-delivery.ts'
import { changedSomewhere } from './changed-somewhere.ts'
import { type SparkplugNotation, sparkplugBytes } from './sparkplug-bytes.ts'

/** How the payloads of a folder are mapped, unless a fixture says otherwise. */
interface Mapped {
  readonly filter: string
  readonly topic: string
  readonly mapping: Omit<MappingRow, 'id' | 'format'>
  readonly fields: readonly Omit<Partial<FieldRow>, 'field'>[]
  /** Device by address; null where the address is not wanted. */
  readonly devices: Readonly<Record<string, string | null>>
}

interface Fixture extends Partial<Mapped> {
  readonly description: string
  readonly receivedAt: string
  readonly retain?: boolean
  /** The payload: JSON as it is, or text where the bytes matter. */
  readonly input?: unknown
  readonly inputText?: string
  /** Messages that the same gateway sent before it: a format may need them to be understood. */
  readonly before?: readonly { readonly topic: string; readonly input: unknown }[]
  /** `apart`: a pasted payload stands alone, and cannot be understood without those before it. */
  readonly trial?: 'apart'
  /** Readings that are stored: [device, metric, ISO time, value, quality]. */
  readonly output: readonly (readonly [string, string, string, number, string])[]
  /** What is wrong: [code, path, a part of the detail]. */
  readonly error?: readonly (readonly [string, string, string])[]
  readonly withoutTime?: number
}

const read = (url: URL) => JSON.parse(readFileSync(url, 'utf8'))

for (const format of payloadFormats) {
  describe(format, () => {
    const folder = new URL(`./${format}/`, import.meta.url)
    const usual: Mapped = read(new URL('mapping.json', folder))
    const fixtures: { file: string; fixture: Fixture & Mapped }[] = readdirSync(folder)
      .filter((file) => file !== 'mapping.json')
      .map((file) => ({ file, fixture: { ...usual, ...read(new URL(file, folder)) } }))

    const mappingOf = ({ mapping, fields }: Mapped) =>
      makeMapping(
        payloadMappingSchema.parse({ ...mapping, id: 'maker', format }),
        fields.map((field) => payloadFieldSchema.parse({ ...field, mapping: 'maker' })),
      )

    const directoryOf = (mapped: Mapped): ForeignDirectory => ({
      topics: async (gateways) =>
        new Map(gateways.map((gateway) => [gateway, [{ filter: mapped.filter, mapping: mappingOf(mapped) }]])),
      addresses: async (addresses) =>
        new Map(
          addresses.flatMap(({ gateway, address }): [string, AddressPeriod[]][] => {
            const device = Object.hasOwn(mapped.devices, address) ? mapped.devices[address] : undefined
            if (device === undefined) return []
            return [[addressKey({ gateway, address }), [{ device: device ?? undefined, from: 0, to: undefined }]]]
          }),
        ),
    })

    /** Decodes what came before, and then the payload by itself, from where the first block ended. */
    async function decodeLast(fixture: Fixture & Mapped, sent: SentPayload) {
      const decoder = makeDecoder(undefined, directoryOf(fixture))
      const { receivedAt } = sent
      const earlier = (fixture.before ?? []).map(({ topic, input }) => ({ topic, payload: bytesOf(input), receivedAt }))
      const { to } = await decoder.decode(stretchOf(earlier))
      const stretch = stretchOf([sent])
      return decoder.decode({ ...stretch, from: to, to: to + stretch.to })
    }

    const bytesOf = (input: unknown) =>
      format === 'sparkplug_b' ? sparkplugBytes(input as SparkplugNotation) : Buffer.from(JSON.stringify(input))
    const payloadOf = ({ inputText, input }: Fixture) =>
      inputText === undefined ? bytesOf(input) : Buffer.from(inputText)

    test('has fixtures of good, partly bad and unreadable payloads', () => {
      expect(fixtures.some(({ fixture }) => !fixture.error && fixture.output.length > 0)).toBe(true)
      expect(fixtures.some(({ fixture }) => fixture.error && fixture.output.length > 0)).toBe(true)
      expect(fixtures.some(({ fixture }) => fixture.error && fixture.output.length === 0)).toBe(true)
    })

    for (const { file, fixture } of fixtures) {
      test(`${file}: ${fixture.description}`, async () => {
        const payload = payloadOf(fixture)
        const { topic, filter, retain } = fixture
        const receivedAt = Date.parse(fixture.receivedAt)
        const block = await decodeLast(fixture, { topic, payload, receivedAt, retain })
        const rows = rowsOf(block).map((row) => [
          row.device,
          row.metric,
          new Date(row.at ?? 0).toISOString(),
          row.value,
          row.quality,
        ])
        expect(rows).toEqual(
          fixture.output.map(([device, metric, at, ...rest]) => [device, metric, new Date(at).toISOString(), ...rest]),
        )
        const problems = block.rejected.flatMap((rejected) => rejected.problems)
        expect(problems.map(({ code, path }) => [code, path])).toEqual(
          (fixture.error ?? []).map(([code, path]) => [code, path]),
        )
        for (const [index, [, , detail]] of (fixture.error ?? []).entries()) {
          expect(problems[index]?.detail).toContain(detail)
        }
        expect(block.readingsWithoutTime).toBe(fixture.withoutTime ?? 0)

        // A pasted payload is read by the same code: what it shows is what comes, but for devices that are not mapped.
        if (fixture.trial === 'apart') return
        const pasted = format === 'sparkplug_b' ? payload.toString('base64') : payload
        const tried = { filter, topic, payload: pasted, receivedAt, retained: retain }
        const trial = tryMapping(mappingOf(fixture), tried)
        for (const [index, { metric, at, value, quality }] of trial.readings.entries()) {
          if (trial.readings.length > rows.length) break
          expect([metric, new Date(at).toISOString(), value, quality]).toEqual(rows[index]?.slice(1))
        }
        expect(trial.readings.length).toBeGreaterThanOrEqual(rows.length)
      })
    }

    const survives = async (payload: Uint8Array, { fixture }: { fixture: Fixture & Mapped }) => {
      const receivedAt = Date.parse(fixture.receivedAt)
      const block = await decodeLast(fixture, { topic: fixture.topic, payload, receivedAt })
      expect(block.deliveries.taken + block.deliveries.rejected).toBe(1)
      for (const value of block.readings.value) expect(Number.isFinite(value)).toBe(true)
      for (const { problems } of block.rejected) {
        expect(problems.length).toBeGreaterThan(0)
        for (const { code, path, detail } of problems) {
          expect(code).toMatch(/^[a-z_]+$/)
          // What a codec throws is kept under this code.
          expect(code).not.toBe('codec_failed')
          expect(path).toMatch(/^\$/)
          expect(path.length).toBeLessThan(600)
          expect(detail.length).toBeGreaterThan(0)
          expect(detail.length).toBeLessThan(1_500)
        }
      }
    }
    /** JSON with one of its parts replaced; of a binary format, one of its bytes. */
    function nearly(input: unknown, place: number, other: unknown): Buffer {
      if (format !== 'sparkplug_b') return Buffer.from(JSON.stringify(changedSomewhere(input, place, other)))
      const bytes = bytesOf(input)
      bytes[place % bytes.length] = Buffer.from(JSON.stringify(other))[0] ?? 0
      return bytes
    }

    const anyFixture = fc.constantFrom(...fixtures)

    test('takes or rejects any bytes, and never throws', async () => {
      await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), anyFixture, survives), { numRuns: 100 })
    })

    test('takes or rejects any JSON, and never throws', async () => {
      await fc.assert(
        fc.asyncProperty(fc.json({ maxDepth: 4 }), anyFixture, (json, fixture) => survives(Buffer.from(json), fixture)),
        { numRuns: 200 },
      )
    })

    test('takes or rejects any payload that is nearly right, and never throws', async () => {
      const withInput = fixtures.filter(({ fixture }) => fixture.input !== undefined)
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...withInput), fc.nat(), fc.jsonValue(), (one, place, other) =>
          survives(nearly(one.fixture.input, place, other), one),
        ),
        { numRuns: 400 },
      )
    })
  })
}

test('every folder of fixtures belongs to a format', () => {
  const folders = readdirSync(new URL('./', import.meta.url), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
  expect(folders.sort()).toEqual(['native', 'senml', ...payloadFormats].sort())
})
