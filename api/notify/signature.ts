import { createHmac } from 'node:crypto'

/** Header names of a webhook delivery. */
export const webhookHeaders = {
  timestamp: 'warmcity-timestamp',
  signature: 'warmcity-signature',
  delivery: 'warmcity-delivery',
} as const

/**
 * `v1=` and the hex HMAC-SHA256 over timestamp, a dot and the body as sent. The receiver computes it with the secret
 * it was given, compares in constant time, and refuses timestamps (epoch seconds, real time) that are minutes old.
 */
export function signBody(secret: string, timestampSeconds: number, body: string | Uint8Array): string {
  return `v1=${createHmac('sha256', secret).update(`${timestampSeconds}.`).update(body).digest('hex')}`
}
