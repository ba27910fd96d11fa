import { type Alert, type AlertNews, alertTiers, joinAlert, leaveAlert, settleAlert } from '#domain/alert.ts'
import { type DaySums, summarizeDay } from '#domain/dwelling-day.ts'
import { type FlagSubjectKind, flagKey } from '#domain/flag.ts'
import type { Rules } from '#domain/policy.ts'
import type { Signal } from '#domain/signal.ts'
import type { FlagEvent } from '#domain/watch-event.ts'
import { saveAlerts } from '#store/ledger/alerts.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { type ClosedDay, type DayKey, markDayStale, saveDwellingDays } from '#store/ledger/dwelling-days.ts'
import { insertFlags, openFlagsOf, type StoredFlag, updateFlag } from '#store/ledger/flags.ts'
import { type Outage, outageKey, recordOutages } from '#store/ledger/outages.ts'
import { saveProgress } from '#store/ledger/reader-positions.ts'
import { appendSignals } from '#store/ledger/signals.ts'
import { recordWeather, type Weather } from '#store/ledger/weather.ts'
import type { AlertBook } from './alert-book.ts'
import type { Places, SubjectPlace } from './places.ts'

/** Who or what a flag is about, and how its place is found. */
export type FlagSubject =
  | { readonly kind: 'dwelling'; readonly id: string; readonly dwelling: string; readonly device: string }
  | { readonly kind: 'device'; readonly id: string; readonly dwelling: string; readonly device: string }
  | { readonly kind: 'gateway'; readonly id: string }
  | { readonly kind: 'source' | 'substation' | 'circuit'; readonly id: string }

/** Something that the watch found, in the order of the journal. `now` is the journal's time of receipt. */
export type Effect =
  | { readonly kind: 'flag'; readonly subject: FlagSubject; readonly event: FlagEvent; readonly now: number }
  | { readonly kind: 'clock'; readonly now: number }
  | { readonly kind: 'outage'; readonly outage: Outage; readonly now: number }
  | { readonly kind: 'day'; readonly key: DayKey; readonly sums: DaySums; readonly position: number }
  | { readonly kind: 'dayWrong'; readonly key: DayKey; readonly position: number }
  | { readonly kind: 'weather'; readonly weather: Weather; readonly now: number }

export interface EffectsContext {
  readonly ledger: Ledger
  readonly places: Places
  readonly book: AlertBook
  readonly rulesAt: (now: number) => Rules
}

type NewSignal = Omit<Signal, 'number'>

/** Everything that one block changes in the ledger, decided before the transaction begins so that it stays short. */
interface Changes {
  readonly signals: NewSignal[]
  readonly inserted: Map<string, StoredFlag>
  readonly updated: Map<string, StoredFlag>
  readonly days: ClosedDay[]
  readonly wrongDays: { readonly key: DayKey; readonly position: number }[]
  readonly outages: Outage[]
  readonly weather: { readonly weather: Weather; readonly now: number }[]
}

/** Decides what follows from the effects and writes it together with the reader's position. */
export async function commitEffects(
  context: EffectsContext,
  effects: readonly Effect[],
  progress: { readonly position: number; readonly counters: Record<string, number> },
): Promise<Signal[]> {
  const facts = await gatherFacts(context, effects)
  const draft = context.book.draft()
  const changes = decide(effects, facts, draft, context.rulesAt)
  const alerts = draft.changed()
  const signals = await context.ledger.write(async (transaction) => {
    // What ends goes first: a condition may be open once only.
    for (const flag of changes.updated.values()) await updateFlag(transaction, flag)
    await insertFlags(transaction, [...changes.inserted.values()])
    await saveAlerts(transaction, alerts)
    await saveDwellingDays(transaction, changes.days)
    for (const { key, position } of changes.wrongDays) await markDayStale(transaction, key, position)
    await recordOutages(transaction, changes.outages)
    for (const { weather, now } of changes.weather) await recordWeather(transaction, [weather], now)
    const appended = await appendSignals(transaction, changes.signals)
    const signals = (progress.counters.signals ?? 0) + appended.length
    await saveProgress(transaction, 'watch', { ...progress, counters: { ...progress.counters, signals } })
    return appended
  })
  context.book.put(alerts)
  return signals
}

/** What the ledger says of the subjects, read before anything is decided. */
interface Facts {
  readonly open: Map<string, StoredFlag>
  placeOf(subject: FlagSubject, now: number): SubjectPlace
  readonly intimate: ReadonlySet<string>
}

const conditionKey = (kind: FlagSubjectKind, subject: string, rule: string) => `${kind}/${subject}/${rule}`

async function gatherFacts({ ledger, places, rulesAt }: EffectsContext, effects: readonly Effect[]): Promise<Facts> {
  const flagged = effects.filter((effect) => effect.kind === 'flag')
  const subjects = [...new Set(flagged.map(({ subject }) => subject.id))]
  const open = new Map<string, StoredFlag>()
  for (const flag of await openFlagsOf(ledger.db, subjects)) {
    open.set(conditionKey(flag.subjectKind, flag.subject, flag.rule), flag)
  }
  const dwellings = new Set<string>()
  for (const { subject } of flagged) if ('dwelling' in subject) dwellings.add(subject.dwelling)
  const now = flagged.at(-1)?.now ?? 0
  const homes = await places.ofDwellings(ledger.db, [...dwellings], now)
  const placeOf = (subject: FlagSubject, at: number): SubjectPlace => {
    if ('dwelling' in subject) return homes.get(subject.dwelling) ?? { where: { territory: [] } }
    return subject.kind === 'gateway' ? places.ofGateway(subject.id) : places.ofPlant(subject.kind, subject.id, at)
  }
  const intimate = new Set<string>()
  for (const { subject, now: at } of flagged) {
    const place = placeOf(subject, at).alertPlace
    if (!place) continue
    const measuredMin = rulesAt(at).alert.measuredDwellingsMin
    if (await places.isIntimate(ledger.db, place, at, measuredMin)) intimate.add(`${place.kind}/${place.id}`)
  }
  return { open, placeOf, intimate }
}

type Draft = AlertBook & { changed(): Alert[] }

function decide(effects: readonly Effect[], facts: Facts, draft: Draft, rulesAt: (now: number) => Rules): Changes {
  const changes: Changes = {
    signals: [],
    inserted: new Map(),
    updated: new Map(),
    days: [],
    wrongDays: [],
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

function flagSignal(
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

function alertSignal(alert: Alert, news: AlertNews, at: number): NewSignal {
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

function outageSignal(outage: Outage): NewSignal {
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
