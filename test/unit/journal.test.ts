import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Delivery, DeliverySink } from '#domain/delivery.ts'
import { checksum } from '../../ingest/journal/checksum.ts'
import type { JournalFile, JournalFiles } from '../../ingest/journal/files.ts'
import { type Journal, type JournalOptions, openJournal } from '../../ingest/journal/journal.ts'
import type { JournalError } from '../../ingest/journal/journal-error.ts'
import { openJournalReader } from '../../ingest/journal/reader.ts'
import { payloadBytesMax, RecordView, recordBytesMax } from '../../ingest/journal/record.ts'
import { seededRandom } from '../bench/load-generator-messages.ts'
import { crashingFiles } from '../support/crashing-files.ts'

const delivery = (text: string, more: Partial<Delivery> = {}): Delivery => ({
  gateway: 'G-1',
  topic: 'heating/v1/G-1/readings',
  payload: Buffer.from(text),
  qos: 1,
  dup: false,
  retain: false,
  packetId: 1,
  receivedAt: 1_768_435_200_000,
  ...more,
})

const small = { directory: '/journal', segmentBytes: 500, repeatBytes: 0, repeatEntries: 256 }
const open = (files: JournalFiles, more: Partial<JournalOptions> = {}) => openJournal({ ...small, files, ...more })

const accepted = (journal: Journal, one: Delivery) =>
  new Promise<void>((resolve, reject) => journal.accept(one, (error) => (error ? reject(error) : resolve())))

async function recordsOf(files: JournalFiles, journal: Journal, from = journal.start()) {
  const reader = openJournalReader({ directory: small.directory, durableEnd: journal.durableEnd.shared, files })
  const view = new RecordView()
  const records: (Delivery & { repeat: boolean; quarantineId: number; registryVersion: number; tick: boolean })[] = []
  let position = from
  for (;;) {
    const stretch = await reader.read(position, 1000)
    if (!stretch) break
    let start = 0
    for (const end of stretch.ends) {
      view.show(stretch.bytes, start, end)
      records.push({
        gateway: view.gateway,
        topic: view.topic,
        payload: Buffer.from(view.payload()),
        qos: view.qos as 0 | 1 | 2,
        dup: false,
        retain: false,
        packetId: view.packetId,
        receivedAt: view.at,
        repeat: view.repeat,
        quarantineId: view.quarantineId,
        registryVersion: view.registryVersion,
        tick: view.isTick,
      })
      start = end
    }
    position = stretch.to
  }
  await reader.close()
  return records
}

const textsOf = async (files: JournalFiles, journal: Journal) =>
  (await recordsOf(files, journal)).map((record) => record.payload.toString())

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
    const reader = openJournalReader({ directory: small.directory, durableEnd: journal.durableEnd.shared, files })
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

describe('opening', () => {
  const fill = async (texts: string[]) => {
    const files = crashingFiles()
    const journal = await open(files)
    for (const text of texts) await accepted(journal, delivery(text))
    await journal.close()
    return files
  }

  test('continues where the last record ended', async () => {
    const files = await fill(['one', 'two'])
    const journal = await open(files)
    await accepted(journal, delivery('three'))
    expect(await textsOf(files, journal)).toEqual(['one', 'two', 'three'])
    expect(journal.counters().tornBytes).toBe(0)
    await journal.close()
  })

  test('cuts off a record that was not written whole, at every length', async () => {
    const whole = (await fill(['one', 'two'])).contentOf('0000000000000000.journal')
    const afterOne = whole.length / 2
    for (let length = afterOne; length < whole.length; length++) {
      const bytes = whole.subarray(0, length)
      const files = crashingFiles(undefined, {
        now: new Map([['0000000000000000.journal', { now: bytes, durable: bytes }]]),
        durable: new Map(),
      })
      const journal = await open(files)
      expect(await textsOf(files, journal)).toEqual(['one'])
      expect(journal.durableEnd.get()).toBe(afterOne)
      await accepted(journal, delivery('three'))
      expect(await textsOf(files, journal)).toEqual(['one', 'three'])
      await journal.close()
    }
  })

  test('refuses a journal that lost bytes which had been durable', async () => {
    const names = ['0000000000000000.journal']
    const filled = await fill(['one', 'two'])
    const damaged = Buffer.from(filled.contentOf(names[0] ?? ''))
    damaged[20] = (damaged[20] ?? 0) ^ 1
    const files = crashingFiles(undefined, {
      now: new Map(names.map((name) => [name, { now: damaged, durable: damaged }])),
      durable: new Map(),
    })
    await expect(open(files)).rejects.toMatchObject({ code: 'journal_damaged' })
  })

  test('refuses a journal with a segment missing or cut short', async () => {
    const files = await fill(Array.from({ length: 60 }, (_, index) => `payload ${index}`))
    const [, second = ''] = files.names()
    await files.remove(`/journal/${second}`)
    await expect(open(files)).rejects.toMatchObject({ code: 'journal_damaged' })
  })

  test('syncs what it found before readers may see it', async () => {
    const files = await fill(['one'])
    const before = files.calls('sync')
    const journal = await open(files)
    expect(files.calls('sync')).toBe(before + 1)
    await journal.close()
  })

  test('begins an empty journal where the readers are', async () => {
    const files = crashingFiles()
    const journal = await open(files, { startAt: 4711 })
    await accepted(journal, delivery('one'))
    expect(files.names()).toEqual(['0000000000004711.journal'])
    expect(await textsOf(files, journal)).toEqual(['one'])
    await journal.close()
  })

  test('says which bound is too small', async () => {
    await expect(open(crashingFiles(), { sizeBytesMax: 1000 })).rejects.toMatchObject({ code: 'journal_options' })
  })
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

describe('a power cut', () => {
  const turns = async (count: number) => {
    for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  interface Wiring {
    readonly files?: (files: JournalFiles) => JournalFiles
    readonly sink?: (journal: Journal) => DeliverySink
    readonly releases?: boolean
  }

  /** Publishes, cuts the power in the middle of an operation, boots, and compares with what was acked. */
  const nothingAckedIsLost = ({ files = (disk) => disk, sink = (journal) => journal, releases }: Wiring) =>
    fc.asyncProperty(
      fc.array(fc.record({ length: fc.nat(300), pause: fc.boolean() }), { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer(),
      async (sendings, powerCutAt, seed) => {
        const random = seededRandom(seed)
        const disk = crashingFiles(powerCutAt)
        const sent: string[] = []
        let acked = 0
        let opened: Journal | undefined
        open(files(disk)).then((journal) => {
          opened = journal
        })
        await turns(20)
        for (const { length, pause } of sendings) {
          if (!opened) break
          const text = `${sent.length}:${'x'.repeat(length)}`
          sent.push(text)
          sink(opened).accept(delivery(text), (error) => {
            if (!error) acked++
          })
          if (pause) await turns(6)
          if (releases && random() < 0.3) opened.release(opened.durableEnd.get())
        }
        await turns(40)

        const booted = disk.afterPowerCut(random)
        const journal = await open(booted)
        const texts = await textsOf(booted, journal)
        const first = texts[0] === undefined || !releases ? 0 : sent.indexOf(texts[0])
        expect(texts).toEqual(sent.slice(first, first + texts.length))
        if (!releases) expect(texts.length).toBeGreaterThanOrEqual(acked)
        expect(journal.durableEnd.get()).toBeGreaterThanOrEqual(opened?.durableEnd.get() ?? 0)
        await accepted(journal, delivery('after'))
        expect((await textsOf(booted, journal)).at(-1)).toBe('after')
        await journal.close()
      },
    )

  const numRuns = 300
  test('at any operation loses nothing that was acked', async () => {
    await fc.assert(nothingAckedIsLost({}), { numRuns })
  })

  test('at any operation leaves a journal without gaps while segments are released', async () => {
    await fc.assert(nothingAckedIsLost({ releases: true }), { numRuns })
  })

  const mutants: Record<string, Wiring> = {
    'no sync': { files: (files) => withFile(files, (file) => ({ ...file, sync: async () => {} })) },
    'no sync of the folder': { files: (files) => ({ ...files, syncDirectory: async () => {} }) },
    'ack before sync': {
      sink: (journal) => ({
        accept(one, ack) {
          journal.accept(one, () => {})
          ack()
        },
      }),
    },
  }
  for (const [name, wiring] of Object.entries(mutants)) {
    test(`would be noticed with the mistake "${name}"`, async () => {
      const { failed } = await fc.check(nothingAckedIsLost(wiring), { numRuns, endOnFailure: true })
      expect(failed).toBe(true)
    })
  }
})

function withFile(files: JournalFiles, change: (file: JournalFile) => JournalFile): JournalFiles {
  return {
    ...files,
    create: async (path) => change(await files.create(path)),
    open: async (path, access) => change(await files.open(path, access)),
  }
}
