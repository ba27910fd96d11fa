import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cityPolicies, type Policy } from '#domain/policy.ts'
import type { Signal } from '#domain/signal.ts'
import { type Ledger, openLedger } from '#store/ledger/database.ts'
import { importRegistry } from '#store/ledger/registry-import.ts'
import type { RegistryRows } from '#store/ledger/registry-open.ts'
import { openWatchKeeper, type WatchKeeper, type WatchKeeperOptions } from '../../ingest/watch/keeper.ts'
import { createBlockMaker, type WatchRecord } from './watch-blocks.ts'

export const harbin = cityPolicies.harbin as Policy
const from = Date.parse('2025-10-01T00:00:00+08:00')

export interface WatchedCityShape {
  readonly dwellings: number
  /** Dwellings of a circuit; the last circuit has the rest. */
  readonly perCircuit?: number
  readonly probesPerDwelling?: number
  readonly samplingS?: number
  readonly reportingS?: number
  readonly toleranceK?: number
  readonly contract?: string
}

export const dwellingId = (dwelling: number) => `D-${dwelling}`
export const probeId = (dwelling: number, probe = 0) => `P-${dwelling}-${probe}`

/** A city of one district, a substation, circuits with a flow meter each, and dwellings with probes. */
export function cityRows(shape: WatchedCityShape): RegistryRows {
  const { dwellings, perCircuit = 50, probesPerDwelling = 1, samplingS = 600, reportingS = 600 } = shape
  const circuits = Math.max(1, Math.ceil(dwellings / perCircuit))
  const homes = Array.from({ length: dwellings }, (_, index) => index)
  const probes = homes.flatMap((home) =>
    Array.from({ length: probesPerDwelling }, (_, probe) => ({ home, id: probeId(home, probe) })),
  )
  const plants = Array.from({ length: circuits }, (_, index) => index)
  const interval = { sampling_interval_s: samplingS, reporting_interval_s: reportingS }
  const tolerance_k = shape.toleranceK ?? 0.3
  return {
    territory: [
      { id: 'harbin', kind: 'city', name: 'Harbin' },
      { id: 'nangang', kind: 'district', parent: 'harbin', name: 'Nangang' },
      { id: 'street', kind: 'subdistrict', parent: 'nangang', name: 'Street' },
      { id: 'community', kind: 'community', parent: 'street', name: 'Community' },
      { id: 'estate', kind: 'estate', parent: 'community', name: 'Estate' },
    ],
    firm: [{ id: 'firm', name: 'Firm', role: 'both' }],
    substation: [{ id: 'S-0', territory: 'estate', name: 'Station' }],
    circuit: plants.map((plant) => ({
      id: `C-${plant}`,
      substation: 'S-0',
      zone: 'low',
      pumps: 1,
      name: `C ${plant}`,
    })),
    plant_period: [
      {
        plant_kind: 'substation',
        plant: 'S-0',
        firm: 'firm',
        valid_from: from,
        design_supply_c: 75,
        design_return_c: 50,
      },
    ],
    building: [{ id: 'B-0', estate: 'estate', name: 'Building', floors: 7 }],
    entrance: [{ id: 'E-0', building: 'B-0', name: '1' }],
    dwelling: homes.map((home) => ({ id: dwellingId(home), entrance: 'E-0', door: String(home) })),
    dwelling_period: homes.map((home) => ({
      dwelling: dwellingId(home),
      circuit: `C-${Math.floor(home / perCircuit)}`,
      valid_from: from,
      heated_area_m2: 80,
      floor: 1,
      position: 'middle',
      heating_type: 'radiator',
      contract: shape.contract ?? 'heated',
    })),
    gateway: [{ id: 'G-0', territory: 'estate' }],
    device: [
      ...probes.map(({ id }) => ({ id, kind: 'probe' })),
      ...plants.map((plant) => ({ id: `M-${plant}`, kind: 'plantSensor' })),
    ],
    device_period: [
      ...probes.map(({ id, home }) => ({
        device: id,
        gateway: 'G-0',
        place_kind: 'dwelling',
        place: dwellingId(home),
        valid_from: from,
        ...interval,
        tolerance_k,
      })),
      ...plants.map((plant) => ({
        device: `M-${plant}`,
        gateway: 'G-0',
        place_kind: 'circuit',
        place: `C-${plant}`,
        valid_from: from,
        sampling_interval_s: 60,
        reporting_interval_s: 60,
        tolerance_k: 0,
      })),
    ],
  }
}

export interface WatchedCity {
  readonly ledger: Ledger
  keeper: WatchKeeper
  /** Applies the records from the keeper's position up to `to`, in blocks of the given sizes in turn. */
  run(records: readonly WatchRecord[], to?: number, blockSizes?: readonly number[]): Promise<Signal[]>
  /** Ends the keeper as a crash does: nothing more is written. */
  crash(): Promise<void>
  loseSnapshot(): Promise<void>
  /** Opens a keeper over what is on the disk. */
  restart(): Promise<void>
  importRows(rows: RegistryRows): Promise<void>
  /** Fails the next transactions: before they commit, or after, when nobody learns that they did. */
  failNext(moments: readonly ('before' | 'after' | 'never')[]): void
  close(): Promise<void>
}

/** Whoever reads the journal with the watch, by the ledger and a folder of its own. */
type OpenBeside = (ledger: Ledger, folder: string) => NonNullable<WatchKeeperOptions['openRollUps']>

/** A ledger with a registry, and a keeper in a folder of its own. */
export async function openWatchedCity(
  rows: RegistryRows,
  policy: Policy = harbin,
  openBeside?: OpenBeside,
): Promise<WatchedCity> {
  const folder = mkdtempSync(join(tmpdir(), 'watched-city-'))
  const ledger = await openLedger(join(folder, 'ledger.db'))
  const importRows = async (more: RegistryRows) => {
    const result = await importRegistry(ledger, { rows: more }, { actor: 'test', now: () => from })
    if (!result.ok) throw new Error(JSON.stringify(result.problems))
  }
  await importRows(rows)
  let blockOf = createBlockMaker()
  const failures: ('before' | 'after' | 'never')[] = []
  const failing: Ledger = {
    ...ledger,
    async write(work) {
      const failure = failures.shift()
      if (failure === 'before') throw new Error('The disk is full')
      const result = await ledger.write(work)
      if (failure === 'after') throw new Error('The process ended')
      return result
    },
  }
  const open = () =>
    openWatchKeeper({
      ledger: failing,
      directory: join(folder, 'watch'),
      policy,
      directoryCopyRowsMin: 1,
      ...(openBeside && { openRollUps: openBeside(ledger, join(folder, 'watch', 'roll-ups')) }),
      log: { info() {} },
    })
  const city: WatchedCity = {
    ledger,
    keeper: await open(),
    importRows,
    failNext(moments) {
      failures.splice(0, failures.length, ...moments)
    },
    async run(records, to = records.length, blockSizes = [Number.POSITIVE_INFINITY]) {
      const signals: Signal[] = []
      for (let turn = 0; city.keeper.position < to; turn += 1) {
        const size = Math.max(1, blockSizes[turn % blockSizes.length] ?? 1)
        const start = city.keeper.position
        const result = await city.keeper.apply(blockOf(records, start, Math.min(to, start + size)))
        signals.push(...result.signals)
      }
      return signals
    },
    async crash() {
      await city.keeper.abandon()
    },
    async loseSnapshot() {
      rmSync(join(folder, 'watch'), { recursive: true, force: true })
    },
    async restart() {
      blockOf = createBlockMaker()
      city.keeper = await open()
    },
    async close() {
      await city.keeper.close().catch(() => undefined)
      await ledger.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return city
}
