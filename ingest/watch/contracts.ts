import type { DwellingPeriod } from '#domain/registry.ts'
import type { ContractRow } from '#store/ledger/directory.ts'
import { type Endable, ended, inForceAt, withEntry } from './dated-entries.ts'
import { extended, roomFor } from './directory-columns.ts'

/** Whether each dwelling is heated, by its number: columns for the many with one entry, a map for the others. */
export interface Contracts {
  add(dwelling: number, row: ContractRow): void
  at(dwelling: number, at: number): DwellingPeriod['contract'] | undefined
  /** Columns for so many dwellings. */
  columns(dwellings: number): ContractColumns
  several(): ReadonlyMap<number, readonly ContractPeriod[]>
}

export interface ContractPeriod {
  readonly contract: DwellingPeriod['contract']
  readonly validFrom: number
  readonly validTo: number
}

export interface ContractColumns {
  readonly contract: Uint8Array<ArrayBuffer>
  readonly contractFrom: Float64Array<ArrayBuffer>
  readonly contractTo: Float64Array<ArrayBuffer>
}

const codes = { none: 0, heated: 1, suspended: 2, notConnected: 3, several: 4 } as const
const named = ['heated', 'suspended', 'notConnected'] as const

export function createContracts(
  kept?: ContractColumns,
  keptSeveral: readonly (readonly [number, readonly Endable<ContractPeriod>[]])[] = [],
): Contracts {
  let contract = kept?.contract ?? new Uint8Array(1024)
  let contractFrom = kept?.contractFrom ?? new Float64Array(1024)
  let contractTo = kept?.contractTo ?? new Float64Array(1024)
  const several = new Map<number, readonly ContractPeriod[]>(keptSeveral.map(([home, all]) => [home, all.map(ended)]))

  function room(dwelling: number): void {
    if (dwelling < contract.length) return
    const length = roomFor(dwelling + 1)
    contract = extended(contract, new Uint8Array(length))
    contractFrom = extended(contractFrom, new Float64Array(length))
    contractTo = extended(contractTo, new Float64Array(length))
  }

  function entriesOf(dwelling: number): readonly ContractPeriod[] {
    const code = contract[dwelling] ?? codes.none
    if (code === codes.none) return []
    if (code === codes.several) return several.get(dwelling) ?? []
    const only = { contract: named[code - 1] ?? 'notConnected' }
    return [{ ...only, validFrom: contractFrom[dwelling] as number, validTo: contractTo[dwelling] as number }]
  }

  return {
    add(dwelling, row) {
      room(dwelling)
      const entry = {
        contract: row.contract,
        validFrom: row.valid_from,
        validTo: row.valid_to ?? Number.POSITIVE_INFINITY,
      }
      const all = withEntry(entriesOf(dwelling), entry)
      const [only] = all
      several.delete(dwelling)
      contract[dwelling] = only ? codes[only.contract] : codes.none
      if (all.length > 1) {
        several.set(dwelling, all)
        contract[dwelling] = codes.several
      } else if (only) {
        contractFrom[dwelling] = only.validFrom
        contractTo[dwelling] = only.validTo
      }
    },
    at(dwelling, at) {
      const code = contract[dwelling] ?? codes.none
      if (code === codes.none || code === codes.several) return inForceAt(entriesOf(dwelling), at)?.contract
      // Millions of homes are asked about in a row, and nearly all have one entry.
      const isInForce = at >= (contractFrom[dwelling] as number) && at < (contractTo[dwelling] as number)
      return isInForce ? named[code - 1] : undefined
    },
    columns(dwellings) {
      if (dwellings > 0) room(dwellings - 1)
      return {
        contract: contract.subarray(0, dwellings),
        contractFrom: contractFrom.subarray(0, dwellings),
        contractTo: contractTo.subarray(0, dwellings),
      }
    },
    several: () => several,
  }
}
