import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Ledger, type LedgerTarget, openLedger } from '#store/ledger/database.ts'
import { clearLeftBatches, registryVersion } from '#store/ledger/registry-batches.ts'
import { importRegistry } from '#store/ledger/registry-import.ts'
import { currentRow } from '#store/ledger/registry-lookups.ts'
import { ledgerEngine, newLedgerPlace } from '../support/new-ledger.ts'
import { importOptions } from './registry-hands.ts'

let folder: string
let target: LedgerTarget
let removeLedger: () => Promise<void>
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'registry-crash-'))
  const place = await newLedgerPlace()
  target = place.target
  removeLedger = place.remove
})
afterEach(async () => {
  await rm(folder, { recursive: true })
  await removeLedger()
})

const firms = (count: number) => Array.from({ length: count }, (_, index) => `F-${index},热力${index},both`).join('\n')
const stored = async (ledger: Ledger) => (await ledger.db.selectFrom('firm').select('id').execute()).length

test('an import that is killed leaves nothing that counts, and the next one takes its place', async () => {
  const path = join(folder, 'firm.csv')
  await writeFile(path, `id,name,role\n${firms(100_000)}\n`)
  const child = fork(join(import.meta.dirname, '../support/registry-import-child.ts'), [JSON.stringify(target), path], {
    execArgv: [],
  })
  await once(child, 'message')
  child.kill('SIGKILL')
  await once(child, 'exit')

  const ledger = await openLedger(target)
  expect(await stored(ledger)).toBeGreaterThan(0)
  expect(await registryVersion(ledger.db)).toBe(0)
  expect(await currentRow(ledger.db, 'firm', 'F-0')).toBeUndefined()
  expect(await clearLeftBatches(ledger, 20)).toBe(true)
  expect(await stored(ledger)).toBe(0)
  await writeFile(path, `id,name,role\n${firms(1_000)}\n`)
  expect(await importRegistry(ledger, { path }, importOptions)).toMatchObject({
    ok: true,
    counts: { firm: { added: 1000 } },
  })
  expect(await currentRow(ledger.db, 'firm', 'F-0')).toMatchObject({ name: '热力0' })
  await ledger.close()
})

test('staging spares the disk sync, and leaves it on for everybody else, also when it fails', async () => {
  const ledger = await openLedger(target)
  const [setting, staged, full] =
    ledgerEngine === 'SQLite'
      ? [sql<object>`pragma synchronous`, { synchronous: 1 }, { synchronous: 2 }]
      : [sql<object>`show synchronous_commit`, { synchronous_commit: 'off' }, { synchronous_commit: 'on' }]
  const level = async (db: Ledger['db']) => (await setting.execute(db)).rows[0]
  expect(await ledger.stage((transaction) => level(transaction))).toEqual(staged)
  const during = ledger.stage(async () => Promise.reject(new Error('no')))
  const beside = ledger.write((transaction) => level(transaction))
  await expect(during).rejects.toThrow('no')
  expect(await beside).toEqual(full)
  expect(await level(ledger.db)).toEqual(full)
  await ledger.close()
})

test('while one import stages, other writers of the same file get their turn', async () => {
  const path = join(folder, 'firm.csv')
  await writeFile(path, `id,name,role\n${firms(20_000)}\n`)
  const importing = await openLedger(target)
  const beside = await openLedger(target)
  let writes = 0
  const result = await importRegistry(
    importing,
    { path },
    {
      ...importOptions,
      onProgress() {
        // Not awaited: it writes between two chunks of the import, or the import would not come to its end.
        void beside
          .write((transaction) =>
            transaction.updateTable('ledger_version').set({ version: 0 }).where('name', '=', 'identities').execute(),
          )
          .then(() => {
            writes += 1
          })
      },
    },
  )
  expect(result).toMatchObject({ ok: true, counts: { firm: { added: 20_000 } } })
  expect(writes).toBeGreaterThan(30)
  await importing.close()
  await beside.close()
})
