import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { dataFolder, makeClockSaver, readKeptClock } from '../../commands/data-folder.ts'

test('a disk that does not take the clock is told of once, and stops nobody', async () => {
  const path = await mkdtemp(join(tmpdir(), 'warmcity-clock-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  const folder = dataFolder(path)
  const told: string[] = []
  let cityMs = 1
  const save = makeClockSaver(
    folder,
    () => ({ cityMs, simulated: true, historyDone: true }),
    (reason) => told.push(reason),
  )
  save()
  await rm(path, { recursive: true })
  for (cityMs = 2; cityMs < 5; cityMs++) save()
  expect(told).toEqual([expect.stringContaining('ENOENT')])
  await mkdir(path)
  save()
  expect(readKeptClock(folder)?.cityMs).toBe(5)
  await rm(path, { recursive: true })
  save()
  expect(told).toHaveLength(2)
})
