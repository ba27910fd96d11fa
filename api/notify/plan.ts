import type { Signal } from '#domain/signal.ts'
import { type Account, findAccount } from '#store/ledger/accounts.ts'
import type { Ledger, LedgerDb, LedgerTransaction } from '#store/ledger/database.ts'
import { holdLease, type Lease } from '#store/ledger/leases.ts'
import {
  enqueueNotifications,
  type Notification,
  notificationPosition,
  saveNotificationPosition,
} from '#store/ledger/notifications.ts'
import { signalsAfter, streamHead } from '#store/ledger/signals.ts'
import { findWebhook, listWebhooks, type Webhook } from '#store/ledger/webhooks.ts'
import { audienceOf } from '../security/guard.ts'
import { isFor } from '../stream-feed.ts'

/** Name of the notifier's position in the stream. */
export const notifierName = 'alerts'
/** Keeps the transaction short: writers of the ledger wait for it. */
const signalsPerStepMax = 200
/** A city has a regulator, a few dozen firms and some districts. */
export const webhooksMax = 200

interface Recipient {
  readonly webhook: Webhook
  readonly owner: Account
}

type NewNotification = Pick<Notification, 'id' | 'channel' | 'target' | 'signal' | 'body'>

/**
 * Decides for the next signals who is told, and remembers in the same transaction how far it came: a restart neither
 * loses a notification nor makes one twice. Returns false when there was nothing to decide.
 */
export async function planNotifications(
  ledger: Ledger,
  lease: Lease,
  facts: { readonly simulated: boolean; readonly wallMs: number; readonly overMqtt: boolean },
): Promise<boolean> {
  if ((await notificationPosition(ledger.db, notifierName)) >= (await streamHead(ledger.db))) return false
  return ledger.write(async (transaction) => {
    await holdLease(transaction, lease)
    const after = await notificationPosition(transaction, notifierName)
    const everything = { scope: { kind: 'city' }, dwellings: true } as const
    const { signals, streamId, through } = await signalsAfter(transaction, after, everything, signalsPerStepMax)
    const alerts = signals.filter((signal) => signal.kind.startsWith('alert.') && !signal.history)
    if (alerts.length > 0) {
      const recipients = await recipientsOf(transaction)
      const planned = alerts.flatMap((signal) => {
        const body = JSON.stringify({ streamId, simulated: facts.simulated, signal })
        const webhooks = notificationsFor(signal, body, recipients)
        return facts.overMqtt ? [mqttNotification(signal, body), ...webhooks] : webhooks
      })
      await enqueueNotifications(transaction, planned, facts.wallMs)
    }
    await saveNotificationPosition(transaction, notifierName, through)
    return through > after
  })
}

/** Webhooks whose owners are still there. */
async function recipientsOf(transaction: LedgerTransaction): Promise<Recipient[]> {
  const recipients: Recipient[] = []
  for (const webhook of await listWebhooks(transaction, undefined, '', webhooksMax)) {
    const owner = await activeOwner(transaction, webhook)
    if (owner) recipients.push({ webhook, owner })
  }
  return recipients
}

async function activeOwner(db: LedgerDb, webhook: Webhook): Promise<Account | undefined> {
  const owner = await findAccount(db, webhook.owner)
  return owner?.disabledAt === undefined ? owner : undefined
}

/** Whether the owner of a webhook may still be sent what was planned before: a receiver that was away gets it late. */
export async function maySendStill(db: LedgerDb, webhookId: string, body: string): Promise<boolean> {
  const webhook = await findWebhook(db, webhookId)
  const owner = webhook && (await activeOwner(db, webhook))
  // A test tells of nothing.
  const { signal }: { signal?: Signal } = JSON.parse(body)
  return owner !== undefined && (signal === undefined || isFor(signal, audienceOf(owner)))
}

/** Topics are by district; what concerns the whole city goes under the city's own name. */
function mqttNotification(signal: Signal, body: string): NewNotification {
  const target = signal.territory[1] ?? signal.territory[0] ?? 'city'
  return { id: `mqtt/${signal.number}`, channel: 'mqtt', target, signal: signal.number, body }
}

function notificationsFor(signal: Signal, body: string, recipients: readonly Recipient[]): NewNotification[] {
  return recipients
    .filter(({ owner }) => isFor(signal, audienceOf(owner)))
    .map(({ webhook }) => ({
      id: `${webhook.id}.${signal.number}`,
      channel: 'webhook',
      target: webhook.id,
      signal: signal.number,
      body,
    }))
}
