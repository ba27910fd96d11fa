import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import { type DashboardLink, DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard'
import type { FlagRule } from '#domain/flag.ts'
import { linkTexts } from '../texts/common.ts'
import type { Language, Said } from '../texts/said.ts'

/** Every dashboard, by the part of its uid that languages share. */
export const boardNames = [
  'city',
  'firm',
  'source',
  'substation',
  'building',
  'ranking',
  'service',
  'dwelling',
] as const
export type BoardName = (typeof boardNames)[number]

export const boardUid = (board: BoardName, language: Language): string => `warmcity-${board}-${language}`

/** Pages of the web console that dashboards lead to. */
export const consolePages = {
  city: '/',
  source: '/plants/source/:id',
  substation: '/plants/substation/:id',
  building: '/buildings/:id',
  flags: '/flags',
  rankings: '/rankings',
  rankedFirm: '/rankings/:list/firms/:firm',
  health: '/health',
} as const
export type ConsolePage = keyof typeof consolePages

/** Grafana puts what is chosen in a variable there. */
export const variableValue = (name: string): string => `\${${name}}`

/** A link of a panel or of a dashboard, as data. */
export interface Link {
  readonly title: Said
  readonly url: (language: Language) => string
  readonly newTab?: boolean
}

/** Grafana puts the shown time there. */
const timeOfThisPage = `\${__url_time_range}`

/** Grafana puts the value of a column of the same row there. */
export const rowValue = (column: string): string => `\${__data.fields.${column}}`

/** To another dashboard at the same time, with variables set. */
export const toBoard = (board: BoardName, title: Said, variables: Readonly<Record<string, string>> = {}): Link => ({
  title,
  url: (language) =>
    `/d/${boardUid(board, language)}?${[
      timeOfThisPage,
      ...Object.entries(variables).map(([name, value]) => `var-${name}=${value}`),
    ].join('&')}`,
})

/** To a page of the console, of what has these ids: `console` is a variable of every dashboard. */
export const toConsole = (page: ConsolePage, ...ids: string[]): Link =>
  inConsole(consolePages[page].replaceAll(/:\w+/g, () => ids.shift() ?? ''))

interface FlagFilter {
  readonly rules?: readonly FlagRule[]
  readonly firm?: string
}

/** To open flags in the console. Filters are JSON there: an id that looks like a number stays a text. */
export function toFlags({ rules, firm }: FlagFilter = {}): Link {
  const filters = [
    ...(rules ? [`rule=${encodeURIComponent(JSON.stringify(rules))}`] : []),
    ...(firm === undefined ? [] : [`firm=%22${firm}%22`]),
  ]
  return inConsole(`${consolePages.flags}${filters.length > 0 ? '?' : ''}${filters.join('&')}`)
}

const inConsole = (path: string): Link => ({
  title: linkTexts.console,
  url: () => `\${console}${path}`,
  newTab: true,
})

/** A link in the form that Grafana takes; it stands in the open and not in a menu, where the SDK puts it. */
export function linkBuilder({ title, url, newTab = false }: Link, language: Language): Builder<DashboardLink> {
  const made = new DashboardLinkBuilder(title[language])
    .type(DashboardLinkType.Link)
    .url(url(language))
    .icon(newTab ? 'external link' : 'dashboard')
    .tooltip(linkTexts.tooltip[language])
    .targetBlank(newTab)
    .keepTime(false)
    .includeVars(false)
    .build()
  const { placement: _, ...inTheOpen } = made
  return { build: () => inTheOpen }
}
