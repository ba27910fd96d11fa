import type { Policy } from '#domain/policy.ts'
import type { RankingMethod } from '#domain/ranking-method.ts'
import { localDayNumbered, type Season, seasonOf } from '#domain/season.ts'
import { labelOf } from '#domain/telemetry-names.ts'
import { dayMs } from '#domain/time.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import { exclusionsOn } from '#store/ledger/ranking-exclusions.ts'
import { type RankingList, rankingLists } from '#store/ledger/ranking-lists.ts'
import { listRows } from '#store/ledger/registry-lookups.ts'
import type { Fact } from '#store/telemetry/fact-store.ts'
import type { PublishedList } from './ranking/published.ts'

/** What the ledger knows and dashboards show: published lists, seasons, planned work. */

/** Seasons before and after the one of today: dashboards look back two years. */
const seasonsBack = 2
const seasonsAhead = 1
/** Lists of some seasons, one a month for each district. */
const listsMax = 200
/** Firms of a city; more are not named, only numbered. */
const firmsMax = 500
/** Planned work is entered for a season. */
const plannedDaysAround = 200
/** Enough for every circuit of a city once; the newest are shown. */
const worksMax = 2_000
/** A mark is read in a bubble. */
const worksPerMarkMax = 10

/** When the seasons around a time begin and end. */
export function seasonMarks({ season: calendar }: Policy, now: number): Fact[] {
  const year = new Date(now).getUTCFullYear()
  const years = Array.from({ length: seasonsBack + seasonsAhead + 1 }, (_, index) => year - seasonsBack + index)
  return years
    .map((one) => seasonOf(calendar, one))
    .filter((season): season is Season => season !== undefined)
    .flatMap(({ season, firstDay, lastDay }): Fact[] => {
      const name = `${season}-${String(season + 1).slice(2)}`
      const mark = (kind: 'seasonBegins' | 'seasonEnds', at: number, zh: string, en: string): Fact => ({
        kind: 'mark',
        tags: { kind },
        fields: { text_zh: `${name} 供热季${zh}`, text_en: `Season ${name} ${en}`, reference: name },
        at,
      })
      return [
        mark('seasonBegins', localDayNumbered(calendar.zone, firstDay).beginsAt, '开始', 'begins'),
        mark('seasonEnds', localDayNumbered(calendar.zone, lastDay).endsAt, '结束', 'ends'),
      ]
    })
}

/**
 * Published lists that are not known yet: a mark, and every firm's standing, with its score and its items unless they
 * speak of few homes. A published one never changes.
 */
export async function publishedLists(
  db: LedgerDb,
  read: (list: RankingList) => Promise<PublishedList>,
  known: ReadonlySet<string>,
): Promise<Fact[]> {
  const lists = (await rankingLists(db, { onlyFrozen: true }, listsMax)).filter(({ id }) => !known.has(id))
  if (lists.length === 0) return []
  const names = await firmNames(db)
  const facts: Fact[] = []
  for (const list of lists) {
    if (list.publishedAt === undefined) continue
    const content = await read(list)
    facts.push(listMark(list, content.method, list.publishedAt))
    facts.push(...scoreFacts(list.id, content, list.publishedAt, names))
  }
  return facts
}

const listMark = (list: RankingList, method: RankingMethod, at: number): Fact => {
  const days = `${dayText(list.fromDay)} – ${dayText(list.toDay)}`
  return {
    kind: 'mark',
    tags: { kind: 'listPublished' },
    fields: {
      text_zh: `红黑榜发布：${method.name.zh}，${days}`,
      text_en: `List published: ${method.name.en}, ${days}`,
      reference: list.id,
    },
    at,
  }
}

const dayText = (day: number) => new Date(day * dayMs).toISOString().slice(0, 10)

interface FirmName {
  readonly name: string
  readonly name_en?: string | undefined
}

function scoreFacts(
  list: string,
  { method, scores, hidden }: PublishedList,
  at: number,
  names: ReadonlyMap<string, FirmName>,
): Fact[] {
  const items = new Map(method.dimensions.flatMap((dimension) => dimension.items.map((item) => [item.id, item])))
  return scores.flatMap(({ firm, scaled, interval, assessedShare, rank, standing, items: scored }): Fact[] => {
    const { name, name_en = name } = names.get(firm) ?? { name: firm }
    return [
      {
        kind: 'firmScore',
        tags: { firm, list },
        fields: {
          ...(!hidden.has(firm) && {
            ...(scaled !== undefined && { score: scaled }),
            ...(interval && { interval_low: interval[0], interval_high: interval[1] }),
          }),
          assessed_share: assessedShare,
          ...(rank !== undefined && { rank }),
          standing,
          ...{ name, name_en, label: labelOf(name, firm), label_en: labelOf(name_en, firm) },
        },
        at,
      },
      ...(hidden.has(firm) ? [] : scored).map(({ item, points, score }): Fact => {
        const { zh = item, en = item } = items.get(item)?.name ?? {}
        return {
          kind: 'firmItem',
          tags: { firm, list, item },
          fields: { ...(score !== undefined && { points: score }), full_points: points, item_zh: zh, item_en: en },
          at,
        }
      }),
    ]
  })
}

async function firmNames(db: LedgerDb): Promise<ReadonlyMap<string, FirmName>> {
  const rows = await listRows(db, 'firm', {}, { limit: firmsMax })
  return new Map(rows.map((row) => [row.id, row]))
}

/** Confirmed planned work on buildings and circuits in the days around now; that in single homes is nobody's business. */
export async function plannedWork(db: LedgerDb, { season: { zone } }: Policy, now: number): Promise<Fact[]> {
  const today = Math.floor(now / dayMs)
  const days = { fromDay: today - plannedDaysAround, toDay: today + plannedDaysAround }
  const works = (await exclusionsOn(db, days, 'confirmed'))
    .filter(({ kind, placeKind }) => kind === 'plannedWork' && placeKind !== 'dwelling')
    .slice(-worksMax)
  const byDay = Map.groupBy(works, ({ fromDay }) => fromDay)
  return [...byDay].map(([fromDay, begun]): Fact => {
    // Points of one kind and time are one point: work that begins on one day is one mark.
    const inOrder = begun.toSorted((one, other) => placeOf(one).localeCompare(placeOf(other)))
    const shown = inOrder.slice(0, worksPerMarkMax)
    const rest = begun.length - shown.length
    const said = (kinds: Readonly<Record<string, string>>, comma: string) =>
      shown.map(({ placeKind, place }) => `${kinds[placeKind]} ${place}`).join(comma) + (rest > 0 ? ` +${rest}` : '')
    return {
      kind: 'mark',
      tags: { kind: 'plannedWork' },
      fields: {
        text_zh: `计划检修：${said({ building: '楼栋', circuit: '换热机组' }, '、')}`,
        text_en: `Planned work: ${said({ building: 'building', circuit: 'circuit' }, ', ')}`,
        reference: shown.map(({ id }) => id).join(','),
        ends_at: Math.max(...begun.map(({ toDay }) => localDayNumbered(zone, toDay).endsAt)),
      },
      at: localDayNumbered(zone, fromDay).beginsAt,
    }
  })
}

/** By kind and id, so that the same works are always told in the same order. */
const placeOf = ({ placeKind, place }: { readonly placeKind: string; readonly place: string }) =>
  `${placeKind} ${place}`
