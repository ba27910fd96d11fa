import type { Ledger } from '#store/ledger/database.ts'
import { listOutages } from '#store/ledger/outages.ts'
import { type ClockState, newClock } from './city-clock.ts'
import { createDirectory, type Directory } from './directory.ts'
import { readDirectoryFile } from './directory-file.ts'
import type { IdTable } from './id-table.ts'
import { unpackEach } from './page-codec.ts'
import { createDirtyPages, type DirtyPages, pageSlotsLog2 } from './pages.ts'
import { createProbeColumns, type ProbeColumns } from './probe-columns.ts'
import type { StoredSnapshot } from './snapshot-file.ts'

/** Older outages cover no silence that is not long flagged. */
const outagesMax = 500

/** What a snapshot restores, but for the plants, which need the rest first. */
export interface Restored {
  readonly directory: Directory
  /** Registry that the directory holds; 0 for none. */
  readonly registryVersion: number
  readonly columns: ProbeColumns
  readonly pages: DirtyPages
  readonly clock: ClockState
}

/** Brings the state back as it was written, in pieces of different age. */
export async function restore(
  stored: StoredSnapshot,
  folder: string,
  ledger: Ledger,
  devices: IdTable | undefined,
): Promise<Restored> {
  const { directory, version } = await openDirectory(folder, stored.ids, devices)
  const columns = createProbeColumns()
  const pages = createDirtyPages()
  columns.reserve(directory.devices.length)
  for (const page of stored.pages) {
    const first = page.number << pageSlotsLog2
    unpackEach(page.state, {
      state: (offset, state) => columns.put(first + offset, state),
      plain: (offset, plain) => columns.putPlain(first + offset, plain),
    })
    pages.written(page.number, page.position)
  }
  const clock = stored.clock ? { ...newClock, ...JSON.parse(stored.clock.state) } : await clockFromLedger(ledger.db)
  return { directory, registryVersion: version, columns, pages, clock }
}

/**
 * The directory from its copy, where that agrees with the slots of the snapshot; else an empty one with those slots.
 * `shared`: the devices of this process so far, if the watch was open before; then the slots are theirs.
 */
async function openDirectory(folder: string, ids: readonly string[], shared: IdTable | undefined) {
  const agreesWithIds = (devices: IdTable) =>
    ids.every((text, page) => agrees(devices, page << pageSlotsLog2, text.split('\n')))
  if (shared && !agreesWithIds(shared)) throw new Error('The snapshot of the watch has devices in another order')
  const kept = await readDirectoryFile(folder)
  const copy = kept && createDirectory(kept.parts)
  const isSame = copy && (shared ? beginsWith(shared, copy.devices) : agreesWithIds(copy.devices))
  const directory = isSame && !shared ? copy : createDirectory(isSame ? kept.parts : undefined, shared)
  for (const [page, text] of ids.entries()) {
    if ((page + 1) << pageSlotsLog2 <= directory.devices.length) continue
    for (const id of text.split('\n')) directory.devices.take(id)
  }
  return { directory, version: isSame ? kept.version : 0 }
}

function beginsWith(devices: IdTable, first: IdTable): boolean {
  const { length } = first
  return length <= devices.length && devices.runTogether(0, length) === first.runTogether(0, length)
}

function agrees(devices: IdTable, first: number, ids: readonly string[]): boolean {
  const known = Math.max(0, Math.min(ids.length, devices.length - first))
  return known === 0 || devices.runTogether(first, first + known) === ids.slice(0, known).join('')
}

/** For a watch that begins without its snapshot: what the ledger remembers of our own outages. */
async function clockFromLedger(db: Ledger['db']): Promise<ClockState> {
  const outages = await listOutages(db, 0, Number.MAX_SAFE_INTEGER, outagesMax)
  return { ...newClock, downtimes: outages.reverse().map(({ beganAt, endedAt }) => ({ beganAt, endedAt })) }
}
