import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { dayMs } from '#domain/time.ts'
import { alertsTopic } from '#domain/topics.ts'
import { acquireLease, holdLease, type Lease, LeaseLostError, releaseLease } from '#store/ledger/leases.ts'
import {
  cancelNotification,
  dueNotifications,
  dueTargets,
  forgetNotifications,
  type Notification,
  type NotificationChannel,
  recordAttempt,
} from '#store/ledger/notifications.ts'
import { forgetSignals } from '#store/ledger/signals.ts'
import { webhookSecret } from '#store/ledger/webhooks.ts'
import type { ApiDeps } from '../deps.ts'
import type { ApiMetrics } from '../metrics.ts'
import { toldSeldom } from '../told-seldom.ts'
import { maySendStill, notifierName, planNotifications } from './plan.ts'
import { type RetryPolicy, retryDefault, retryDelayMs } from './retry.ts'
import { attemptMsMax, type SendResult, sendWebhook } from './webhook-sender.ts'

/** Whoever holds the lease can finish the attempt it began, however long that takes. */
const leaseRenewMs = 10_000
const leaseMs = leaseRenewMs + 2 * attemptMsMax
/** Looks at least this often; news come by `wake`. */
const pollMs = 1_000
/** Of one receiver at a time; the rest stays in the ledger. */
const notificationsPerRoundMax = 50
/** One slow receiver must not keep the others waiting, nor may a hundred of them take every connection. */
const receiversAtOnceMax = 16
/** While the broker is away nothing is gained by asking at every poll. */
const brokerPauseMs = 3_000
/** What was settled this long ago interests nobody in operation. */
const settledKeptMs = 30 * dayMs
/** City time for which the stream can be followed from: a season, and the same weeks of the year before. */
const signalsKeptMs = 400 * dayMs
const forgottenAtOnceMax = 500

/** Stands among the receivers for the broker; no webhook has this id. */
const brokerKey = 'mqtt'

export interface NotifierDeps extends Pick<ApiDeps, 'ledger' | 'clock' | 'log' | 'publish'> {
  readonly metrics: Pick<ApiMetrics, 'notified'>
  readonly wallClock: () => number
  readonly retry?: RetryPolicy
}

export interface Notifier {
  /** There may be something to send: looks now rather than at the next poll. */
  wake(): void
  close(): Promise<void>
}

/**
 * Sends alerts over MQTT and to webhooks, from its own place in the stream. Any number of processes may run one: the
 * one that holds the lease works.
 */
export function startNotifier(deps: NotifierDeps): Notifier {
  const { ledger, wallClock, log } = deps
  const tellFailure = toldSeldom(log)
  const retry = deps.retry ?? retryDefault
  const holder = randomUUID()
  const closing = new AbortController()
  const receiversBusy = new Map<string, Promise<void>>()
  let lease: Lease | undefined
  let leaseTakenAt = -Infinity
  let brokerPausedUntil = -Infinity
  let nextForgetAt = 0
  let wakeUp = () => {}
  let newsMeanwhile = false
  /** Rejects at the end: a client may hold a publish back until its broker is there again. */
  const ended = new Promise<never>((_resolve, reject) => {
    closing.signal.addEventListener('abort', () => reject(new Error('the notifier is closing')))
  })
  ended.catch(() => {})

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        if (await keepLease()) await work()
      } catch (error) {
        if (error instanceof LeaseLostError) lease = undefined
        else tellFailure(error, 'alerts could not be sent on')
      }
      await pause()
    }
  }

  async function pause(): Promise<void> {
    if (newsMeanwhile) {
      newsMeanwhile = false
      return
    }
    const woken = new AbortController()
    wakeUp = () => woken.abort()
    const signal = AbortSignal.any([woken.signal, closing.signal])
    await sleep(pollMs, undefined, { signal }).catch(() => {})
    newsMeanwhile = false
  }

  async function keepLease(): Promise<boolean> {
    const now = wallClock()
    if (lease && now - leaseTakenAt < leaseRenewMs) return true
    lease = await ledger.write((transaction) => acquireLease(transaction, notifierName, holder, now, leaseMs))
    leaseTakenAt = now
    return lease !== undefined
  }

  async function work(): Promise<void> {
    const overMqtt = deps.publish !== undefined
    const plan = () =>
      planNotifications(ledger, heldLease(), {
        simulated: deps.clock.anchor().simulated,
        wallMs: wallClock(),
        overMqtt,
      })
    while (!closing.signal.aborted && (await plan())) await keepLease()
    if (!receiversBusy.has(brokerKey)) serve(brokerKey, publishDue())
    for (const target of await dueTargets(ledger.db, 'webhook', wallClock())) {
      if (receiversBusy.size >= receiversAtOnceMax) break
      if (!receiversBusy.has(target)) serve(target, sendDue(target))
    }
    await forgetOld()
  }

  function heldLease(): Lease {
    if (!lease) throw new LeaseLostError('The notifier works without its lease')
    return lease
  }

  /** Publishes in the order of the signals; stops at the first that fails, so that the order holds. */
  async function publishDue(): Promise<void> {
    const { publish } = deps
    if (!publish || wallClock() < brokerPausedUntil) return
    for (const district of await dueTargets(ledger.db, 'mqtt', wallClock())) {
      for (const notification of await due('mqtt', district)) {
        const startedAt = wallClock()
        try {
          await Promise.race([publish(alertsTopic(district), notification.body), ended])
        } catch (error) {
          if (closing.signal.aborted) return
          brokerPausedUntil = wallClock() + brokerPauseMs
          deps.metrics.notified('mqtt', 'unreachable')
          log.warn({ err: error }, 'an alert could not be published; it will be tried again')
          return
        }
        await settle(notification, startedAt, { outcome: 'delivered' })
      }
    }
  }

  /** Lets a receiver take its time: the others do not wait for it. */
  function serve(receiver: string, work: Promise<void>): void {
    const served = work
      .catch((error: unknown) => {
        if (!(error instanceof LeaseLostError)) log.error({ err: error, receiver }, 'a receiver was not served')
      })
      .finally(() => {
        receiversBusy.delete(receiver)
      })
    receiversBusy.set(receiver, served)
  }

  async function sendDue(target: string): Promise<void> {
    for (const notification of await due('webhook', target)) {
      const receiver = await webhookSecret(ledger.db, target)
      if (!receiver || closing.signal.aborted) return
      if (!(await maySendStill(ledger.db, target, notification.body))) {
        await ledger.write((transaction) => cancelNotification(transaction, notification.id))
        continue
      }
      const startedAt = wallClock()
      const message = { id: notification.id, body: notification.body, ...receiver }
      const result = await sendWebhook(message, startedAt, closing.signal)
      // What our own end cut short is not the receiver's failure; it is sent again at the next start.
      if (closing.signal.aborted && result.outcome !== 'delivered') return
      await settle(notification, startedAt, result)
      if (result.outcome !== 'delivered') return
    }
  }

  const due = (channel: NotificationChannel, target: string) =>
    dueNotifications(ledger.db, channel, target, wallClock(), notificationsPerRoundMax)

  async function settle(notification: Notification, startedAt: number, result: SendResult): Promise<void> {
    const now = wallClock()
    const attempt = notification.attempts + 1
    const delayMs = result.outcome === 'delivered' ? undefined : retryDelayMs(retry, attempt, Math.random())
    const failed = delayMs === undefined ? 'dead' : 'pending'
    const next = {
      state: result.outcome === 'delivered' ? 'delivered' : failed,
      nextAttemptAt: now + (delayMs ?? 0),
    } as const
    deps.metrics.notified(notification.channel, result.outcome)
    await ledger.write(async (transaction) => {
      await holdLease(transaction, heldLease())
      await recordAttempt(
        transaction,
        notification.id,
        { attempt, at: startedAt, durationMs: now - startedAt, ...result },
        next,
      )
    })
    if (next.state === 'dead') log.error({ notification: notification.id, attempt }, 'an alert could not be delivered')
  }

  async function forgetOld(): Promise<void> {
    const now = wallClock()
    if (now < nextForgetAt) return
    const forget = () =>
      ledger.write(async (transaction) => {
        await holdLease(transaction, heldLease())
        const notifications = await forgetNotifications(transaction, now - settledKeptMs, forgottenAtOnceMax)
        const signals = await forgetSignals(transaction, deps.clock.now() - signalsKeptMs, forgottenAtOnceMax)
        return Math.max(notifications, signals)
      })
    // A full chunk means that there is more; it can wait for the next round.
    nextForgetAt = (await forget()) === forgottenAtOnceMax ? now : now + 3_600_000
  }

  function wake(): void {
    newsMeanwhile = true
    wakeUp()
  }

  const running = run()
  return {
    wake,
    async close() {
      closing.abort()
      await running
      await Promise.all(receiversBusy.values())
      const last = lease
      if (!last) return
      await ledger
        .write((transaction) => releaseLease(transaction, last))
        .catch((error: unknown) =>
          tellFailure(error, 'the lease of the notifier could not be given back; it ends soon'),
        )
    },
  }
}
