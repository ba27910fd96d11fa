import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DeliverySink } from '#domain/delivery.ts'
import type { JournalFile, JournalFiles } from '../../ingest/journal/files.ts'
import type { Journal } from '../../ingest/journal/journal.ts'
import { seededRandom } from '../bench/load-generator-messages.ts'
import { crashingFiles } from '../support/crashing-files.ts'
import { accepted, delivery, open, textsOf } from '../support/small-journal.ts'

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
