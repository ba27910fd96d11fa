import type { AttemptOutcome } from '#store/ledger/notifications.ts'
import { signBody, webhookHeaders } from './signature.ts'

/** A receiver that takes longer should put the work aside and answer first. */
export const attemptMsMax = 10_000

export interface SendResult {
  readonly outcome: AttemptOutcome
  readonly status?: number
  readonly detail?: string
}

export interface WebhookMessage {
  readonly id: string
  readonly url: string
  readonly secret: string
  readonly body: string
}

/** Sends a signed body once. A 2xx answer is a delivery; everything else is told in the result. */
export async function sendWebhook(message: WebhookMessage, wallMs: number, abort: AbortSignal): Promise<SendResult> {
  const timestamp = Math.floor(wallMs / 1_000)
  const timeout = AbortSignal.timeout(attemptMsMax)
  try {
    const response = await fetch(message.url, {
      method: 'POST',
      body: message.body,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'warmcity-webhook/1',
        [webhookHeaders.delivery]: message.id,
        [webhookHeaders.timestamp]: String(timestamp),
        [webhookHeaders.signature]: signBody(message.secret, timestamp, message.body),
      },
      // A redirect would carry the alert to a host that nobody entered.
      redirect: 'manual',
      signal: AbortSignal.any([abort, timeout]),
    })
    await response.body?.cancel()
    if (response.ok) return { outcome: 'delivered', status: response.status }
    return { outcome: 'refused', status: response.status, detail: `HTTP ${response.status}` }
  } catch (error) {
    if (timeout.aborted) return { outcome: 'timeout', detail: `no answer in ${attemptMsMax} ms` }
    return { outcome: 'unreachable', detail: reasonOf(error) }
  }
}

/** fetch hides the reason in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error && error.cause.message ? error.cause.message : error.message
}
