import { type Alert, alertDueAt } from '#domain/alert.ts'
import type { Rules } from '#domain/policy.ts'

/** Alerts that are open or that a new flag may still join: all that a decision about the next flag needs. */
export interface AlertBook {
  find(id: string): Alert | undefined
  newestOf(placeKind: string, place: string): Alert | undefined
  /** Earliest time at which the clock has something to do for one of them. */
  dueAt(): number
  dueBy(at: number): Alert[]
  put(alerts: Iterable<Alert>): void
  /** A copy to try changes on. */
  draft(): AlertBook & { changed(): Alert[] }
  /** Lets go of what is closed and too old to join. */
  forget(now: number): void
  readonly size: number
}

type AlertRules = Rules['alert']

export function createAlertBook(rulesAt: (at: number) => AlertRules): AlertBook {
  return bookOf(new Map(), undefined, rulesAt)
}

function bookOf(own: Map<string, Alert>, below: AlertBook | undefined, rulesAt: (at: number) => AlertRules) {
  const newest = new Map<string, string>()
  const placeKey = (kind: string, place: string) => `${kind}/${place}`
  const rulesOf = (alert: Alert) => rulesAt(alert.updatedAt)

  const find = (id: string): Alert | undefined => own.get(id) ?? below?.find(id)

  function newestOf(placeKind: string, place: string): Alert | undefined {
    const id = newest.get(placeKey(placeKind, place))
    const ours = id === undefined ? undefined : own.get(id)
    const theirs = below?.newestOf(placeKind, place)
    if (!ours || !theirs) return ours ?? theirs
    return ours.openedAt >= theirs.openedAt ? ours : theirs
  }

  function dueBy(at: number): Alert[] {
    const due = [...own.values()].filter(
      (alert) => (alertDueAt(alert, rulesOf(alert)) ?? Number.POSITIVE_INFINITY) <= at,
    )
    const inherited = below?.dueBy(at).filter((alert) => !own.has(alert.id)) ?? []
    return [...due, ...inherited].sort((left, right) => (left.id < right.id ? -1 : 1))
  }

  const book: AlertBook & { changed(): Alert[] } = {
    find,
    newestOf,
    dueAt() {
      let earliest = Number.POSITIVE_INFINITY
      for (const alert of own.values()) earliest = Math.min(earliest, alertDueAt(alert, rulesOf(alert)) ?? earliest)
      return Math.min(earliest, below?.dueAt() ?? earliest)
    },
    dueBy,
    put(alerts) {
      for (const alert of alerts) {
        own.set(alert.id, alert)
        const known = newestOf(alert.placeKind, alert.place)
        if (!known || known.openedAt <= alert.openedAt) newest.set(placeKey(alert.placeKind, alert.place), alert.id)
      }
    },
    draft: () => bookOf(new Map(), book, rulesAt),
    forget(now) {
      for (const alert of own.values()) {
        if (alert.closedAt === undefined || now - alert.lastFlagAt < rulesOf(alert).windowMs) continue
        own.delete(alert.id)
        const key = placeKey(alert.placeKind, alert.place)
        if (newest.get(key) === alert.id) newest.delete(key)
      }
    },
    get size() {
      return own.size
    },
    changed: () => [...own.values()],
  }
  return book
}
