import type { LocalDay } from '#domain/season.ts'
import { sumOpenings, type WatchedCircuit, watchedCircuits } from './circuit-supply.ts'
import type { LedgerDb, LedgerTransaction } from './database.ts'
import { type LateSupply, markLateSupply } from './late-supply.ts'

/** To look at more one by one takes as long as to look at all. */
const namedMax = 500

type Place = Omit<WatchedCircuit, 'devices'>

/** What has to change of a day's supply for the registry to be right about it. */
export interface SupplyMoves {
  /** Circuits with what the registry says of them now; those of which no sensor tells any more count for no home. */
  readonly places: readonly Place[]
  /** Of what these sensors tell the hours have to be read, or read again. */
  readonly unread: readonly Omit<LateSupply, 'markedAt'>[]
}

/**
 * Compares a day's supply with the registry: of the named circuits, or of all. What the registry says in the middle of
 * the day counts for the whole of it, as it does for homes.
 */
export async function supplyMoves(
  db: LedgerDb,
  { day, beginsAt, endsAt }: LocalDay,
  { circuits: named, sensed }: { readonly circuits?: readonly string[]; readonly sensed: ReadonlySet<string> },
): Promise<SupplyMoves> {
  if (named?.length === 0) return { places: [], unread: [] }
  const circuits = named && named.length <= namedMax ? named : undefined
  const read = await db.selectFrom('supply_day').select('hours').where('day', '=', day).executeTakeFirst()
  if (!read) return { places: [], unread: [] }
  let keptOf = db.selectFrom('circuit_supply').selectAll().where('day', '=', day)
  if (circuits) keptOf = keptOf.where('circuit', 'in', circuits)
  const kept = new Map((await keptOf.execute()).map((row) => [row.circuit, row]))
  const watched = await watchedCircuits(db, (beginsAt + endsAt) / 2, circuits && { circuits })
  const told = new Set(watched.map(({ circuit }) => circuit))
  const untold = [...kept.values()].filter(({ circuit, area_tenths }) => !told.has(circuit) && area_tenths > 0)
  return {
    places: [
      ...watched.filter((now) => {
        const then = kept.get(now.circuit)
        return then !== undefined && !isAt(then, now)
      }),
      ...untold.map(({ circuit, firm, district }) => ({ circuit, firm, district, homes: 0, areaTenths: 0 })),
    ],
    unread: watched
      .filter(({ circuit }) => !kept.has(circuit) || sensed.has(circuit))
      .flatMap(({ devices }) => devices.map((device) => ({ day, device }))),
  }
}

const isAt = (
  then: { readonly firm: string; readonly district: string; readonly homes: number; readonly area_tenths: number },
  now: Place,
): boolean =>
  then.firm === now.firm &&
  then.district === now.district &&
  then.homes === now.homes &&
  then.area_tenths === now.areaTenths

/** Counts the supply of circuits on a day where the registry has them, and has the rest read. */
export async function moveSupply(
  transaction: LedgerTransaction,
  day: number,
  { places, unread }: SupplyMoves,
  now: number,
): Promise<void> {
  for (const { circuit, firm, district, homes, areaTenths } of places) {
    await transaction
      .updateTable('circuit_supply')
      .set({ firm, district, homes, area_tenths: areaTenths })
      .where('day', '=', day)
      .where('circuit', '=', circuit)
      .execute()
  }
  if (places.length > 0) await sumOpenings(transaction, day)
  await markLateSupply(
    transaction,
    unread.map((mark) => ({ ...mark, markedAt: now })),
  )
}
