import type { Alert } from '#domain/alert.ts'
import { evening } from './api.ts'

/** Where a thing of a district of Harbin is that a firm of its own heats. */
export const placeIn = (district: string) => ({ territory: ['harbin', district], firm: `firm-${district}` })

/** An alert about a circuit, as it was announced this evening. */
export const makeAlert = (id: string, district: string, over: Partial<Alert> = {}): Alert => ({
  id,
  placeKind: 'circuit',
  place: `circuit-${district}`,
  openedAt: evening,
  lastFlagAt: evening,
  updatedAt: evening,
  flags: 12,
  openFlags: 12,
  tier: 'serious',
  rule: 'below16',
  revision: 1,
  announcedAt: evening,
  announcedFlags: 12,
  where: placeIn(district),
  district,
  ofDwelling: false,
  ...over,
})
