import { hash, timingSafeEqual } from 'node:crypto'
import type { MqttIdentity } from '#domain/identity.ts'
import { isValidFilter } from '#domain/topic-filter.ts'

/** What a client says about itself in its CONNECT. */
interface Claim {
  readonly clientId: string
  readonly username: string | undefined
  readonly password: Uint8Array | undefined
}

type AuthenticationVerdict =
  | { readonly ok: true; readonly identity: MqttIdentity; readonly secret: string }
  | {
      readonly ok: false
      readonly reason: 'no_credentials' | 'unknown_id' | 'client_id_mismatch' | 'wrong_secret' | 'secret_expired'
    }

export interface IdentityTable {
  replace(identities: readonly MqttIdentity[]): void
  get(id: string): MqttIdentity | undefined
  size(): number
  /** Ids with a secret that will run out: those whose sessions have to be looked at as time goes by. */
  expiring(): readonly string[]
  /** Decides over a CONNECT at a time of the service's clock. One SHA-256 and a comparison: a few microseconds. */
  authenticate(claim: Claim, now: number): AuthenticationVerdict
  /** Is this secret (SHA-256, hex) still one of this id's? */
  isInForce(id: string, secret: string, now: number): boolean
}

/** Compared against when the id is unknown, so that the time of an answer does not tell which ids exist. */
const nobodysDigest = hash('sha256', 'nobody', 'buffer')

/**
 * Who may connect, in memory. Secrets are 256 random bits that we made, so a plain digest cannot be searched and needs
 * no slow hash: a whole city may reconnect at once.
 */
export function identityTable(): IdentityTable {
  let identities = new Map<string, MqttIdentity>()
  let expiring: string[] = []

  function authenticate({ clientId, username, password }: Claim, now: number): AuthenticationVerdict {
    if (!username || password === undefined) return { ok: false, reason: 'no_credentials' }
    const digest = hash('sha256', password, 'buffer')
    const identity = identities.get(username)
    if (identity === undefined) {
      timingSafeEqual(digest, nobodysDigest)
      return { ok: false, reason: 'unknown_id' }
    }
    // Every secret is compared, found or not.
    const matching = identity.secrets.filter(({ sha256 }) => isDigest(digest, sha256))
    if (matching.length === 0) return { ok: false, reason: 'wrong_secret' }
    const inForce = matching.find((secret) => holds(secret, now))
    if (inForce === undefined) return { ok: false, reason: 'secret_expired' }
    if (clientId !== identity.id) return { ok: false, reason: 'client_id_mismatch' }
    return { ok: true, identity, secret: inForce.sha256 }
  }

  return {
    replace(list) {
      identities = new Map(list.map((identity) => [identity.id, withValidGrants(identity)]))
      expiring = list
        .filter(({ secrets }) => secrets.some(({ validUntil }) => validUntil !== undefined))
        .map(({ id }) => id)
    },
    get: (id) => identities.get(id),
    size: () => identities.size,
    expiring: () => expiring,
    authenticate,
    isInForce(id, secret, now) {
      return identities.get(id)?.secrets.some((known) => known.sha256 === secret && holds(known, now)) ?? false
    },
  }
}

/** A malformed filter grants nothing. */
function withValidGrants(identity: MqttIdentity): MqttIdentity {
  if (identity.publish.length === 0 && identity.subscribe.length === 0) return identity
  return {
    ...identity,
    publish: identity.publish.filter(isValidFilter),
    subscribe: identity.subscribe.filter(isValidFilter),
  }
}

const holds = (secret: { readonly validUntil?: number }, now: number): boolean =>
  secret.validUntil === undefined || now < secret.validUntil

function isDigest(digest: Uint8Array, sha256: string): boolean {
  const known = Buffer.from(sha256, 'hex')
  return known.length === digest.length && timingSafeEqual(known, digest)
}
