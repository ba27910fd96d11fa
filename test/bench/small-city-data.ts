import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type LedgerTarget, openLedger } from '#store/ledger/database.ts'
import { createIdentities } from '#store/ledger/mqtt-identities.ts'
import { importRegistry } from '#store/ledger/registry-import.ts'
import { dataFolder } from '../../commands/data-folder.ts'
import { gatewayId, type SmallCity, writeSmallCity } from './small-city.ts'

/** Makes a data folder whose ledger, its own or another, knows the city and its gateways. Returns each gateway's secret. */
export async function makeSmallCityData(
  city: SmallCity,
  path: string,
  now: number,
  elsewhere?: LedgerTarget,
): Promise<Map<string, string>> {
  const folder = dataFolder(path)
  const csv = join(folder.path, 'registry-csv')
  await writeSmallCity(city, csv)
  const ledger = await openLedger(elsewhere ?? folder.ledger)
  try {
    const imported = await importRegistry(ledger, { path: csv }, { actor: 'test', now: () => now })
    if (!imported.ok) {
      const [first] = imported.problems
      throw new Error(`${imported.problemCount} problems in the registry; the first: ${JSON.stringify(first)}`)
    }
    const ids = Array.from({ length: city.gateways }, (_, index) => gatewayId(index))
    const identities = ids.map((id) => ({ id, kind: 'gateway' as const }))
    return await ledger.write((transaction) => createIdentities(transaction, identities, now))
  } finally {
    await ledger.close()
    await rm(csv, { recursive: true })
  }
}
