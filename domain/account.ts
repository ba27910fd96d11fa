import { z } from 'zod'
import { idSchema } from './registry.ts'

export const roles = ['admin', 'regulator', 'streetOffice', 'community', 'firmDispatcher', 'team', 'viewer'] as const
export type Role = (typeof roles)[number]

/** What an account may see: everything below a territory node, everything a firm operates, or the whole city. */
export const scopeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('city') }),
  z.strictObject({ kind: z.literal('territory'), id: idSchema }),
  z.strictObject({ kind: z.literal('firm'), id: idSchema }),
])
export type Scope = z.infer<typeof scopeSchema>

export const permissions = [
  'plant.read', // plants, buildings, roll-ups of at least ten dwellings, alerts without dwellings
  'dwelling.read', // readings, flags and doors of single homes
  'registry.write',
  'gateway.read', // gateways, commissioning list, refusals
  'gateway.write', // identities: make, rotate, revoke
  'quarantine.read',
  'quarantine.replay',
  'weather.write',
  'webhook.write',
  'account.write',
  'audit.read',
  'ranking.claim', // propose exclusions, object to a list
  'ranking.confirm', // decide exclusions
  'ranking.publish', // figures, vetoes, lists and what follows from objections
] as const
export type Permission = (typeof permissions)[number]

export const rolePermissions: Readonly<Record<Role, readonly Permission[]>> = {
  admin: permissions,
  regulator: [
    'plant.read',
    'dwelling.read',
    'registry.write',
    'gateway.read',
    'gateway.write',
    'quarantine.read',
    'quarantine.replay',
    'weather.write',
    'webhook.write',
    'audit.read',
    'ranking.claim',
    'ranking.confirm',
    'ranking.publish',
  ],
  streetOffice: ['plant.read', 'dwelling.read', 'gateway.read', 'ranking.claim', 'ranking.confirm'],
  community: ['plant.read', 'dwelling.read', 'ranking.claim'],
  firmDispatcher: ['plant.read', 'dwelling.read', 'gateway.read', 'quarantine.read', 'webhook.write', 'ranking.claim'],
  team: ['plant.read', 'dwelling.read'],
  viewer: ['plant.read'],
}

export const can = (role: Role, permission: Permission): boolean => rolePermissions[role].includes(permission)

/**
 * Where a thing is, for deciding who may see it: territory node ids from the city down, and the firm that operates
 * what feeds it (undefined where nobody is registered).
 */
export interface Whereabouts {
  readonly territory: readonly string[]
  readonly firm?: string
}

/** True where the thing lies inside the scope. */
export function inScope(scope: Scope, where: Whereabouts): boolean {
  if (scope.kind === 'city') return true
  if (scope.kind === 'territory') return where.territory.includes(scope.id)
  return where.firm === scope.id
}
