import { expect, test, vi } from 'vitest'
import type { JournalFile, JournalFiles } from '../../ingest/journal/files.ts'
import type { Journal } from '../../ingest/journal/journal.ts'
import type { JournalError } from '../../ingest/journal/journal-error.ts'
import { crashingFiles } from '../support/crashing-files.ts'
import { accepted, delivery, open, textsOf } from '../support/small-journal.ts'

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

const isFull = (journal: Journal) => vi.waitFor(() => expect(journal.counters().diskFull).toBe(true))

test.each([
  ['in the middle of a group', 'first', 30],
  ['at the beginning of a segment', 'x'.repeat(600), 0],
])('a disk that is full %s withholds acks, and takes the same again when there is room', async (_, before, room) => {
  const disk = smallDisk(crashingFiles())
  const failures: JournalError[] = []
  const journal = await open(disk.files, { onFailure: (error) => failures.push(error) })
  await accepted(journal, delivery(before))
  disk.leave(room)
  let acked = 0
  const waiting = ['second', 'third'].map((text) => accepted(journal, delivery(text)).then(() => acked++))
  await isFull(journal)
  expect(journal.counters()).toMatchObject({ full: true, records: 1 })
  expect(acked).toBe(0)

  disk.leave(Number.POSITIVE_INFINITY)
  await Promise.all(waiting)
  await accepted(journal, delivery('fourth'))
  expect(await textsOf(disk.files, journal)).toEqual([before, 'second', 'third', 'fourth'])
  expect(journal.counters()).toMatchObject({ full: false, diskFull: false, refused: 0 })
  expect(failures).toEqual([])
  await journal.close()
})

test('a stop while the disk is full acks nothing, and the next start goes on behind what was acked', async () => {
  const disk = smallDisk(crashingFiles())
  const journal = await open(disk.files)
  await accepted(journal, delivery('first'))
  disk.leave(30)
  const waiting = accepted(journal, delivery('second')).then(
    () => 'acked',
    (error: JournalError) => error.code,
  )
  await isFull(journal)
  await journal.close()
  expect(await waiting).toBe('journal_closed')

  disk.leave(Number.POSITIVE_INFINITY)
  const again = await open(disk.files)
  expect(again.counters().tornBytes).toBe(30)
  await accepted(again, delivery('third'))
  expect(await textsOf(disk.files, again)).toEqual(['first', 'third'])
  await again.close()
})

test('segments that are released make room, also on the disk', async () => {
  const disk = smallDisk(crashingFiles())
  const journal = await open(disk.files)
  await accepted(journal, delivery('x'.repeat(600)))
  await accepted(journal, delivery('first'))
  disk.leave(0)
  const waiting = accepted(journal, delivery('second'))
  await isFull(journal)
  disk.leave(Number.POSITIVE_INFINITY)
  journal.release(journal.durableEnd.get())
  await waiting
  await journal.close()
})
