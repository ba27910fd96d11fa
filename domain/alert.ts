import type { Whereabouts } from './account.ts'
import type { FlagRule } from './flag.ts'

/** Where an alert is: what feeds the homes, or the building where nobody registered what feeds it. */
export const alertPlaceKinds = ['circuit', 'building', 'substation', 'source'] as const
export type AlertPlaceKind = (typeof alertPlaceKinds)[number]

/** How bad, mildest first. */
export const alertTiers = ['notice', 'warning', 'serious', 'danger'] as const
export type AlertTier = (typeof alertTiers)[number]

/** What people are told of: the flags of one circuit, building or plant that were raised within a day of each other. */
export interface Alert {
  /** Same history, same id: place and time of opening. */
  readonly id: string
  readonly placeKind: AlertPlaceKind
  readonly place: string
  /** Service's clock when it opened, when a flag last joined, when it last changed, and when its last flag cleared. */
  readonly openedAt: number
  readonly lastFlagAt: number
  readonly updatedAt: number
  readonly closedAt?: number
  /** Flags that ever joined, and those still open. */
  readonly flags: number
  readonly openFlags: number
  readonly tier: AlertTier
  /** Rule of the worst flag. */
  readonly rule: FlagRule
  /** Signals sent of it, and what the last one said. */
  readonly revision: number
  readonly announcedAt: number
  readonly announcedFlags: number
  /** Territory nodes of the place and of the homes concerned, and the firm that operates the place. */
  readonly where: Whereabouts
  readonly district?: string
  /** True where the place has so few measured homes that the count speaks of single ones. */
  readonly ofDwelling: boolean
}
