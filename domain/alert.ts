import type { Whereabouts } from './account.ts'
import type { FlagRule } from './flag.ts'
import type { Rules } from './policy.ts'

/** Where an alert is: what feeds the homes, or the building where nobody registered what feeds it. */
export const alertPlaceKinds = ['circuit', 'building', 'substation', 'source'] as const
export type AlertPlaceKind = (typeof alertPlaceKinds)[number]

/** How bad, mildest first. */
export const alertTiers = ['notice', 'warning', 'serious', 'danger'] as const
export type AlertTier = (typeof alertTiers)[number]

/** What people are told of: the flags of one circuit, building or plant that were raised within a day of each other. */
export interface Alert {
  /** Same history, same id: place and time of opening. */
  readonly id: string
  readonly placeKind: AlertPlaceKind
  readonly place: string
  /** Service's clock when it opened, when a flag last joined, when it last changed, and when its last flag cleared. */
  readonly openedAt: number
  readonly lastFlagAt: number
  readonly updatedAt: number
  readonly closedAt?: number
  /** Flags that ever joined, and those still open. */
  readonly flags: number
  readonly openFlags: number
  readonly tier: AlertTier
  /** Rule of the worst flag. */
  readonly rule: FlagRule
  /** Signals sent of it, and what the last one said. */
  readonly revision: number
  readonly announcedAt: number
  readonly announcedFlags: number
  /** Territory nodes of the place and of the homes concerned, and the firm that operates the place. */
  readonly where: Whereabouts
  readonly district?: string
  /** True where the place has so few measured homes that the count speaks of single ones. */
  readonly ofDwelling: boolean
}

/** A flag that people are to be told of, and where it belongs. */
export interface AlertingFlag {
  readonly rule: FlagRule
  readonly tier: AlertTier
  readonly placeKind: AlertPlaceKind
  readonly place: string
  /** Of the place, and of the flag's own subject. */
  readonly where: Whereabouts
  readonly subjectWhere: Whereabouts
  readonly district?: string
  readonly ofDwelling: boolean
}

/** What people are told of an alert. */
export type AlertNews = 'opened' | 'updated' | 'closed'

export interface AlertStep {
  readonly alert: Alert
  readonly news?: AlertNews
}

type AlertRules = Rules['alert']

/** A circuit may feed homes of several communities; more than so many are named by what lies above them. */
const territoryNodesMax = 100

/** Whether a flag raised now joins the alert; otherwise it begins another. */
export const canJoin = (alert: Alert, now: number, rules: AlertRules): boolean =>
  now - alert.lastFlagAt < rules.windowMs

/** The alert of a place after a flag: the newest one that it can join, or a new one. */
export function joinAlert(newest: Alert | undefined, flag: AlertingFlag, now: number, rules: AlertRules): AlertStep {
  if (!newest || !canJoin(newest, now, rules)) return openAlert(flag, now)
  const worse = alertTiers.indexOf(flag.tier) > alertTiers.indexOf(newest.tier)
  const { closedAt, ...open } = newest
  const alert: Alert = {
    ...open,
    lastFlagAt: now,
    updatedAt: now,
    flags: newest.flags + 1,
    openFlags: newest.openFlags + 1,
    ...(worse && { tier: flag.tier, rule: flag.rule }),
    where: { ...newest.where, territory: withNodes(newest.where.territory, flag.subjectWhere.territory) },
    ofDwelling: flag.ofDwelling,
  }
  const isNews =
    worse ||
    closedAt !== undefined ||
    alert.flags >= rules.growth * alert.announcedFlags ||
    now - alert.announcedAt >= rules.repeatMs
  return isNews ? told(alert, 'updated', now) : { alert }
}

function openAlert(flag: AlertingFlag, now: number): AlertStep {
  const alert: Alert = {
    id: `alert/${flag.placeKind}/${flag.place}/${now}`,
    placeKind: flag.placeKind,
    place: flag.place,
    openedAt: now,
    lastFlagAt: now,
    updatedAt: now,
    flags: 1,
    openFlags: 1,
    tier: flag.tier,
    rule: flag.rule,
    revision: 0,
    announcedAt: now,
    announcedFlags: 0,
    where: { ...flag.where, territory: withNodes(flag.where.territory, flag.subjectWhere.territory) },
    ...(flag.district !== undefined && { district: flag.district }),
    ofDwelling: flag.ofDwelling,
  }
  return told(alert, 'opened', now)
}

function told(alert: Alert, news: AlertNews, now: number): AlertStep {
  return { alert: { ...alert, revision: alert.revision + 1, announcedAt: now, announcedFlags: alert.flags }, news }
}

const withNodes = (nodes: readonly string[], more: readonly string[]): readonly string[] =>
  more.every((node) => nodes.includes(node)) ? nodes : [...new Set([...nodes, ...more])].slice(0, territoryNodesMax)

/** The alert after one of its flags is over. Nobody is told yet: the next may come at once. */
export const leaveAlert = (alert: Alert, now: number): Alert => ({
  ...alert,
  openFlags: Math.max(0, alert.openFlags - 1),
  updatedAt: now,
})

/** When the clock has something to do for the alert; undefined where only a flag can change it. */
export function alertDueAt(alert: Alert, rules: AlertRules): number | undefined {
  if (alert.closedAt !== undefined) return undefined
  if (alert.openFlags === 0) return alert.updatedAt + rules.closesAfterMs
  return alert.flags > alert.announcedFlags ? alert.announcedAt + rules.repeatMs : undefined
}

/** What the clock does: closes an alert that has had no open flag for a while, tells of flags that came since. */
export function settleAlert(alert: Alert, now: number, rules: AlertRules): AlertStep {
  const dueAt = alertDueAt(alert, rules)
  if (dueAt === undefined || now < dueAt) return { alert }
  if (alert.openFlags === 0) return told({ ...alert, closedAt: now, updatedAt: now }, 'closed', now)
  return told(alert, 'updated', now)
}
