import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { diskFiles, type JournalFile } from '../../ingest/journal/files.ts'
import { seededRandom } from '../bench/load-generator-messages.ts'
import { losingFiles, makePlatter } from './losing-files.ts'
import { cutPower } from './power-cut.ts'

async function newFolder() {
  const directory = await mkdtemp(join(tmpdir(), 'warmcity-losing-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const platter = makePlatter(join(directory, 'platter'))
  const journal = join(directory, 'journal')
  const files = losingFiles(diskFiles, platter)
  await files.makeDirectory(journal)
  return { journal, platter, files }
}

const text = (path: string) => readFile(path, 'latin1')

test('a power cut takes the names that no sync of the directory has kept', async () => {
  const { journal, platter, files } = await newFolder()
  const kept = await files.create(join(journal, 'kept'))
  await kept.write(Buffer.from('both synced'), 0)
  await kept.sync()
  await files.syncDirectory(journal)
  const forgotten = await files.create(join(journal, 'forgotten'))
  await forgotten.write(Buffer.from('its bytes are synced, its name is not'), 0)
  await forgotten.sync()
  const cut = cutPower(journal, platter, seededRandom(1))
  expect(await readdir(journal)).toEqual(['kept'])
  expect(await text(join(journal, 'kept'))).toBe('both synced')
  expect(cut).toMatchObject({ namesLost: 1, namesBack: 0 })
  await kept.close()
  await forgotten.close()
})

test('a removed file comes back when the removal was not synced', async () => {
  const { journal, platter, files } = await newFolder()
  const file = await files.create(join(journal, 'old'))
  await file.write(Buffer.from('still here'), 0)
  await file.sync()
  await files.syncDirectory(journal)
  await files.remove(join(journal, 'old'))
  expect(cutPower(journal, platter, seededRandom(1))).toMatchObject({ namesBack: 1 })
  expect(await text(join(journal, 'old'))).toBe('still here')
  await file.close()
})

test('a sync of the directory that ends late takes back no name that a later one promised', async () => {
  const { journal, platter } = await newFolder()
  const slow = Promise.withResolvers<void>()
  let syncs = 0
  const syncDirectory = () => (syncs++ === 0 ? slow.promise : Promise.resolve())
  const files = losingFiles({ ...diskFiles, syncDirectory }, platter)
  const first = files.syncDirectory(journal)
  const file = await files.create(join(journal, 'promised'))
  await file.sync()
  await files.syncDirectory(journal)
  slow.resolve()
  await first
  expect(cutPower(journal, platter, seededRandom(1))).toMatchObject({ namesLost: 0 })
  await file.close()
})

type Step = { kind: 'write'; bytes: number } | { kind: 'sync' } | { kind: 'cut' }
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('write' as const), bytes: fc.integer({ min: 1, max: 2000 }) }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'sync' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'cut' as const }) },
)

test('what was synced survives any number of cuts; what was not may be lost, torn or zeroed, never invented', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.nat(), async (steps, seed) => {
      const { journal, platter } = await newFolder()
      const path = join(journal, 'file')
      const random = seededRandom(seed)
      let files = losingFiles(diskFiles, platter)
      let file: JournalFile = await files.create(path)
      await files.syncDirectory(journal)
      let written = ''
      let synced = ''
      for (const [index, now] of steps.entries()) {
        if (now.kind === 'write') {
          const more = String.fromCharCode(65 + (index % 26)).repeat(now.bytes)
          await file.write(Buffer.from(more), written.length)
          written += more
        } else if (now.kind === 'sync') {
          await file.sync()
          synced = written
        } else {
          await file.close()
          cutPower(journal, platter, random)
          const left = await text(path)
          expect(left.startsWith(synced)).toBe(true)
          expect(left.length).toBeLessThanOrEqual(written.length)
          for (let at = 0; at < left.length; at++) expect(['\0', written[at]]).toContain(left[at])
          // As the journal does after a crash: cut off what is not whole, and make that durable.
          files = losingFiles(diskFiles, platter)
          file = await files.open(path, 'write')
          await file.truncate(synced.length)
          await file.sync()
          written = synced
        }
      }
      await file.close()
    }),
    { numRuns: 40 },
  )
})
