import { expect, test, vi } from 'vitest'
import type { Delivery } from '#domain/delivery.ts'
import type { JournalFile, JournalFiles } from '../../ingest/journal/files.ts'
import { type Journal, openJournal } from '../../ingest/journal/journal.ts'
import type { JournalError } from '../../ingest/journal/journal-error.ts'
import { openJournalReader } from '../../ingest/journal/reader.ts'
import { RecordView } from '../../ingest/journal/record.ts'
import { crashingFiles } from '../support/crashing-files.ts'

const small = { directory: '/journal', segmentBytes: 500, repeatBytes: 0, repeatEntries: 256 }
const noRoom = () => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })

/** A disk that takes what fits, and then says that it is full. */
function smallDisk(files: JournalFiles) {
  let room = Number.POSITIVE_INFINITY
  const limited = (file: JournalFile): JournalFile => ({
    ...file,
    async write(bytes, offset) {
      const fits = Math.min(bytes.length, room)
      room -= fits
      await file.write(bytes.subarray(0, fits), offset)
      if (fits < bytes.length) throw noRoom()
    },
  })
  const disk: JournalFiles = {
    ...files,
    async create(path) {
      if (room === 0) throw noRoom()
      return limited(await files.create(path))
    },
    open: async (path, access) => limited(await files.open(path, access)),
  }
  return {
    files: disk,
    leave(bytes: number) {
      room = bytes
    },
  }
}

const delivery = (text: string): Delivery => ({
  ...{ gateway: 'G-1', topic: 'heating/v1/G-1/readings', payload: Buffer.from(text) },
  ...{ qos: 1, dup: false, retain: false, packetId: 1, receivedAt: 1_768_435_200_000 },
})

const accepted = (journal: Journal, text: string) =>
  new Promise<void>((resolve, reject) => journal.accept(delivery(text), (error) => (error ? reject(error) : resolve())))

async function textsIn(files: JournalFiles, journal: Journal): Promise<string[]> {
  const reader = openJournalReader({ directory: small.directory, durableEnd: journal.durableEnd.shared, files })
  const view = new RecordView()
  const texts: string[] = []
  for (let position = journal.start(); ; ) {
    const stretch = await reader.read(position, 1000)
    if (!stretch) break
    for (const [index, end] of stretch.ends.entries()) {
      view.show(stretch.bytes, stretch.ends[index - 1] ?? 0, end)
      texts.push(view.payload().toString())
    }
    position = stretch.to
  }
  await reader.close()
  return texts
}

const isFull = (journal: Journal) => vi.waitFor(() => expect(journal.counters().diskFull).toBe(true))

test.each([
  ['in the middle of a group', 'first', 30],
  ['at the beginning of a segment', 'x'.repeat(600), 0],
])('a disk that is full %s withholds acks, and takes the same again when there is room', async (_, before, room) => {
  const disk = smallDisk(crashingFiles())
  const failures: JournalError[] = []
  const journal = await openJournal({ ...small, files: disk.files, onFailure: (error) => failures.push(error) })
  await accepted(journal, before)
  disk.leave(room)
  let acked = 0
  const waiting = ['second', 'third'].map((text) => accepted(journal, text).then(() => acked++))
  await isFull(journal)
  expect(journal.counters()).toMatchObject({ full: true, records: 1 })
  expect(acked).toBe(0)

  disk.leave(Number.POSITIVE_INFINITY)
  await Promise.all(waiting)
  await accepted(journal, 'fourth')
  expect(await textsIn(disk.files, journal)).toEqual([before, 'second', 'third', 'fourth'])
  expect(journal.counters()).toMatchObject({ full: false, diskFull: false, refused: 0 })
  expect(failures).toEqual([])
  await journal.close()
})

test('a stop while the disk is full acks nothing, and the next start goes on behind what was acked', async () => {
  const disk = smallDisk(crashingFiles())
  const journal = await openJournal({ ...small, files: disk.files })
  await accepted(journal, 'first')
  disk.leave(30)
  const waiting = accepted(journal, 'second').then(
    () => 'acked',
    (error: JournalError) => error.code,
  )
  await isFull(journal)
  await journal.close()
  expect(await waiting).toBe('journal_closed')

  disk.leave(Number.POSITIVE_INFINITY)
  const again = await openJournal({ ...small, files: disk.files })
  expect(again.counters().tornBytes).toBe(30)
  await accepted(again, 'third')
  expect(await textsIn(disk.files, again)).toEqual(['first', 'third'])
  await again.close()
})

test('segments that are released make room, also on the disk', async () => {
  const disk = smallDisk(crashingFiles())
  const journal = await openJournal({ ...small, files: disk.files })
  await accepted(journal, 'x'.repeat(600))
  await accepted(journal, 'first')
  disk.leave(0)
  const waiting = accepted(journal, 'second')
  await isFull(journal)
  disk.leave(Number.POSITIVE_INFINITY)
  journal.release(journal.durableEnd.get())
  await waiting
  await journal.close()
})
