/** Why days of a place may be left out of a ranking. */
export const exclusionKinds = ['plannedWork', 'refusedAccess', 'heatingSuspended', 'openWindow', 'carrier'] as const
export type ExclusionKind = (typeof exclusionKinds)[number]

/** What it may be asked for. */
export const exclusionPlaceKinds = ['dwelling', 'building', 'circuit'] as const
export type ExclusionPlaceKind = (typeof exclusionPlaceKinds)[number]

/** Only a confirmed one counts. */
export const exclusionStates = ['proposed', 'confirmed', 'refused'] as const
export type ExclusionState = (typeof exclusionStates)[number]
