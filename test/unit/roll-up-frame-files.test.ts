import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createFrameFiles } from '../../ingest/roll-ups/frame-files.ts'
import type { Frame } from '../../ingest/roll-ups/frames.ts'
import { createPlantFrame, createPlantPoints } from '../../ingest/roll-ups/plant-frame.ts'
import { createIdTable } from '../../ingest/watch/id-table.ts'

// The operating system may take less than it is given, as where the disk is nearly full, and says so only in numbers.
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  const writeSync = (file: number, bytes: Uint8Array, offset: number, length: number, position: number) =>
    fs.writeSync(file, bytes, offset, Math.min(length, 1_000), position)
  return { ...fs, writeSync }
})

test('pages of a period are written whole, however little a write takes at once', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'warmcity-frames-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const points = createPlantPoints()
  const files = createFrameFiles(directory, points, createIdTable())
  const probes = Uint16Array.from({ length: 10_000 }, (_, slot) => slot + 1)
  const frame: Frame = {
    ...{ at: 600_000, probes, plants: createPlantFrame(points, []), closed: false, wanted: false },
    dirty: { pages: new Set([0, 1, 2]), plants: false },
  }
  files.write(frame)
  expect(files.read({ at: frame.at, closed: false, wanted: false }).probes).toEqual(probes)
})
