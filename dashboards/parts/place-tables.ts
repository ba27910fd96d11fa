import { column, top } from '../influxql/expression.ts'
import { answerOf, query } from '../influxql/query.ts'
import { columnTexts, emptyTexts, linkTexts } from '../texts/common.ts'
import type { Language, PanelTexts } from '../texts/said.ts'
import { newestOfPlaces, type places } from './figures.ts'
import { type BoardName, type ConsolePage, rowValue, toBoard, toConsole } from './links.ts'
import type { Column, PanelSpec } from './panel.ts'
import type { Thresholds } from './thresholds.ts'

interface PlaceTable {
  readonly texts: PanelTexts
  readonly where: ReturnType<typeof places>
  readonly size: PanelSpec['size']
  /** The worst so many by homes below target; all without it. */
  readonly worst?: number
  /** The dashboard of a row's place, and the variable that holds it there. */
  readonly board?: { readonly name: BoardName; readonly variable: string }
  readonly page?: ConsolePage
}

/** Places with their newest figures, a click away from their own dashboard and page. */
export function placeTable(table: PlaceTable, limits: Thresholds, language: Language): PanelSpec {
  const newest = newestOfPlaces(table.where, language === 'zh' ? 'name' : 'name_en')
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
          time: 'shown',
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

function columnsOf({ board, page }: PlaceTable, limits: Thresholds): Column[] {
  const id = rowValue('id')
  return [
    { key: 'Time', header: columnTexts.published, hidden: true },
    {
      key: 'name',
      header: columnTexts.name,
      ...(board && { link: toBoard(board.name, linkTexts.down, { [board.variable]: id }) }),
    },
    { key: 'id', header: columnTexts.id, ...(page && { link: toConsole(page, linkTexts.console, id) }) },
    { key: 'cold', header: columnTexts.cold, decimals: 0, steps: limits.none('warning') },
    { key: 'measured', header: columnTexts.measured, decimals: 0 },
    { key: 'coldPct', header: columnTexts.coldPct, unit: 'percent', decimals: 1, steps: limits.coldPct },
    { key: 'median', header: columnTexts.median, unit: 'celsius', decimals: 1, steps: limits.indoorC },
    { key: 'degreeHours', header: columnTexts.degreeHours, unit: 'suffix: Kh', decimals: 1 },
    { key: 'coveragePct', header: columnTexts.coveragePct, unit: 'percent', decimals: 1, steps: limits.coveragePct },
  ]
}
