import { type Alert, joinAlert, leaveAlert, settleAlert } from '#domain/alert.ts'
import { summarizeDay } from '#domain/dwelling-day.ts'
import { type FlagSubjectKind, flagKey } from '#domain/flag.ts'
import type { Rules } from '#domain/policy.ts'
import type { FlagEvent } from '#domain/watch-event.ts'
import type { ClosedDay, WrongDay } from '#store/ledger/dwelling-days.ts'
import type { StoredFlag } from '#store/ledger/flags.ts'
import type { LateSupply } from '#store/ledger/late-supply.ts'
import type { Outage } from '#store/ledger/outages.ts'
import type { Weather } from '#store/ledger/weather.ts'
import type { AlertBook } from './alert-book.ts'
import type { Effect, FlagSubject } from './effect.ts'
import type { SubjectPlace } from './places.ts'
import { alertSignal, flagSignal, type NewSignal, outageSignal } from './watch-signals.ts'

/** Everything that one block changes in the ledger, decided before the transaction begins so that it stays short. */
export interface Changes {
  readonly signals: NewSignal[]
  readonly inserted: Map<string, StoredFlag>
  readonly updated: Map<string, StoredFlag>
  readonly days: ClosedDay[]
  readonly wrongDays: WrongDay[]
  readonly lateSupply: LateSupply[]
  readonly outages: Outage[]
  readonly weather: { readonly weather: Weather; readonly now: number }[]
}

/** What the ledger says of the subjects, read before anything is decided. */
export interface Facts {
  readonly open: Map<string, StoredFlag>
  placeOf(subject: FlagSubject, now: number): SubjectPlace
  readonly intimate: ReadonlySet<string>
}

export const conditionKey = (kind: FlagSubjectKind, subject: string, rule: string) => `${kind}/${subject}/${rule}`

type Draft = AlertBook & { changed(): Alert[] }

export function decide(
  effects: readonly Effect[],
  facts: Facts,
  draft: Draft,
  rulesAt: (now: number) => Rules,
): Changes {
  const changes: Changes = {
    signals: [],
    inserted: new Map(),
    updated: new Map(),
    days: [],
    wrongDays: [],
    lateSupply: [],
    outages: [],
    weather: [],
  }
  for (const effect of effects) {
    switch (effect.kind) {
      case 'flag':
        decideFlag(effect, facts, draft, rulesAt(effect.now).alert, changes)
        break
      case 'clock':
        settle(effect.now, draft, rulesAt(effect.now).alert, changes)
        break
      case 'outage':
        changes.outages.push(effect.outage)
        changes.signals.push(outageSignal(effect.outage))
        break
      case 'day': {
        const { dwelling, device } = effect.key
        const stale = effect.sums.wrong ? { staleSince: effect.position } : {}
        changes.days.push({ ...summarizeDay(dwelling, device, effect.sums), ...stale })
        break
      }
      case 'dayWrong':
        changes.wrongDays.push(effect)
        break
      case 'supplyLate':
        changes.lateSupply.push(effect.late)
        break
      case 'weather':
        changes.weather.push(effect)
        break
    }
  }
  return changes
}

type FlagEffect = Effect & { kind: 'flag' }
type AlertRules = Rules['alert']

/**
 * The ledger has the last word on what is open. A flag that is raised twice, or cleared when it is not open, changes
 * nothing: so a state that was rebuilt cannot tell people twice.
 */
function decideFlag(effect: FlagEffect, facts: Facts, draft: Draft, rules: AlertRules, changes: Changes): void {
  const { subject, event, now } = effect
  const condition = conditionKey(subject.kind, subject.id, event.rule)
  const known = facts.open.get(condition)
  if (event.kind === 'raised' && !known) {
    const flag = newFlag(subject, event, facts.placeOf(subject, now))
    const joined = event.history ? { flag } : joinTheAlert(flag, subject, facts, draft, rules, now)
    facts.open.set(condition, joined.flag)
    changes.inserted.set(joined.flag.key, joined.flag)
    changes.signals.push(flagSignal('flag.raised', joined.flag, event.raisedAt, event.history, 'raised'))
    if (joined.news) changes.signals.push(joined.news)
    return
  }
  if (!known) return
  if (event.kind === 'cleared') {
    const cleared = { ...known, clearedAt: event.clearedAt, clearedBy: event.by }
    facts.open.delete(condition)
    keep(cleared, changes)
    const history = event.history || known.history
    changes.signals.push(flagSignal('flag.cleared', cleared, event.clearedAt, history, 'cleared'))
    const alert = known.alert === undefined ? undefined : draft.find(known.alert)
    if (alert) draft.put([leaveAlert(alert, now)])
    return
  }
  const isLive = event.kind === 'announced' || !event.history
  if (!known.history || !isLive) return
  const told = joinTheAlert({ ...known, history: false }, subject, facts, draft, rules, now)
  facts.open.set(condition, told.flag)
  keep(told.flag, changes)
  changes.signals.push(flagSignal('flag.raised', told.flag, now, false, 'announced'))
  if (told.news) changes.signals.push(told.news)
}

function keep(flag: StoredFlag, changes: Changes): void {
  const into = changes.inserted.has(flag.key) ? changes.inserted : changes.updated
  into.set(flag.key, flag)
}

function newFlag(subject: FlagSubject, event: FlagEvent & { kind: 'raised' }, place: SubjectPlace): StoredFlag {
  const { rule, since, raisedAt, history, value, targetC } = event
  return {
    key: flagKey(subject.kind, subject.id, rule, since),
    subjectKind: subject.kind,
    subject: subject.id,
    rule,
    since,
    raisedAt,
    history,
    ...(value !== undefined && { value }),
    ...(targetC !== undefined && { targetC }),
    where: place.where,
    ofDwelling: 'dwelling' in subject,
    ...(place.building !== undefined && { building: place.building }),
    ...(place.circuit !== undefined && { circuit: place.circuit }),
    ...('device' in subject && { device: subject.device }),
  }
}

/** The flag with the alert that it joined, where its rule forms alerts and its place is known, and what is told of it. */
function joinTheAlert(
  flag: StoredFlag,
  subject: FlagSubject,
  facts: Facts,
  draft: Draft,
  rules: AlertRules,
  now: number,
): { readonly flag: StoredFlag; readonly news?: NewSignal } {
  const tier = rules.tiers[flag.rule]
  const place = facts.placeOf(subject, now).alertPlace
  if (!tier || !place) return { flag }
  const step = joinAlert(
    draft.newestOf(place.kind, place.id),
    {
      rule: flag.rule,
      tier,
      placeKind: place.kind,
      place: place.id,
      where: place.where,
      subjectWhere: flag.where,
      ...(place.district !== undefined && { district: place.district }),
      ofDwelling: facts.intimate.has(`${place.kind}/${place.id}`),
    },
    now,
    rules,
  )
  draft.put([step.alert])
  const news = step.news && alertSignal(step.alert, step.news, now)
  return { flag: { ...flag, alert: step.alert.id }, ...(news && { news }) }
}

function settle(now: number, draft: Draft, rules: AlertRules, changes: Changes): void {
  for (const alert of draft.dueBy(now)) {
    const step = settleAlert(alert, now, rules)
    if (step.alert === alert) continue
    draft.put([step.alert])
    if (step.news) changes.signals.push(alertSignal(step.alert, step.news, now))
  }
}
