import { expect, test } from 'vitest'
import type { Delivery } from '#domain/delivery.ts'
import type { JournalFiles } from '../../ingest/journal/files.ts'
import { type Journal, openJournal } from '../../ingest/journal/journal.ts'
import { openJournalReader } from '../../ingest/journal/reader.ts'
import { RecordView } from '../../ingest/journal/record.ts'
import { crashingFiles } from '../support/crashing-files.ts'

const directory = '/journal'
const open = (files: JournalFiles, segmentBytes = 1 << 20) =>
  openJournal({ directory, segmentBytes, repeatBytes: segmentBytes, repeatEntries: 4096, files })

const delivery = (number: number, more: Partial<Delivery> = {}): Delivery => ({
  gateway: `G-${number % 7}`,
  topic: `heating/v1/G-${number % 7}/readings`,
  payload: Buffer.from(`{"device":"P-${number}","at":${1_768_435_200_000 + number},"values":{"humidity_pct":40}}`),
  qos: 1,
  dup: false,
  retain: false,
  packetId: number,
  receivedAt: 1_768_435_200_000 + number,
  ...more,
})

/** Deliveries that arrive in one turn are one group. */
const group = (journal: Journal, deliveries: readonly Delivery[]) =>
  Promise.all(
    deliveries.map(
      (one) =>
        new Promise<void>((resolve, reject) => journal.accept(one, (error) => (error ? reject(error) : resolve()))),
    ),
  )

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index)
const groupOf = (from: number, to: number) => numbers(from, to).map((number) => delivery(number))

async function read(files: JournalFiles, journal: Journal, from: number, bytesMax: number) {
  const reader = openJournalReader({ directory, durableEnd: journal.durableEnd.shared, files })
  const view = new RecordView()
  const records: { position: number; packetId: number; repeat: boolean }[] = []
  for (let position = from; ; ) {
    const stretch = await reader.read(position, bytesMax)
    if (!stretch) break
    expect(stretch.from).toBe(position)
    for (const [index, end] of stretch.ends.entries()) {
      view.show(stretch.bytes, stretch.ends[index - 1] ?? 0, end)
      records.push({ position: stretch.positions[index] ?? -1, packetId: view.packetId, repeat: view.repeat })
    }
    position = stretch.to
  }
  await reader.close()
  return records
}

test('a group takes a fraction of its bytes, and its records come back in order, each at a position of its own', async () => {
  const files = crashingFiles()
  const journal = await open(files)
  await group(journal, groupOf(0, 100))
  await group(journal, [delivery(100)])
  await group(journal, groupOf(101, 400))
  const { bytes, records } = journal.counters()
  expect(records).toBe(400)
  expect(bytes / records).toBeLessThan(40)
  for (const bytesMax of [1, 500, 5_000, 1 << 20]) {
    const found = await read(files, journal, 0, bytesMax)
    expect(found.map(({ packetId }) => packetId)).toEqual(numbers(0, 400))
    const positions = found.map(({ position }) => position)
    expect(positions).toEqual([...new Set(positions)].sort((left, right) => left - right))
    expect(positions.at(-1)).toBeLessThan(journal.durableEnd.get())
  }
  await journal.close()
})

test('whoever comes in the middle of a group reads the rest of it, and all that follows', async () => {
  const files = crashingFiles()
  const journal = await open(files, 1_000)
  for (const from of [0, 30, 60, 90]) await group(journal, groupOf(from, from + 30))
  const all = await read(files, journal, 0, 1 << 20)
  for (const [index, { position }] of all.entries()) {
    for (const bytesMax of [1, 1 << 20]) {
      expect(await read(files, journal, position, bytesMax)).toEqual(all.slice(index))
    }
  }
  await journal.close()
})

test('a group that was not written whole is cut off, at every length', async () => {
  const whole = crashingFiles()
  const journal = await open(whole)
  await group(journal, groupOf(0, 10))
  const before = journal.durableEnd.get()
  await group(journal, groupOf(10, 40))
  const end = journal.durableEnd.get()
  await journal.close()
  const file = await whole.open(`${directory}/${'0'.repeat(16)}.journal`, 'read')
  const bytes = Buffer.alloc(end)
  await file.read(bytes, 0)
  for (let length = before; length < end; length++) {
    const files = crashingFiles()
    const torn = await files.create(`${directory}/${'0'.repeat(16)}.journal`)
    await torn.write(bytes.subarray(0, length), 0)
    const again = await open(files)
    expect([again.durableEnd.get(), again.counters().tornBytes]).toEqual([before, length - before])
    await group(again, [delivery(99)])
    expect((await read(files, again, 0, 1 << 20)).map(({ packetId }) => packetId)).toEqual([...numbers(0, 10), 99])
    await again.close()
  }
})

test('what came in a group is known again after a restart', async () => {
  const files = crashingFiles()
  const first = await open(files)
  await group(first, groupOf(0, 50))
  await first.close()
  const second = await open(files)
  await group(second, [delivery(7, { dup: true }), delivery(300, { dup: true })])
  expect(second.counters().repeats).toBe(1)
  expect((await read(files, second, 0, 1 << 20)).slice(50).map(({ repeat }) => repeat)).toEqual([true, false])
  await second.close()
})
