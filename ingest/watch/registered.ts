import type { DevicePeriod, RegisteredDevices } from '../registered-devices.ts'
import type { Directory, Placement } from './directory.ts'
import type { DirtyPages } from './pages.ts'
import type { ProbeColumns } from './probe-columns.ts'
import type { RegistryFeed } from './registry-feed.ts'

/** The watch's directory, for whoever asks which devices a gateway may speak for. */
export function registeredDevices(directory: Directory, feed: Pick<RegistryFeed, 'version'>): RegisteredDevices {
  return {
    devices: directory.devices,
    gateways: directory.gateways,
    version: feed.version,
    changedIn: (slot) => directory.columns.changedIn[slot] ?? 0,
    onlyGateway: directory.onlyGateway,
    periods: (slot) => directory.placementsOf(slot).map(periodOf),
  }
}

const periodOf = ({ gateway, validFrom, validTo }: Placement): DevicePeriod => ({
  gateway,
  from: validFrom,
  ...(validTo !== Number.POSITIVE_INFINITY && { to: validTo }),
})

/** A 1 for each slot whose written state, which comes of records before a position alone, has heard of its probe. */
export function heardBefore(
  { columns, pages, slots }: { columns: ProbeColumns; pages: DirtyPages; slots: number },
  position: number,
): Uint8Array {
  const heard = new Uint8Array(slots)
  for (let slot = 0; slot < slots; slot += 1) {
    const isHeard = (columns.newestAt[slot] ?? 0) > 0 || (columns.heardAt[slot] ?? 0) > 0
    if (isHeard && pages.appliedTo(slot) <= position) heard[slot] = 1
  }
  return heard
}
