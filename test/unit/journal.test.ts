import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checksum } from '../../ingest/journal/checksum.ts'
import type { JournalFiles } from '../../ingest/journal/files.ts'
import type { Journal } from '../../ingest/journal/journal.ts'
import type { JournalError } from '../../ingest/journal/journal-error.ts'
import { payloadBytesMax, RecordView, recordBytesMax } from '../../ingest/journal/record.ts'
import { crashingFiles } from '../support/crashing-files.ts'
import { accepted, delivery, open, readerOf, recordsOf, textsOf } from '../support/small-journal.ts'

describe('what is journaled', () => {
  test('comes back as it was, over many segments, in order', async () => {
    const files = crashingFiles()
    const journal = await open(files)
    journal.setRegistryVersion(7)
    const deliveries = Array.from({ length: 50 }, (_, index) =>
      delivery(`payload ${index}`, {
        gateway: `网关-${index}`,
        topic: index % 2 ? `heating/v1/网关-${index}/senml` : `brand/网关/${index}`,
        packetId: index * 1000,
        receivedAt: index + 0.5,
        qos: (index % 3) as 0 | 1 | 2,
      }),
    )
    for (const one of deliveries) await accepted(journal, one)
    const records = await recordsOf(files, journal)
    expect(records).toEqual(
      deliveries.map((one) => ({ ...one, repeat: false, quarantineId: 0, registryVersion: 7, tick: false })),
    )
    expect(files.names().length).toBeGreaterThan(5)
    expect(files.names()[0]).toBe('0000000000000000.journal')
    await journal.close()
  })

  test('is one sync for all deliveries that arrive while another sync is on its way', async () => {
    const files = crashingFiles()
    const journal = await open(files)
    const syncsBefore = files.calls('sync')
    const letGo = files.holdSyncs()
    const acks: Promise<void>[] = [accepted(journal, delivery('first'))]
    while (files.calls('sync') === syncsBefore) await new Promise((resolve) => setImmediate(resolve))
    for (let index = 0; index < 300; index++) acks.push(accepted(journal, delivery(`later ${index}`)))
    letGo()
    await Promise.all(acks)
    expect(files.calls('sync') - syncsBefore).toBe(2)
    await journal.close()
  })

  test('is acked and shown to readers only after the sync', async () => {
    const files = crashingFiles()
    const journal = await open(files)
    const before = files.calls('sync')
    const letGo = files.holdSyncs()
    let acked = false
    const ack = accepted(journal, delivery('one')).then(() => {
      acked = true
    })
    while (files.calls('sync') === before) await new Promise((resolve) => setImmediate(resolve))
    expect(files.contentOf('0000000000000000.journal').length).toBeGreaterThan(0)
    expect([acked, journal.durableEnd.get()]).toEqual([false, 0])
    letGo()
    await ack
    expect(journal.durableEnd.get()).toBeGreaterThan(0)
    await journal.close()
  })

  test("does not spell out a gateway's own topics", async () => {
    const files = crashingFiles()
    const journal = await open(files)
    await accepted(journal, delivery('one'))
    const size = journal.durableEnd.get()
    await accepted(journal, delivery('two', { topic: 'heating/v1/G-1/elsewhere' }))
    expect(journal.durableEnd.get() - size).toBe(size + 'heating/v1/G-1/elsewhere'.length)
    expect(await recordsOf(files, journal)).toMatchObject([
      { topic: 'heating/v1/G-1/readings' },
      { topic: 'heating/v1/G-1/elsewhere' },
    ])
    await journal.close()
  })

  test('is waited for by who asks for what was accepted so far', async () => {
    const files = crashingFiles()
    const journal = await open(files)
    let acked = 0
    for (let index = 0; index < 5; index++) journal.accept(delivery(`${index}`), () => acked++)
    await journal.synced()
    expect(acked).toBe(5)
    await journal.synced()
    await journal.close()
  })

  test('can hold the largest payload, and nothing larger', async () => {
    const files = crashingFiles()
    const journal = await open(files)
    await accepted(journal, delivery('x'.repeat(payloadBytesMax)))
    const tooLarge = accepted(journal, delivery('x'.repeat(payloadBytesMax + 1)))
    await expect(tooLarge).rejects.toMatchObject({ code: 'delivery_too_large' })
    expect((await recordsOf(files, journal)).map((record) => record.payload.length)).toEqual([payloadBytesMax])
    await journal.close()
  })

  test('includes ticks with their marks', async () => {
    const files = crashingFiles()
    const journal = await open(files)
    journal.tick(1000, true, true)
    await accepted(journal, delivery('after'))
    const reader = readerOf(files, journal)
    const stretch = await reader.read(0, 1)
    const view = new RecordView()
    view.show(stretch?.bytes ?? Buffer.alloc(0), 0, stretch?.ends[0] ?? 0)
    expect([view.isTick, view.at, view.catchingUp, view.started, view.groupStart]).toEqual([
      true,
      1000,
      true,
      true,
      true,
    ])
    await journal.close()
  })
})

test('the checksum is the CRC-32 of zlib, of any part and in any number of steps', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), fc.nat(), fc.nat(), (array, one, two) => {
      const bytes = Buffer.from(array)
      const [start = 0, middle = 0] = [one % (bytes.length + 1), two % (bytes.length + 1)].sort((a, b) => a - b)
      const whole = crc32(bytes.subarray(start))
      expect(checksum(bytes, start, bytes.length)).toBe(whole)
      expect(checksum(bytes, middle, bytes.length, checksum(bytes, start, middle))).toBe(whole)
    }),
  )
})

describe('a failed disk', () => {
  for (const operation of ['write', 'sync', 'syncDirectory'] as const) {
    test(`stops the journal when ${operation} fails, and nothing is acked`, async () => {
      const files = crashingFiles()
      const failures: JournalError[] = []
      const journal = await open(files, { onFailure: (error) => failures.push(error) })
      await accepted(journal, delivery('x'.repeat(600)))
      const cause = new Error('the disk is gone')
      files.failNext(operation, cause)
      const answers = await Promise.allSettled([accepted(journal, delivery('one')), accepted(journal, delivery('two'))])
      for (const answer of answers) {
        expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'journal_write_failed', cause } })
      }
      await expect(accepted(journal, delivery('three'))).rejects.toMatchObject({ code: 'journal_write_failed' })
      expect(failures).toHaveLength(1)
      expect(await textsOf(files, journal)).toEqual(['x'.repeat(600)])
      await journal.close()
    })
  }
})

describe('the bound on disk', () => {
  test('withholds acks until segments are released, then gives them all', async () => {
    const files = crashingFiles()
    const sizeBytesMax = 2 * 500 + 4 * recordBytesMax
    const journal = await open(files, { sizeBytesMax })
    const large = 'x'.repeat(1_000_000)
    const written = Math.floor(sizeBytesMax / 1_000_100)
    for (let index = 0; index < written; index++) await accepted(journal, delivery(large))
    let acked = 0
    const waiting = [1, 2, 3].map((index) => accepted(journal, delivery(`${large}${index}`)).then(() => acked++))
    journal.tick(5, false, false)
    while (!journal.counters().full) await new Promise((resolve) => setImmediate(resolve))
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(acked).toBe(0)
    const sizeWhileFull = journal.counters().sizeBytes
    expect(sizeWhileFull).toBeLessThanOrEqual(sizeBytesMax)

    journal.release(journal.durableEnd.get())
    await Promise.all(waiting)
    expect(acked).toBe(3)
    expect(journal.counters()).toMatchObject({ full: false, refused: 0 })
    expect(journal.start()).toBeGreaterThan(0)
    await journal.close()
  })

  test('answers with an error, never with an ack, when the memory for waiting deliveries is used up', async () => {
    const files = crashingFiles()
    const journal = await open(files, { sizeBytesMax: 2 * 500 + 4 * recordBytesMax })
    const large = delivery('x'.repeat(1_000_000))
    const answers: Promise<unknown>[] = []
    for (let index = 0; index < 80; index++) answers.push(accepted(journal, large).then(() => 'acked', String))
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(journal.counters().full).toBe(true)
    const inJournal = (await recordsOf(files, journal)).length
    await journal.close()
    const outcomes = await Promise.all(answers)
    expect(outcomes.filter((outcome) => outcome === 'acked')).toHaveLength(inJournal)
    expect(journal.counters().refused).toBe(80 - inJournal)
  })

  test('keeps the tail that tells repeats after a restart', async () => {
    const files = crashingFiles()
    const journal = await open(files, { repeatBytes: 700 })
    for (let index = 0; index < 40; index++) await accepted(journal, delivery(`payload ${index}`))
    journal.release(journal.durableEnd.get())
    await journal.close()
    const kept = journal.durableEnd.get() - journal.start()
    expect(kept).toBeGreaterThanOrEqual(700)
    expect(kept).toBeLessThan(700 + 2 * 600)
  })
})

test('readers that are apart do not look into the folder at every read', async () => {
  const files = crashingFiles()
  const journal = await open(files)
  for (let index = 0; index < 40; index++) await accepted(journal, delivery(`payload ${index}`))
  let lists = 0
  const counted: JournalFiles = {
    ...files,
    list(directory) {
      lists++
      return files.list(directory)
    },
  }
  const reader = readerOf(counted, journal)
  const near = journal.durableEnd.get() - 200
  await reader.read(near, 100)
  await reader.read(journal.start(), 100)
  const listsBefore = lists
  for (let turn = 0; turn < 5; turn++) {
    await reader.read(near, 100)
    await reader.read(journal.start(), 100)
  }
  expect(lists).toBe(listsBefore)
  await reader.close()
  await journal.close()
})

describe('repeats', () => {
  const marksOf = async (files: JournalFiles, journal: Journal) =>
    (await recordsOf(files, journal)).map((record) => record.repeat)

  test('are told by gateway, packet id and bytes, and only with the DUP mark', async () => {
    const files = crashingFiles()
    const journal = await open(files)
    await accepted(journal, delivery('one', { packetId: 5 }))
    await accepted(journal, delivery('one', { packetId: 5, dup: true }))
    await accepted(journal, delivery('one', { packetId: 6, dup: true }))
    await accepted(journal, delivery('two', { packetId: 5, dup: true }))
    await accepted(journal, delivery('two', { packetId: 5 }))
    await accepted(journal, delivery('two', { packetId: 5, dup: true, gateway: 'G-2' }))
    expect(await marksOf(files, journal)).toEqual([false, true, false, false, false, false])
    await journal.close()
  })

  test('are told after a restart, from the segments before the last one too', async () => {
    const files = crashingFiles()
    const journal = await open(files, { repeatBytes: 100_000 })
    for (let packetId = 1; packetId <= 30; packetId++) await accepted(journal, delivery(`p ${packetId}`, { packetId }))
    await journal.close()
    const again = await open(files, { repeatBytes: 100_000 })
    for (let packetId = 1; packetId <= 30; packetId++) {
      await accepted(again, delivery(`p ${packetId}`, { packetId, dup: true }))
    }
    expect((await marksOf(files, again)).slice(30)).toEqual(new Array(30).fill(true))
    await again.close()
  })

  test('are not what comes an hour later with the same identifier and bytes', async () => {
    const files = crashingFiles()
    const journal = await open(files)
    const first = delivery('one')
    await accepted(journal, first)
    await accepted(journal, { ...first, dup: true, receivedAt: first.receivedAt + 3_700_000 })
    expect(await marksOf(files, journal)).toEqual([false, false])
    await journal.close()
  })

  test('sent through again from quarantine are no repeats', async () => {
    const files = crashingFiles()
    const journal = await open(files)
    await accepted(journal, delivery('one'))
    await new Promise<void>((resolve) => journal.acceptAgain(delivery('one', { dup: true }), 12, 0, () => resolve()))
    expect((await recordsOf(files, journal))[1]).toMatchObject({ repeat: false, quarantineId: 12 })
    await journal.close()
  })
})
