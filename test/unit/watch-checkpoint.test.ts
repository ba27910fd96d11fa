import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createCheckpoint } from '../../ingest/watch/checkpoint.ts'
import { newClock } from '../../ingest/watch/city-clock.ts'
import { createIdTable } from '../../ingest/watch/id-table.ts'
import { createDirtyPages } from '../../ingest/watch/pages.ts'
import { createProbeColumns } from '../../ingest/watch/probe-columns.ts'
import { openSnapshotFile, type SnapshotFile } from '../../ingest/watch/snapshot-file.ts'

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'warmcity-checkpoint-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

const checkpointOver = (file: SnapshotFile) =>
  createCheckpoint({
    ...{ file, columns: createProbeColumns(), pages: createDirtyPages(), devices: createIdTable() },
    packWorld: () => new Uint8Array(),
    ...{ floor: 0, idsWritten: 0 },
  })

test('the journal is needed from the floor on that is on the disk, also when a disk without room refused a newer one', async () => {
  const file = openSnapshotFile(await newFolder())
  onTestFinished(() => file.close())
  let isFull = false
  const checkpoint = checkpointOver({
    ...file,
    save(pieces) {
      if (isFull) throw new Error('database or disk is full')
      file.save(pieces)
    },
  })
  checkpoint.writeAll(100, newClock)
  isFull = true
  expect(() => checkpoint.writeAll(200, newClock)).toThrow('disk is full')
  expect(file.load().floor).toBe(100)
  expect(checkpoint.floor).toBe(100)
  isFull = false
  checkpoint.writeAll(200, newClock)
  expect(checkpoint.floor).toBe(200)
})
