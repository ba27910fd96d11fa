import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Ledger } from '#store/ledger/database.ts'
import { beginBatch, clearLeftBatches, holdBatch, registryVersion } from '#store/ledger/registry-batches.ts'
import { importRegistry } from '#store/ledger/registry-import.ts'
import { allRows, currentRow, entriesAt, entriesOf, entryAt } from '#store/ledger/registry-lookups.ts'
import { home, probe, seasonStart, smallCity } from './registry-city.ts'
import { importOptions as options, registryHands } from './registry-hands.ts'

const day = 86_400_000

/** What every ledger's registry must do with time, crashes and several imports. `open` gives an empty ledger of its own to each test. */
export function registryHistoryContract(name: string, open: () => Promise<Ledger>): void {
  describe(`registry history in ${name}`, () => {
    let ledger: Ledger
    beforeEach(async () => {
      ledger = await open()
    })
    afterEach(() => ledger.close())

    const { taken, problemsOf, rowsStored, rowsKept, take } = registryHands(() => ledger)

    test('nothing is overwritten: every time has its own answer, and so has every earlier knowledge', async () => {
      await taken(smallCity())
      const moved = seasonStart + 40 * day
      await taken({ device_period: [probe('P-1', 'D-1802', { valid_from: moved })] })
      expect(await entryAt(ledger.db, 'device_period', ['P-1'], moved - 1)).toMatchObject({ place: 'D-0101' })
      expect(await entryAt(ledger.db, 'device_period', ['P-1'], moved)).toMatchObject({ place: 'D-1802' })
      expect(await entryAt(ledger.db, 'device_period', ['P-1'], seasonStart - 1)).toBeUndefined()

      await taken({ device_period: [probe('P-1', 'D-1802', { valid_from: moved, valid_to: moved + day })] })
      expect(await entryAt(ledger.db, 'device_period', ['P-1'], moved + day)).toBeUndefined()
      expect(await entriesOf(ledger.db, 'device_period', ['P-1'], { limit: 9 })).toHaveLength(2)

      const before = await allRows(ledger.db, 'device_period', { limit: 9 }, { version: 2 })
      expect(before.map(({ valid_to }) => valid_to)).toEqual([undefined, undefined])
      const first = await allRows(ledger.db, 'device_period', { limit: 9 }, { version: 1, at: moved })
      expect(first).toMatchObject([{ place: 'D-0101' }])
    })

    test('an entry that ends when it begins takes back what was entered by mistake', async () => {
      await taken(smallCity())
      const moved = seasonStart + 40 * day
      await taken({ device_period: [probe('P-1', 'D-1802', { valid_from: moved })] })
      await taken({ device_period: [probe('P-1', 'D-1802', { valid_from: moved, valid_to: moved })] })
      expect(await entryAt(ledger.db, 'device_period', ['P-1'], moved + day)).toMatchObject({ place: 'D-0101' })
    })

    test('a correction supersedes, and references see the corrected row', async () => {
      await taken(smallCity())
      const result = await taken({ firm: [{ id: 'F1', name: '哈尔滨热力集团', role: 'supplier' }] })
      expect(result).toMatchObject({ batch: 2, counts: { firm: { corrected: 1, added: 0 } } })
      expect(await currentRow(ledger.db, 'firm', 'F1')).toEqual({ id: 'F1', name: '哈尔滨热力集团', role: 'supplier' })
    })

    test('entries in force are found by what they name', async () => {
      await taken(smallCity())
      const at = seasonStart + day
      await taken({ dwelling_period: [home('D-1802', 'T1-L', { valid_from: at + day })] })
      const fed = (when: number) => entriesAt(ledger.db, 'dwelling_period', { circuit: 'T1-L' }, when, { limit: 10 })
      expect((await fed(at)).map(({ dwelling }) => dwelling)).toEqual(['D-0101'])
      expect((await fed(at + day)).map(({ dwelling }) => dwelling)).toEqual(['D-0101', 'D-1802'])
    })

    test('times are instants: seconds, and years that no calendar has, are refused', async () => {
      await taken(smallCity())
      const at = (valid_from: unknown) => ({ device_period: [{ ...probe('P-1', 'D-1802'), valid_from }] })
      expect(await problemsOf(at(1_768_435_200))).toMatchObject([
        { column: 'valid_from', reason: expect.stringContaining('epoch seconds?') },
      ])
      expect(await problemsOf(at(8e15))).toMatchObject([{ column: 'valid_from' }])
      expect(await problemsOf(at('2025-10-20'))).toMatchObject([
        { column: 'valid_from', reason: '"2025-10-20" is not a time such as 2026-10-20T00:00:00+08:00' },
      ])
      expect(await problemsOf(at(''))).toMatchObject([{ column: 'valid_from', reason: 'is empty and must not be' }])
    })

    test('the list of problems is bounded, their number is told', async () => {
      const firm = Array.from({ length: 1500 }, (_, index) => ({ id: `F-${index}`, name: '', role: 'both' }))
      const result = await take({ firm })
      if (result.ok) expect.unreachable()
      else expect([result.problems.length, result.problemCount]).toEqual([1000, 1500])
    })

    test('a crash in the middle leaves nothing that counts, and the next import clears it away', async () => {
      await taken(smallCity())
      const stored = await rowsStored()
      const batch = await beginBatch(ledger, { actor: 'x', note: '' }, 0)
      await ledger.write(async (transaction) => {
        await holdBatch(transaction, batch)
        const row = { id: 'F9', name: 'left', name_en: null, role: 'both', phone: null, batch } as const
        await transaction.insertInto('firm').values(row).execute()
      })
      expect(await currentRow(ledger.db, 'firm', 'F9')).toBeUndefined()
      expect(await rowsKept()).toBe(stored)
      await taken({ firm: [{ id: 'F3', name: 'three', role: 'both' }] })
      expect(await currentRow(ledger.db, 'firm', 'F9')).toBeUndefined()
      expect(await rowsStored()).toBe(stored + 1)
      // Whoever was taken for dead cannot write on.
      await expect(ledger.write((transaction) => holdBatch(transaction, batch))).rejects.toMatchObject({
        code: 'import_superseded',
      })
    })

    test('a start clears what a crash left', async () => {
      await beginBatch(ledger, { actor: 'x', note: '' }, 0)
      expect(await clearLeftBatches(ledger, 0)).toBe(true)
      expect(await ledger.db.selectFrom('registry_batch').select('id').execute()).toEqual([])
    })

    test('one import at a time: while one makes progress, another is refused', async () => {
      const batch = await beginBatch(ledger, { actor: 'x', note: '' }, 0)
      let refused: string | undefined
      const second = importRegistry(ledger, { rows: smallCity() }, { ...options, stillMs: 60_000 }).catch((error) => {
        refused = error.code
      })
      while (refused === undefined) {
        await ledger.write((transaction) => holdBatch(transaction, batch))
        await nextTurn()
      }
      await second
      expect(refused).toBe('import_running')
    })

    test('an error while an import becomes current leaves the registry as it was', async () => {
      await taken(smallCity())
      const stored = await rowsStored()
      const fail = () => Promise.reject(new Error('disk full'))
      const failing = importRegistry(
        ledger,
        { rows: { firm: [{ id: 'F3', name: 'three', role: 'both' }] } },
        { ...options, alsoWrite: fail },
      )
      await expect(failing).rejects.toThrow('disk full')
      expect(await registryVersion(ledger.db)).toBe(1)
      expect(await rowsStored()).toBe(stored)
    })
  })
}
