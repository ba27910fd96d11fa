import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type LedgerTarget, openLedger } from '#store/ledger/database.ts'
import { migrations } from '#store/ledger/migrations/index.ts'
import { appendSignals, streamExtent } from '#store/ledger/signals.ts'
import { ledgerEngine, newLedgerPlace } from '../support/new-ledger.ts'
import { replaceByCopy } from '../support/postgres-databases.ts'

let place: Awaited<ReturnType<typeof newLedgerPlace>>
let target: LedgerTarget
beforeEach(async () => {
  place = await newLedgerPlace('empty')
  target = place.target
})
afterEach(() => place.remove())

const processes = 3

test('processes that open a new ledger at the same time make it once', async () => {
  const children = Array.from({ length: processes }, () =>
    fork(join(import.meta.dirname, '../support/ledger-open-child.ts'), [JSON.stringify(target)], { execArgv: [] }),
  )
  await Promise.all(children.map((child) => once(child, 'message')))
  const answers = await Promise.all(children.map(openAndTell))
  expect(answers.flatMap(({ problems }) => problems)).toEqual([])
  expect(new Set(answers.flatMap(({ streams }) => streams)).size).toBe(1)
  const ledger = await openLedger(target)
  const done = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(ledger.db)
  expect(done.rows.map(({ name }) => name)).toEqual(Object.keys(migrations))
  await ledger.close()
})

async function openAndTell(child: ChildProcess): Promise<{ streams: string[]; problems: string[] }> {
  const answer = once(child, 'message')
  const ended = once(child, 'exit')
  child.send('open')
  const [told] = await answer
  await ended
  return told
}

describe('the stream', () => {
  test('stays the same when its ledger is opened again', async () => {
    const first = await streamOf(target)
    expect((await streamOf(target)).streamId).toBe(first.streamId)
  })

  test('is another one after the ledger was put back from a copy', async () => {
    const ledger = await openLedger(target)
    await ledger.write((transaction) => appendSignals(transaction, [signal]))
    await ledger.close()
    const before = await streamOf(target)
    expect(before.head).toBe(1)
    await putBackFromCopy(target)
    const after = await streamOf(target)
    expect(after.head).toBe(1)
    expect(after.streamId).not.toBe(before.streamId)
    expect((await streamOf(target)).streamId).toBe(after.streamId)
  })
})

const signal = {
  at: 1000,
  kind: 'flag.raised' as const,
  key: 'a',
  subjectKind: 'dwelling',
  subject: 'D-1',
  history: false,
  territory: ['harbin'],
  ofDwelling: false,
  payload: {},
}

async function streamOf(place: LedgerTarget) {
  const ledger = await openLedger(place)
  try {
    return await streamExtent(ledger.db)
  } finally {
    await ledger.close()
  }
}

/** The same content in another file, or in another database of the same name. */
async function putBackFromCopy(place: LedgerTarget): Promise<void> {
  if (typeof place !== 'string') return replaceByCopy(place.url)
  await copyFile(place, `${place}.copy`)
  await rm(place)
  await copyFile(`${place}.copy`, place)
}

test.runIf(ledgerEngine === 'PostgreSQL')(
  'texts are ordered by their bytes, whatever the database was made with',
  async () => {
    const ledger = await openLedger(target)
    const found = await sql<{ column: string }>`select table_name || '.' || column_name as column
    from information_schema.columns where table_schema = 'public' and data_type = 'text'
      and collation_name is distinct from 'C'`.execute(ledger.db)
    expect(found.rows).toEqual([])
    await ledger.close()
  },
)
