import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openKeptFilters } from '../../ingest/outside/kept-filters.ts'

test('a filter counts as kept when it is on the disk, so that it is asked for again after a failure', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'warmcity-filters-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const kept = await openKeptFilters(directory, 'here')
  await kept.add(['a', 'b'])
  await rm(directory, { recursive: true })
  await expect(kept.add(['b', 'c'])).rejects.toMatchObject({ code: 'ENOENT' })
  await expect(kept.remove(['a'])).rejects.toMatchObject({ code: 'ENOENT' })
  expect([...kept.filters]).toEqual(['a', 'b'])

  await mkdir(directory)
  await kept.add(['b', 'c'])
  await kept.remove(['a'])
  expect([...(await openKeptFilters(directory, 'here')).filters]).toEqual(['b', 'c'])
  expect([...(await openKeptFilters(directory, 'elsewhere')).filters]).toEqual([])
})
