import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import type { LedgerDb } from '#store/ledger/database.ts'
import { type PlacementRow, placementPages } from '#store/ledger/directory.ts'
import { BlockDecoder, type PipelineBlock } from '../../ingest/pipeline/block-decoder.ts'
import { DeviceJudge } from '../../ingest/pipeline/device-judge.ts'
import { ForeignBook } from '../../ingest/pipeline/foreign-book.ts'
import { ledgerDirectory } from '../../ingest/pipeline/ledger-directory.ts'
import type { DeviceDirectory } from '../../ingest/pipeline/registrations.ts'
import type { RegisteredDevices } from '../../ingest/registered-devices.ts'
import { createDirectory } from '../../ingest/watch/directory.ts'
import { registeredDevices } from '../../ingest/watch/registered.ts'
import { nothingHeld, nothingMapped, rowsOf, type SentPayload, stretchOf } from '../support/decoded-delivery.ts'
import { newLedger } from '../support/new-ledger.ts'

const ledger = await newLedger()
afterAll(() => ledger.close())

const start = Date.parse('2026-01-15T08:00:00+08:00')
const devices = ['P-0', 'P-1', 'P-2', 'P-3']
const gateways = ['A', 'B', 'C']
/** Times at which entries begin and readings come. */
const times = [0, 100, 200, 300, 400]
const batchesMax = 5

const row = fc.record({
  device: fc.constantFrom(...devices),
  gateway: fc.constantFrom(...gateways),
  from: fc.constantFrom(...times),
  /** Without end, taken back, or for a while. */
  lastsMs: fc.constantFrom(undefined, 0, 100, 200),
})
const batch = fc.uniqueArray(row, { selector: ({ device, from }) => `${device}/${from}`, maxLength: 6 })
const record = fc.record({
  device: fc.constantFrom(...devices, 'not a device'),
  gateway: fc.constantFrom(...gateways),
  version: fc.nat(batchesMax),
  receivedAt: fc.constantFrom(...times),
  earlierMs: fc.constantFrom(0, 0, 100, 150),
})
const step = fc.record({
  /** How far the directory follows the registry before the records are decoded: batches, and rows of the next. */
  batches: fc.nat(2),
  rows: fc.nat(3),
  records: fc.array(record, { maxLength: 12 }),
  /** Whether the ledger then notes who was heard for the first time. */
  isNoted: fc.boolean(),
})
type Row = typeof row extends fc.Arbitrary<infer Value> ? Value : never
type SentRecord = typeof record extends fc.Arbitrary<infer Value> ? Value : never

/** The registry of one run, and how far a directory has followed it. */
async function writeRegistry(db: LedgerDb, batches: readonly (readonly Row[])[]): Promise<PlacementRow[][]> {
  await db.deleteFrom('device_period').execute()
  await db.deleteFrom('device_seen').execute()
  const pages: PlacementRow[][] = []
  for (const [index, rows] of batches.entries()) {
    for (const { device, gateway, from, lastsMs } of rows) {
      const valid_to = lastsMs === undefined ? null : start + from + lastsMs
      const interval = { sampling_interval_s: 600, reporting_interval_s: 600, tolerance_k: 0.3 }
      const place = { place_kind: 'dwelling', place: 'D-1', gateway } as const
      const added = { device, valid_from: start + from, valid_to, ...place, ...interval, batch: index + 1 }
      await db.insertInto('device_period').values(added).execute()
    }
    const taken: PlacementRow[] = []
    for await (const page of placementPages(db, { after: index, through: index + 1 })) taken.push(...page)
    pages.push(taken)
  }
  return pages
}

function follow(pages: readonly (readonly PlacementRow[])[]) {
  const directory = createDirectory()
  let version = 0
  let rowsOfNext = 0
  return {
    registered: registeredDevices(directory, { version: () => version }),
    go(batches: number, rows: number): void {
      const inUse = () => start
      for (let step = 0; step < batches && version < pages.length; step++) {
        directory.addPlacements(pages[version]?.slice(rowsOfNext) ?? [], inUse)
        rowsOfNext = 0
        version++
      }
      const next = pages[version]?.slice(rowsOfNext, rowsOfNext + rows) ?? []
      directory.addPlacements(next, inUse)
      rowsOfNext += next.length
    },
  }
}

const sentOf = ({ device, gateway, version, receivedAt, earlierMs }: SentRecord): SentPayload => ({
  gateway,
  topic: `heating/v1/${gateway}/readings`,
  payload: JSON.stringify({ device, at: start + receivedAt - earlierMs, values: { humidity_pct: 40 } }),
  receivedAt: start + receivedAt,
  registryVersion: version,
})

function decoderWith(directory: DeviceDirectory, registered: RegisteredDevices) {
  const judge = new DeviceJudge(directory, registered)
  return { judge, decoder: new BlockDecoder(judge, new ForeignBook(nothingMapped)) }
}

const outcomeOf = (block: PipelineBlock) => ({
  rows: rowsOf(block),
  rejected: block.rejected.map(({ position, problems }) => ({ position, problems })),
  newDevices: block.newDevices.map(({ device, gateway, at }) => ({ device, gateway, at })),
  deliveries: block.deliveries,
})

test('what memory holds of the registry judges as the ledger does, at every version and in the middle of a load', async () => {
  let judgedByMemory = 0
  const directory = ledgerDirectory(ledger.db)
  const counted: DeviceDirectory = {
    ...directory,
    async periods(ids, version) {
      judgedByMemory -= ids.length
      return directory.periods(ids, version)
    },
  }
  await fc.assert(
    fc.asyncProperty(
      fc.array(batch, { maxLength: batchesMax }),
      fc.array(step, { maxLength: 6 }),
      async (batches, steps) => {
        const pages = await writeRegistry(ledger.db, batches)
        const following = follow(pages)
        const held = decoderWith(counted, following.registered)
        const asking = decoderWith(directory, nothingHeld())
        for (const { batches: more, rows, records, isNoted } of steps) {
          following.go(more, rows)
          const stretch = stretchOf(
            records.map((one) => sentOf({ ...one, version: Math.min(one.version, pages.length) })),
          )
          const one = await held.decoder.decode(stretch)
          const other = await asking.decoder.decode(stretch)
          expect(outcomeOf(one)).toEqual(outcomeOf(other))
          judgedByMemory += new Set(records.map(({ device }) => device)).size
          if (!isNoted) continue
          for (const { device, gateway, at } of one.newDevices) {
            await ledger.db.insertInto('device_seen').values({ device, gateway, first_reading_at: at }).execute()
          }
          held.judge.noted(one.newDevices)
          asking.judge.noted(other.newDevices)
        }
      },
    ),
    { numRuns: 150 },
  )
  expect(judgedByMemory).toBeGreaterThan(0)
})
