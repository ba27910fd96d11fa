import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteRollUpReader, openSqliteRollUps } from '#store/telemetry/sqlite/roll-ups.ts'
import { type RollUpsHarness, rollUpsContract } from './roll-ups-contract.ts'

async function makeHarness(): Promise<RollUpsHarness> {
  const directory = await mkdtemp(join(tmpdir(), 'roll-ups-'))
  return {
    open: async () => openSqliteRollUps({ directory }),
    openReader: async () => openSqliteRollUpReader({ directory }),
    remove: () => rm(directory, { recursive: true }),
  }
}

rollUpsContract('sqlite', makeHarness, true)
