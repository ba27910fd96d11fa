import { type Alert, type AlertNews, alertTiers } from '#domain/alert.ts'
import type { Signal } from '#domain/signal.ts'
import type { StoredFlag } from '#store/ledger/flags.ts'
import { type Outage, outageKey } from '#store/ledger/outages.ts'

/** A signal that has no number yet. */
export type NewSignal = Omit<Signal, 'number'>

export function flagSignal(
  kind: 'flag.raised' | 'flag.cleared',
  flag: StoredFlag,
  at: number,
  history: boolean,
  suffix: string,
): NewSignal {
  const { where, ofDwelling, subjectKind, subject } = flag
  const { rule, since, raisedAt, clearedAt, clearedBy, value, targetC, building, circuit, device, alert } = flag
  return {
    at,
    kind,
    key: `${flag.key}/${suffix}`,
    subjectKind,
    subject,
    history,
    territory: [...where.territory],
    ...(where.firm !== undefined && { firm: where.firm }),
    ofDwelling,
    // Named one by one: the same flag gives the same text, whether it was just made or read from the ledger.
    payload: {
      key: flag.key,
      rule,
      since,
      raisedAt,
      clearedAt,
      clearedBy,
      value,
      targetC,
      history: flag.history,
      building,
      circuit,
      device,
      alert,
    },
  }
}

export function alertSignal(alert: Alert, news: AlertNews, at: number): NewSignal {
  const { where, ofDwelling, id, placeKind, place, openedAt, lastFlagAt, updatedAt, closedAt } = alert
  const { flags, openFlags, tier, rule, revision, district } = alert
  return {
    at,
    kind: `alert.${news}`,
    key: `${alert.id}/${alert.revision}`,
    subjectKind: alert.placeKind,
    subject: alert.place,
    history: false,
    territory: [...where.territory],
    ...(where.firm !== undefined && { firm: where.firm }),
    ofDwelling,
    payload: {
      id,
      placeKind,
      place,
      district,
      tier,
      severity: alertTiers.indexOf(tier),
      rule,
      flags,
      openFlags,
      openedAt,
      lastFlagAt,
      updatedAt,
      closedAt,
      revision,
    },
  }
}

export function outageSignal(outage: Outage): NewSignal {
  return {
    at: outage.endedAt,
    kind: 'outage.recorded',
    key: outageKey(outage),
    subjectKind: 'service',
    subject: 'warmcity',
    history: true,
    territory: [],
    ofDwelling: false,
    payload: { ...outage },
  }
}
