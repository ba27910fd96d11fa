/**
 * What can go wrong in the simulated city. `subject` says what a fault happens to, `size` what its size means and what
 * it is where nothing is said; `subject` kinds are those of the registry, `city` is the whole of it.
 */
export const faultKinds = {
  pumpTrip: { subject: ['circuit'] },
  zoneClosed: { subject: ['circuit'] },
  powerLoss: { subject: ['substation'] },
  boilerTrip: { subject: ['source'] },
  /** Size: water lost an hour as a share of what circulates. */
  burst: { subject: ['circuit', 'source'], size: 0.08 },
  /** Size: opening at which the valve stays, 0 to 1. */
  stuckValve: { subject: ['circuit'], size: 0.3 },
  /** Size: share of the usual flow that is left. */
  airLock: { subject: ['riser', 'dwelling'], size: 0.02 },
  /** Size: share of the usual flow that is left. */
  imbalance: { subject: ['building'], size: 0.3 },
  openWindow: { subject: ['dwelling'] },
  /** Size: kelvin that it gets colder. */
  coldWave: { subject: ['city'], size: 10 },
  probeStuck: { subject: ['device'] },
  /** Size: kelvin a day. */
  probeDrift: { subject: ['device'], size: 0.8 },
  probeSilent: { subject: ['device'] },
  /** The 85.0 of a DS18B20 that lost its power. Size: share of the samples. */
  probeErrorValue: { subject: ['device'], size: 0.3 },
  /** Size: above 0 the share of the way from room to radiator, below 0 from room to outdoors. */
  probeMoved: { subject: ['device'], size: 0.25 },
  /** Cut off; what it measured meanwhile is sent afterwards. */
  gatewayOffline: { subject: ['gateway'] },
  /** Sends deliveries again. Size: share of the deliveries. */
  gatewayDuplicates: { subject: ['gateway'], size: 0.3 },
  /** Size: seconds that its clock is ahead. */
  gatewayClockSkew: { subject: ['gateway'], size: 600 },
} as const satisfies Record<string, { readonly subject: readonly SubjectKind[]; readonly size?: number }>

export type SubjectKind =
  | 'city'
  | 'source'
  | 'substation'
  | 'circuit'
  | 'building'
  | 'riser'
  | 'dwelling'
  | 'device'
  | 'gateway'

export type FaultKind = keyof typeof faultKinds

/** One fault. It holds from `from` up to `to`, epoch milliseconds; physics needs its time to follow. */
export interface Fault {
  readonly kind: FaultKind
  /** Id of what it happens to; `city` for the weather. */
  readonly subject: string
  readonly from: number
  readonly to: number
  readonly size?: number
}

/** The fault's size, or the usual one of its kind; 1 for kinds that know no size. */
export function sizeOf(fault: Fault): number {
  const kind = faultKinds[fault.kind]
  return fault.size ?? ('size' in kind ? kind.size : 1)
}

export const isActive = (fault: Fault, at: number) => fault.from <= at && at < fault.to
