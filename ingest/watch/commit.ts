import type { Alert } from '#domain/alert.ts'
import type { Rules } from '#domain/policy.ts'
import type { Signal } from '#domain/signal.ts'
import { joinableAlerts, saveAlerts } from '#store/ledger/alerts.ts'
import type { Ledger, LedgerDb } from '#store/ledger/database.ts'
import { markDaysStale, saveDwellingDays } from '#store/ledger/dwelling-days.ts'
import { insertFlags, openFlagsOf, type StoredFlag, updateFlags } from '#store/ledger/flags.ts'
import { markLateSupply } from '#store/ledger/late-supply.ts'
import { recordOutages } from '#store/ledger/outages.ts'
import { saveProgress } from '#store/ledger/reader-positions.ts'
import { appendSignals } from '#store/ledger/signals.ts'
import { recordWeather } from '#store/ledger/weather.ts'
import type { AlertBook } from './alert-book.ts'
import { conditionKey, decide, type Facts } from './decide.ts'
import type { Effect, FlagSubject } from './effect.ts'
import type { Places, SubjectPlace } from './places.ts'

export interface EffectsContext {
  readonly ledger: Ledger
  readonly places: Places
  readonly book: AlertBook
  readonly rulesAt: (now: number) => Rules
  /** Name under which the ledger has the reader's position. */
  readonly readerName: string
  /** Others form alerts, too: what to do is decided from the ledger itself, while nobody else can write. */
  readonly isShared: boolean
}

/** Decides what follows from the effects and writes it together with the reader's position. */
export async function commitEffects(
  context: EffectsContext,
  effects: readonly Effect[],
  progress: { readonly position: number; readonly counters: Record<string, number> },
): Promise<Signal[]> {
  const early = context.isShared ? undefined : await decideNow(context, context.ledger.db, effects)
  let alerts: readonly Alert[] = []
  const signals = await context.ledger.write(async (transaction) => {
    const decided = early ?? (await decideNow(context, transaction, effects))
    const { changes } = decided
    alerts = decided.alerts
    // What ends goes first: a condition may be open once only.
    await updateFlags(transaction, [...changes.updated.values()])
    await insertFlags(transaction, [...changes.inserted.values()])
    await saveAlerts(transaction, alerts)
    await saveDwellingDays(transaction, changes.days)
    await markDaysStale(transaction, changes.wrongDays)
    await markLateSupply(transaction, changes.lateSupply)
    await recordOutages(transaction, changes.outages)
    for (const { weather, now } of changes.weather) await recordWeather(transaction, [weather], now)
    const appended = await appendSignals(transaction, changes.signals)
    const signals = (progress.counters.signals ?? 0) + appended.length
    await saveProgress(transaction, context.readerName, { ...progress, counters: { ...progress.counters, signals } })
    return appended
  })
  context.book.put(alerts)
  return signals
}

async function decideNow(context: EffectsContext, db: LedgerDb, effects: readonly Effect[]) {
  const { book, rulesAt, isShared } = context
  if (isShared && effects.some(({ kind }) => kind === 'flag' || kind === 'clock')) {
    const now = Math.max(...effects.map((effect) => ('now' in effect ? effect.now : 0)))
    book.put(await joinableAlerts(db, now - rulesAt(now).alert.windowMs))
  }
  const facts = await gatherFacts(context, db, effects)
  const draft = book.draft()
  const changes = decide(effects, facts, draft, rulesAt)
  return { changes, alerts: draft.changed() }
}

async function gatherFacts(
  { places, rulesAt }: EffectsContext,
  db: LedgerDb,
  effects: readonly Effect[],
): Promise<Facts> {
  const flagged = effects.filter((effect) => effect.kind === 'flag')
  const subjects = [...new Set(flagged.map(({ subject }) => subject.id))]
  const open = new Map<string, StoredFlag>()
  for (const flag of await openFlagsOf(db, subjects)) {
    open.set(conditionKey(flag.subjectKind, flag.subject, flag.rule), flag)
  }
  const dwellings = new Set<string>()
  for (const { subject } of flagged) if ('dwelling' in subject) dwellings.add(subject.dwelling)
  const now = flagged.at(-1)?.now ?? 0
  const homes = await places.ofDwellings(db, [...dwellings], now)
  const placeOf = (subject: FlagSubject, at: number): SubjectPlace => {
    if ('dwelling' in subject) return homes.get(subject.dwelling) ?? { where: { territory: [] } }
    return subject.kind === 'gateway' ? places.ofGateway(subject.id) : places.ofPlant(subject.kind, subject.id, at)
  }
  const intimate = new Set<string>()
  for (const { subject, now: at } of flagged) {
    const place = placeOf(subject, at).alertPlace
    if (!place) continue
    const measuredMin = rulesAt(at).alert.measuredDwellingsMin
    if (await places.isIntimate(db, place, at, measuredMin)) intimate.add(`${place.kind}/${place.id}`)
  }
  return { open, placeOf, intimate }
}
