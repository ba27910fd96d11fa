import type { Refusal } from '../codecs/codec.ts'
import type { DevicePeriod } from '../registered-devices.ts'

/** What the ledger knows about devices. The decoder asks for many at once and remembers the answers. */
export interface DeviceDirectory {
  /** Periods of the devices as of a version of the registry, in order of their beginning; no entry: never registered. */
  periods(devices: readonly string[], version: number): Promise<Map<string, readonly DevicePeriod[]>>
  /**
   * Devices whose periods changed after a version and up to another, each with the version that changed it first;
   * undefined where they are too many to be held.
   */
  changedDevices(after: number, through: number): Promise<ReadonlyMap<string, number> | undefined>
  /** Which of the devices have had a reading stored. */
  seen(devices: readonly string[]): Promise<Set<string>>
  /** How many devices that the registry never knew were first heard through each gateway. */
  unregisteredSeen(gateways: readonly string[], version: number): Promise<Map<string, number>>
}

/** A gateway that makes up device ids, or swaps bytes of them, must not fill the stores. */
export const unregisteredPerGatewayMax = 1_000

/**
 * Why a gateway may not speak for a registered device; undefined where it may: the device is registered to it at the
 * time of receipt or of the reading (a backlog may arrive after the device has moved), or to nobody.
 */
export function judgeGateway(
  periods: readonly DevicePeriod[],
  gateway: string,
  receivedAt: number,
  at: number,
): Refusal | undefined {
  const now = inForce(periods, receivedAt)
  if (now === undefined || now.gateway === gateway) return undefined
  if (inForce(periods, at)?.gateway === gateway) return undefined
  return otherGateway(now.gateway)
}

function otherGateway(gateway: string): Refusal {
  const detail = `The device is registered to gateway ${gateway}. Register it to this one, or correct the device id.`
  return { code: 'device_of_other_gateway', detail }
}

export const tooManyUnregistered: Refusal = {
  code: 'too_many_unregistered_devices',
  detail:
    `This gateway has sent readings of ${unregisteredPerGatewayMax} devices that the registry does not know. ` +
    'Register its devices, then send this delivery through again.',
}

function inForce(periods: readonly DevicePeriod[], at: number): DevicePeriod | undefined {
  const begun = periods.findLast((period) => period.from <= at && (period.to === undefined || period.to > period.from))
  return begun === undefined || (begun.to !== undefined && begun.to <= at) ? undefined : begun
}
