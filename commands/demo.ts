import { z } from 'zod'
import type { Role, Scope } from '#domain/account.ts'
import { type Ledger, openLedger } from '#store/ledger/database.ts'
import { createIdentities, revokeIdentity } from '#store/ledger/mqtt-identities.ts'
import { importRegistry } from '#store/ledger/registry-import.ts'
import { replaceFileSync } from '#store/whole-file.ts'
import { createDemoAccounts } from '../api/first-accounts.ts'
import { type City, makeCity } from '../simulators/city.ts'
import { demoGatewayId, demoProbeId } from '../simulators/estate-rows.ts'
import type { DataFolder } from './data-folder.ts'
import { draftDemoRanking } from './demo-ranking.ts'
import { readKeptFile } from './kept-file.ts'
import { readPolicy } from './policy-file.ts'
import type { Texts } from './texts.ts'

/** The demo always opens on this evening, whatever the date is: heating matters in January. */
export const demoOpeningMs = Date.parse('2026-01-15T19:00:00+08:00')

const keptDemoSchema = z.strictObject({
  seed: z.number(),
  dwellings: z.number(),
  /** Secrets of the simulated gateways, by id. */
  gateways: z.record(z.string(), z.string()),
  accounts: z.array(z.string()),
  password: z.string(),
})
type KeptDemo = z.infer<typeof keptDemoSchema>

/** What a person needs to play with the simulated city. */
export interface Demo {
  readonly gateway: string
  readonly gatewaySecret: string
  readonly probe: string
  readonly accounts: readonly string[]
  readonly password: string
}

interface WantedDemo {
  readonly seed: number
  readonly dwellings: number
  /** Whose rules are in force, by name or by a file. */
  readonly city: string
  readonly policy?: string | undefined
  /** When people begin to watch: a list is drafted over the days before it. */
  readonly opensAt: number
  /** Of all accounts; without it a new one. */
  readonly password?: string | undefined
}

export class DemoMismatchError extends Error {
  readonly code = 'demo_mismatch'
}

/**
 * Makes the simulated city's registry, gateway identities and accounts in a new folder; in a known one reads what
 * was made. Throws DemoMismatchError where the folder holds another city than the one asked for.
 */
export async function prepareDemo(folder: DataFolder, wanted: WantedDemo, now: number, texts: Texts): Promise<Demo> {
  const kept = readDemo(folder)
  if (kept && (kept.seed !== wanted.seed || kept.dwellings !== wanted.dwellings)) {
    throw new DemoMismatchError(texts.otherCity(folder.path, kept.seed, kept.dwellings))
  }
  const demo = kept ?? (await makeDemo(folder, wanted, now, texts))
  return {
    gateway: demoGatewayId,
    gatewaySecret: demo.gateways[demoGatewayId] ?? '',
    probe: demoProbeId,
    accounts: demo.accounts,
    password: demo.password,
  }
}

/** The simulated city that the folder holds, if it holds one. */
export function readDemo(folder: DataFolder): KeptDemo | undefined {
  return readKeptFile(folder.demo, keptDemoSchema)
}

async function makeDemo(folder: DataFolder, wanted: WantedDemo, now: number, texts: Texts): Promise<KeptDemo> {
  console.error(texts.preparing(wanted.dwellings))
  const city = makeCity(wanted)
  const ledger = await openLedger(folder.ledger)
  try {
    const imported = await importRegistry(
      ledger,
      { rows: city.registry },
      { actor: 'service/demo', now: () => now, note: `simulated city, seed ${wanted.seed}` },
    )
    if (!imported.ok) throw new Error(`The simulated city is not a valid registry: ${imported.problems[0]?.reason}`)
    const gateways = await makeGatewayIdentities(ledger, city, now)
    await draftDemoRanking(ledger, city, {
      policy: readPolicy(wanted),
      seed: wanted.seed,
      from: now,
      to: wanted.opensAt,
    })
    const { accounts, password } = await createDemoAccounts(ledger, demoAccounts(city), now, wanted.password)
    const { seed, dwellings } = wanted
    const demo: KeptDemo = { seed, dwellings, gateways, accounts, password }
    // Written last: a start that was killed on the way begins again, and every step before this can be repeated.
    replaceFileSync(folder.demo, JSON.stringify(demo), 0o600)
    return demo
  } finally {
    await ledger.close()
  }
}

async function makeGatewayIdentities(ledger: Ledger, city: City, now: number): Promise<Record<string, string>> {
  const identities = city.registry.gateway.map(({ id }) => ({ id, kind: 'gateway' as const }))
  return ledger.write(async (transaction) => {
    for (const { id } of identities) await revokeIdentity(transaction, id, now)
    return Object.fromEntries(await createIdentities(transaction, identities, now))
  })
}

/** One account a role, each seeing what such a person would see. */
function demoAccounts(city: City): { role: Role; scope: Scope }[] {
  const { territory, firm } = city.registry
  const first = (kind: string, parent?: string) =>
    territory.find((node) => node.kind === kind && (parent === undefined || node.parent === parent))?.id ?? ''
  const subdistrict = first('subdistrict', first('district'))
  const supplier = firm.find(({ role }) => role !== 'source')?.id ?? ''
  return [
    { role: 'admin', scope: { kind: 'city' } },
    { role: 'regulator', scope: { kind: 'city' } },
    { role: 'streetOffice', scope: { kind: 'territory', id: subdistrict } },
    { role: 'community', scope: { kind: 'territory', id: first('community', subdistrict) } },
    { role: 'firmDispatcher', scope: { kind: 'firm', id: supplier } },
    { role: 'team', scope: { kind: 'firm', id: supplier } },
    { role: 'viewer', scope: { kind: 'city' } },
  ]
}
