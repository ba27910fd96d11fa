import { column, last, top } from '../influxql/expression.ts'
import { answerOf, query } from '../influxql/query.ts'
import { columnTexts, emptyTexts, linkTexts, variableTexts } from '../texts/common.ts'
import { placeTexts } from '../texts/places.ts'
import type { Language, PanelTexts } from '../texts/said.ts'
import { nameIn, newestOfPlaces, newestTime, type places, rollUps } from './figures.ts'
import { rowValue, toBoard, toConsole, toFlags } from './links.ts'
import { type Column, type PanelSpec, timeColumn } from './panel.ts'
import type { Thresholds } from './thresholds.ts'

interface PlaceTable {
  readonly texts: PanelTexts
  readonly where: ReturnType<typeof places>
  readonly size: PanelSpec['size']
  /** The worst so many by homes below target; all without it. */
  readonly worst?: number
  /** What the places are: each has a dashboard, in which a variable of the same name holds it. */
  readonly of: 'firm' | 'substation' | 'building'
}

/** What a place belongs to, each a click away. A list above may hold all of them, so only the data know which. */
export function belongsTo(
  where: PlaceTable['where'],
  above: readonly ('district' | 'firm' | 'source' | 'substation')[],
  limits: Thresholds,
  language: Language,
): PanelSpec {
  return {
    kind: 'table',
    texts: placeTexts.belongs,
    size: [24, 4],
    unit: 'none',
    steps: limits.neutral,
    queries: [
      query(rollUps, {
        select: { name: last(nameIn(language)) },
        where,
        time: newestTime,
        groupBy: above,
      }),
    ],
    empty: emptyTexts.rollUps,
    columns: [
      { key: timeColumn, header: columnTexts.published, hidden: true },
      { key: 'name', header: columnTexts.name },
      ...above.map((tag) => ({
        key: tag,
        header: variableTexts[tag],
        link: toBoard(tag === 'district' ? 'city' : tag, linkTexts.up, { [tag]: rowValue(tag) }),
      })),
    ],
  }
}

/** Places with their newest figures, a click away from their own dashboard and page. */
export function placeTable(table: PlaceTable, limits: Thresholds, language: Language): PanelSpec {
  const newest = newestOfPlaces(table.where, language)
  const rows =
    table.worst === undefined
      ? newest
      : query(answerOf(newest), {
          select: {
            cold: top('cold', table.worst),
            name: column('name'),
            id: column('id'),
            measured: column('measured'),
            coldPct: column('coldPct'),
            median: column('median'),
            degreeHours: column('degreeHours'),
            coveragePct: column('coveragePct'),
          },
          time: newestTime,
        })
  return {
    kind: 'table',
    texts: table.texts,
    size: table.size,
    unit: 'none',
    steps: limits.neutral,
    queries: [rows],
    empty: emptyTexts.rollUps,
    columns: columnsOf(table, limits),
  }
}

function columnsOf({ of }: PlaceTable, limits: Thresholds): Column[] {
  const id = rowValue('id')
  return [
    { key: timeColumn, header: columnTexts.published, hidden: true },
    { key: 'name', header: columnTexts.name, link: toBoard(of, linkTexts.down, { [of]: id }) },
    { key: 'id', header: columnTexts.id, link: of === 'firm' ? toFlags({ firm: id }) : toConsole(of, id) },
    { key: 'cold', header: columnTexts.cold, decimals: 0, steps: limits.none('warning') },
    { key: 'measured', header: columnTexts.measured, decimals: 0 },
    { key: 'coldPct', header: columnTexts.coldPct, unit: 'percent', decimals: 1, steps: limits.coldPct },
    { key: 'median', header: columnTexts.median, unit: 'celsius', decimals: 1, steps: limits.indoorC },
    { key: 'degreeHours', header: columnTexts.degreeHoursOfDay, unit: 'suffix: Kh', decimals: 1 },
    { key: 'coveragePct', header: columnTexts.coveragePct, unit: 'percent', decimals: 1, steps: limits.coveragePct },
  ]
}
